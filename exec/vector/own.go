package vector

// mayHold is how many bytes of slabs a batch that is kept may hold for each byte of
// its rows.
const mayHold = 32

// Own makes a batch fit to be kept for long: where it holds much more memory than its
// rows need (few rows of a row group hold the pages and dictionaries of all), they are
// copied out, flat, and what it held is released. It takes b over.
func Own(b *Batch) *Batch {
	held, rows := 0, 0
	for _, s := range b.held {
		held += len(s.Bytes())
	}
	for i := range b.Cols {
		rows += b.Rows() * max(1, b.Cols[i].Kind.Size())
	}
	if held <= mayHold*max(rows, 1) {
		return b
	}
	b = Compact(b)
	out := &Batch{Cols: make([]Column, len(b.Cols)), Len: b.Len}
	for i := range b.Cols {
		out.Cols[i] = Copy(&b.Cols[i])
	}
	b.Release()
	return out
}

// Copy is the column without dictionary, in memory of its own.
func Copy(c *Column) Column {
	all := make(Selection, c.Len)
	for i := range all {
		all[i] = uint32(i)
	}
	out := Flatten(c)
	if c.Dict == nil {
		out = Gather(c, all)
	} else if out.Valid != nil {
		out.Valid = gatherBits(out.Valid, all)
	}
	switch out.Kind {
	case String:
		return copyStrings(&out)
	case List, Struct:
		children := make([]Column, len(out.Children))
		for i := range out.Children {
			children[i] = Copy(&out.Children[i])
		}
		out.Children = children
	}
	return out
}

func copyStrings(c *Column) Column {
	var b StringBuilder
	for i, v := range c.Views() {
		if c.IsNull(i) {
			v = View{}
		}
		b.Append(v.Bytes(c.Buffers))
	}
	return b.Column(c.Valid)
}
