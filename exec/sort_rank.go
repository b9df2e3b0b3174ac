package exec

import (
	"bytes"
	"slices"

	"github.com/skein-query/skein/exec/vector"
)

// rankedTexts is the entries of several dictionaries as one that is sorted: its codes
// are the ranks of the texts.
type rankedTexts struct {
	dict  *vector.Dict
	width uint8
	codes map[*vector.Dict][]uint32 // by dictionary, and by code in it
}

// rankTexts sorts the entries of dictionaries of texts.
func rankTexts(dicts []*vector.Dict, b *budget) (*rankedTexts, error) {
	type entry struct {
		text       []byte
		dict, code int
	}
	var entries []entry
	r := &rankedTexts{width: 1, codes: map[*vector.Dict][]uint32{}}
	codes := make([][]uint32, len(dicts))
	for i, d := range dicts {
		codes[i] = make([]uint32, d.Values.Len)
		r.codes[d] = codes[i]
		for code, v := range d.Values.Views() {
			entries = append(entries, entry{v.Bytes(d.Values.Buffers), i, code})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.text, b.text) })
	var out vector.StringBuilder
	rank := -1
	for i, e := range entries {
		if i == 0 || !bytes.Equal(e.text, entries[i-1].text) {
			out.Append(e.text)
			rank++
		}
		codes[e.dict][e.code] = uint32(rank)
	}
	switch {
	case rank >= 1<<16:
		r.width = 4
	case rank >= 1<<8:
		r.width = 2
	}
	if err := b.reserve(out.Bytes() + int64(len(entries))*4); err != nil {
		return nil, err
	}
	r.dict = &vector.Dict{Values: out.Column(nil)}
	return r, nil
}

// recode gives columns of the run that are ranked texts the sorted dictionary.
func (r *sortRun) recode(fit *sortFit) error {
	for i := range r.store.chunks {
		chunk := &r.store.chunks[i]
		next := r.width
		for k := range fit.keys {
			at := next
			if r.at != nil && r.at[k] >= 0 {
				at = r.at[k]
			} else {
				next++
			}
			ranks := fit.keys[k].ranks
			if ranks == nil || chunk.cols[at].Dict == ranks.dict {
				continue
			}
			if err := ranks.recode(&chunk.cols[at], r.b); err != nil {
				return err
			}
		}
		r.keys[i] = r.keysOf(chunk.cols)
	}
	return nil
}

func (r *rankedTexts) recode(c *vector.Column, b *budget) error {
	if err := b.reserve(int64(c.Len) * int64(r.width)); err != nil {
		return err
	}
	ranks := r.codes[c.Dict]
	old := operand{n: c.Len}
	old.resolve(c, &scratch{})
	switch r.width {
	case 1:
		c.Data = recoded[uint8](old.rows, ranks)
	case 2:
		c.Data = vector.BytesOf(recoded[uint16](old.rows, ranks))
	default:
		c.Data = vector.BytesOf(recoded[uint32](old.rows, ranks))
	}
	c.Dict, c.Width = r.dict, r.width
	return nil
}

func recoded[T uint8 | uint16 | uint32](codes, ranks []uint32) []T {
	out := make([]T, len(codes))
	if len(ranks) == 0 { // nothing but NULLs
		return out
	}
	last := uint32(len(ranks) - 1) // what stands under a NULL may be anything
	for i, code := range codes {
		out[i] = T(ranks[min(code, last)])
	}
	return out
}
