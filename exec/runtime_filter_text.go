package exec

import (
	"bytes"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// textFilter is the runtime filter of a string key: a small exact set, else a
// Bloom filter over the hashes of the strings.
type textFilter struct {
	typ    expr.Type
	lo, hi string
	keys   int
	set    *key.Strings // nil with bloom
	bloom  bloom
}

// newTextFilter makes the filter from the distinct strings of a build key.
func newTextFilter(t expr.Type, distinct *key.Strings, reserve func(bytes int64) error) *textFilter {
	f := &textFilter{typ: t, keys: distinct.Len() - 1}
	if f.keys > maxFilterSet {
		words := bloomWords(f.keys)
		if reserve(int64(words)*8) != nil {
			return nil
		}
		f.bloom = make(bloom, words)
	} else {
		f.set = key.NewStrings(nil)
	}
	var lo, hi []byte
	first := true
	for id := range distinct.All {
		s, hash := distinct.Bytes(id), distinct.Hash(id)
		if first || bytes.Compare(s, lo) < 0 {
			lo = s
		}
		if first || bytes.Compare(s, hi) > 0 {
			hi = s
		}
		first = false
		if f.bloom != nil {
			f.bloom.add(hash)
		} else if _, err := f.set.Intern(s, hash); err != nil {
			return nil
		}
	}
	f.lo, f.hi = string(lo), string(hi)
	return f
}

// Bounds of char(n) are not given: a file's statistics may count trailing blanks.
func (f *textFilter) Bounds() (lo, hi expr.Value, ok bool) {
	if f.keys == 0 || f.typ.Kind == expr.Char {
		return lo, hi, false
	}
	return expr.Str(f.lo), expr.Str(f.hi), true
}

func (f *textFilter) Keys() int { return f.keys }

func (f *textFilter) Dictionary(dict *vector.Column) vector.Bitmap {
	pass := vector.NewBitmap(dict.Len)
	for i := range dict.Len {
		if f.passes(dict, i) {
			pass.Set(i)
		}
	}
	return pass
}

func (f *textFilter) Select(c *vector.Column, rows int, sel vector.Selection) vector.Selection {
	if f.keys == 0 {
		return vector.Selection{}
	}
	sel = explicit(sel, rows)
	out := make(vector.Selection, len(sel))
	n := 0
	if c.Dict != nil && c.Dict.Values.Len <= rows {
		pass := f.Dictionary(&c.Dict.Values)
		for _, row := range sel {
			out[n] = row
			if !c.IsNull(int(row)) && pass.Get(c.Code(int(row))) {
				n++
			}
		}
		return out[:n]
	}
	for _, row := range sel {
		out[n] = row
		if c.IsNull(int(row)) {
			continue
		}
		if flat, i := c.At(int(row)); f.passes(flat, i) {
			n++
		}
	}
	return out[:n]
}

// passes tests row i of a flat column.
func (f *textFilter) passes(c *vector.Column, i int) bool {
	s := c.Views()[i].Bytes(c.Buffers)
	if f.typ.Kind == expr.Char {
		s = bytes.TrimRight(s, " ")
	}
	hash := key.HashBytes(s)
	if f.bloom != nil {
		return f.bloom.has(hash)
	}
	return f.set.Lookup(s, hash) != key.Missing
}
