package parquet

import (
	"github.com/skein-query/skein/exec/vector"
)

// decodeValues decodes n values, none of them null, into a flat column of the
// leaf's kind. The column may share memory with data.
func decodeValues(a *arena, l *leaf, encoding int32, data []byte, n int) (vector.Column, error) {
	switch {
	case n == 0:
		return vector.Column{Kind: l.kind}, nil
	case l.phys == physBool:
		return decodeBools(a, encoding, data, n)
	case l.phys == physBytes:
		return decodeStrings(a, l, encoding, data, n)
	}
	raw, err := decodeFixed(a, l, encoding, data, n)
	if err != nil {
		return vector.Column{}, err
	}
	return convertFixed(a, l, raw, n)
}

func decodeBools(a *arena, encoding int32, data []byte, n int) (vector.Column, error) {
	out := vector.Column{Kind: vector.Bool, Len: n}
	var err error
	switch encoding {
	case encPlain:
		out.Data, err = plainBools(a, data, n)
	case encRLE:
		if len(data) < 4 {
			return out, bad("booleans end too early")
		}
		if out.Data, err = a.bytes(n); err == nil {
			_, err = decodeHybrid(out.Data, data[4:], 1, 2)
		}
	default:
		err = wrongEncoding(encoding, physBool)
	}
	return out, err
}

func decodeStrings(a *arena, l *leaf, encoding int32, data []byte, n int) (out vector.Column, err error) {
	switch encoding {
	case encPlain:
		out, err = plainStrings(a, data, n)
	case encDeltaLength:
		out, err = deltaStrings(a, data, n)
	case encDeltaBytes:
		out, err = deltaPrefixStrings(a, data, n)
	default:
		err = wrongEncoding(encoding, physBytes)
	}
	if err != nil || l.convert == asIs {
		return out, err
	}
	views := out.Views()
	numbers := vector.Column{Kind: l.kind, Len: n}
	return convertDecimals(a, numbers, n, func(i int) []byte { return views[i].Bytes(out.Buffers) })
}

// decodeFixed gives n values of the physical width side by side.
func decodeFixed(a *arena, l *leaf, encoding int32, data []byte, n int) ([]byte, error) {
	switch encoding {
	case encPlain:
		if n > len(data)/l.width {
			return nil, bad("%d values of %d bytes in %d bytes", n, l.width, len(data))
		}
		return data[:n*l.width], nil
	case encByteStreamSplit:
		return joinStreams(a, data, n, l.width)
	case encDelta:
		switch l.phys {
		case physInt32:
			out, err := alloc[int32](a, n)
			if err == nil {
				_, err = decodeDelta(out, data)
			}
			return vector.BytesOf(out), err
		case physInt64:
			out, err := alloc[int64](a, n)
			if err == nil {
				_, err = decodeDelta(out, data)
			}
			return vector.BytesOf(out), err
		}
	case encDeltaBytes:
		if l.phys == physFixed {
			return fixedOfStrings(a, l, data, n)
		}
	}
	return nil, wrongEncoding(encoding, l.phys)
}

func fixedOfStrings(a *arena, l *leaf, data []byte, n int) ([]byte, error) {
	strings, err := deltaPrefixStrings(a, data, n)
	if err != nil {
		return nil, err
	}
	out, err := a.bytes(n * l.width)
	if err != nil {
		return nil, err
	}
	views := strings.Views()
	for i := range views {
		if int(views[i].Len) != l.width {
			return nil, bad("a value of %d bytes in a column of %d", views[i].Len, l.width)
		}
		copy(out[i*l.width:], views[i].Bytes(strings.Buffers))
	}
	return out, nil
}

func wrongEncoding(encoding int32, p physical) error {
	return bad("encoding %d for values of type %s", encoding, physicalNames[p])
}

// dictionary is the dictionary of a column chunk.
type dictionary struct {
	dict    *vector.Dict
	entries int
	width   uint8 // of a code in bytes
	arena   arena
}

// codeWidth is the bytes of a code that reaches every entry.
func codeWidth(entries int) uint8 {
	switch {
	case entries <= 1<<8:
		return 1
	case entries <= 1<<16:
		return 2
	}
	return 4
}

// decodeCodes decodes n dictionary codes, all of them checked.
func decodeCodes(a *arena, d *dictionary, data []byte, n int) (vector.Column, error) {
	out := vector.Column{Kind: d.dict.Values.Kind, Dict: d.dict, Width: d.width, Len: n}
	if n == 0 {
		return out, nil
	}
	if len(data) == 0 {
		return out, bad("codes end too early")
	}
	var err error
	if out.Data, err = a.bytes(n * int(d.width)); err != nil {
		return out, err
	}
	width, data, limit := int(data[0]), data[1:], uint32(d.entries)
	switch d.width {
	case 1:
		_, err = decodeHybrid(out.Codes8(), data, width, limit)
	case 2:
		_, err = decodeHybrid(out.Codes16(), data, width, limit)
	default:
		_, err = decodeHybrid(out.Codes32(), data, width, limit)
	}
	return out, err
}

// spread moves dense values, as many as there are ones in valid, to their rows.
// What stands under a null is zero.
func spread(a *arena, dense *vector.Column, valid vector.Bitmap, n int) (vector.Column, error) {
	out := *dense
	out.Len, out.Valid = n, valid
	size := dense.Kind.Size()
	if dense.Dict != nil {
		size = int(dense.Width)
	}
	data, err := a.bytes(n * size)
	if err != nil {
		return out, err
	}
	out.Data = data
	switch size {
	case 1:
		spreadTo(data, dense.Data[:dense.Len], valid)
	case 2:
		spreadTo(cast[uint16](data, n), cast[uint16](dense.Data, dense.Len), valid)
	case 4:
		spreadTo(cast[uint32](data, n), cast[uint32](dense.Data, dense.Len), valid)
	case 8:
		spreadTo(cast[uint64](data, n), cast[uint64](dense.Data, dense.Len), valid)
	default:
		spreadTo(cast[rawView](data, n), cast[rawView](dense.Data, dense.Len), valid)
	}
	return out, nil
}

func spreadTo[T any](out, dense []T, valid vector.Bitmap) {
	var zero T
	for at := 0; at < len(out); at += 64 {
		w, end := valid[at>>6], min(at+64, len(out))
		switch {
		case w == ^uint64(0) && end-at == 64:
			copy(out[at:end], dense)
			dense = dense[64:]
		case w == 0:
			clear(out[at:end])
		default:
			for i := at; i < end; i++ {
				if w&1 != 0 {
					out[i] = dense[0]
					dense = dense[1:]
				} else {
					out[i] = zero
				}
				w >>= 1
			}
		}
	}
}
