package vector

// Gather copies the rows of a column named by sel, in sel's order (repeats are
// fine), into fresh memory of its own. Dictionary codes are gathered, the
// dictionary is shared; strings share the buffers of the source, nested values
// are copied.
func Gather(c *Column, sel Selection) Column {
	out := Column{Kind: c.Kind, Width: c.Width, Len: len(sel), Dict: c.Dict, Buffers: c.Buffers}
	if c.Valid != nil {
		out.Valid = gatherBits(c.Valid, sel)
	}
	width := c.Kind.Size()
	if c.Dict != nil {
		width = int(c.Width)
	}
	switch {
	case c.Dict != nil && width == 0:
	case c.Kind == Struct:
		out.Children = make([]Column, len(c.Children))
		for i := range c.Children {
			out.Children[i] = Gather(&c.Children[i], sel)
		}
	case c.Kind == List:
		gatherLists(c, sel, &out)
	case width == 1:
		out.Data = gatherFixed(c.Data, sel)
	case width == 2:
		out.Data = BytesOf(gatherFixed(view[uint16](c.Data, c.Len), sel))
	case width == 4:
		out.Data = BytesOf(gatherFixed(view[uint32](c.Data, c.Len), sel))
	case width == 8:
		out.Data = BytesOf(gatherFixed(view[uint64](c.Data, c.Len), sel))
	default:
		out.Data = BytesOf(gatherFixed(view[[2]uint64](c.Data, c.Len), sel))
	}
	return out
}

func gatherFixed[T any](values []T, sel Selection) []T {
	out := make([]T, len(sel))
	for i, row := range sel {
		out[i] = values[row]
	}
	return out
}

func gatherBits(b Bitmap, sel Selection) Bitmap {
	out := NewBitmap(len(sel))
	for i, row := range sel {
		out[i>>6] |= (b[row>>6] >> (row & 63) & 1) << (i & 63)
	}
	return out
}

func gatherLists(c *Column, sel Selection, out *Column) {
	from := c.Offsets()
	offsets := make([]int32, len(sel)+1)
	var inner Selection
	for i, row := range sel {
		for j := from[row]; j < from[row+1]; j++ {
			inner = append(inner, uint32(j))
		}
		offsets[i+1] = int32(len(inner))
	}
	out.Data = BytesOf(offsets)
	out.Children = []Column{Gather(&c.Children[0], inner)}
}

// Flatten is the column without dictionary: itself when it is flat already, else
// a copy of the values in fresh memory (string bytes stay shared).
func Flatten(c *Column) Column {
	if c.Dict == nil {
		return *c
	}
	codes := make(Selection, c.Len)
	switch c.Width {
	case 1:
		for i, code := range c.Codes8() {
			codes[i] = uint32(code)
		}
	case 2:
		for i, code := range c.Codes16() {
			codes[i] = uint32(code)
		}
	case 4:
		copy(codes, c.Codes32())
	}
	out := Gather(&c.Dict.Values, codes)
	out.Valid = c.Valid
	return out
}

// Compact makes a batch of just the selected rows of b, in fresh memory except
// for dictionaries and string bytes, and takes over what b holds. A batch
// without selection is returned as it is.
func Compact(b *Batch) *Batch {
	if b.Sel == nil {
		return b
	}
	out := &Batch{Cols: make([]Column, len(b.Cols)), Len: len(b.Sel)}
	for i := range b.Cols {
		out.Cols[i] = Gather(&b.Cols[i], b.Sel)
	}
	out.Take(b)
	return out
}

// Concat puts columns of the same Kind behind each other, flat, in fresh memory
// (string bytes stay shared).
func Concat(cols []Column) Column {
	if len(cols) == 1 {
		return Flatten(&cols[0])
	}
	n, nulls, kind := 0, false, cols[0].Kind
	for i := range cols {
		n += cols[i].Len
		nulls = nulls || cols[i].Valid != nil
		if cols[i].Kind == Int128 {
			kind = Int128 // decimals may arrive in both widths
		}
	}
	out := Column{Kind: kind, Len: n}
	if nulls {
		out.Valid = NewBitmapSet(n)
	}
	out.Data = make([]byte, 0, n*kind.Size())
	var parts [][]Column
	row := 0
	for i := range cols {
		c := Flatten(&cols[i])
		if kind == Int128 && c.Kind == Int64 {
			c = Widen(&c)
		}
		for r := range c.Len {
			if c.IsNull(r) {
				out.Valid.Clear(row + r)
			}
		}
		switch kind {
		case String:
			base := uint32(len(out.Buffers))
			for _, v := range c.Views() {
				v = v.Move(base)
				out.Data = append(out.Data, BytesOf([]View{v})...)
			}
			out.Buffers = append(out.Buffers, c.Buffers...)
		case List, Struct:
			parts = append(parts, c.Children)
		default:
			out.Data = append(out.Data, c.Data[:c.Len*kind.Size()]...)
		}
		row += c.Len
		cols[i] = c
	}
	if kind == List || kind == Struct {
		concatNested(&out, cols, parts)
	}
	return out
}

func concatNested(out *Column, cols []Column, parts [][]Column) {
	if out.Kind == List {
		offsets := make([]int32, 1, out.Len+1)
		children := make([]Column, len(cols))
		for i := range cols {
			o := cols[i].Offsets()
			base := offsets[len(offsets)-1] - o[0]
			for _, end := range o[1:] {
				offsets = append(offsets, base+end)
			}
			children[i] = cols[i].Children[0].Slice(int(o[0]), int(o[cols[i].Len]))
		}
		out.Data = BytesOf(offsets)
		out.Children = []Column{Concat(children)}
		return
	}
	for f := range parts[0] {
		field := make([]Column, len(parts))
		for i := range parts {
			field[i] = parts[i][f]
		}
		out.Children = append(out.Children, Concat(field))
	}
}

// Widen is an Int64 column as Int128, dictionary kept.
func Widen(c *Column) Column {
	if c.Kind != Int64 {
		return *c
	}
	out := *c
	if c.Dict != nil {
		out.Kind = Int128
		out.Dict = &Dict{Values: Widen(&c.Dict.Values)}
		return out
	}
	wide := make([]I128, c.Len)
	for i, v := range c.Int64s() {
		wide[i] = I128{Lo: uint64(v), Hi: v >> 63}
	}
	out.Kind, out.Data = Int128, BytesOf(wide)
	return out
}

// All is the selection 0..n-1.
func All(n int) Selection {
	s := make(Selection, n)
	for i := range s {
		s[i] = uint32(i)
	}
	return s
}

// Selected gives the selection as explicit row numbers: Sel itself, or All.
func (b *Batch) Selected() Selection {
	if b.Sel != nil {
		return b.Sel
	}
	return All(b.Len)
}
