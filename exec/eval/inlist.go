package eval

import (
	"slices"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// inListStep is x IN (constants). A NULL in the list makes every miss NULL.
type inListStep struct {
	arg     step
	has     membership
	negated bool
	null    bool // the list holds NULL
}

// membership says for each selected row whether its value is in the list.
type membership func(f *frame, c *vector.Column, sel vector.Selection, out []uint8) error

func (c *compiler) inList(e *expr.InList) (step, error) {
	arg, err := c.compile(e.Arg)
	if err != nil {
		return nil, err
	}
	s := &inListStep{arg: arg, negated: e.Negated}
	var list []expr.Value
	for _, v := range e.List {
		if v.Null {
			s.null = true
		} else {
			list = append(list, v)
		}
	}
	s.has = memberOf(list, e.Arg.Type())
	return s, nil
}

func memberOf(list []expr.Value, t expr.Type) membership {
	if t.IsNested() || t.Kind == expr.Char || t.Kind == expr.Interval {
		return memberBySearch(list, t)
	}
	switch Layout(t) {
	case vector.String:
		set := kernel.NewStringSet(len(list))
		for _, v := range list {
			set.Add([]byte(v.S))
		}
		return func(f *frame, c *vector.Column, sel vector.Selection, out []uint8) error {
			views := c.Views()
			each(sel, len(views), func(row int) { out[row] = set.Has(views[row].Bytes(c.Buffers)) })
			return nil
		}
	case vector.Float32, vector.Float64:
		return memberOfKeys(list, func(v expr.Value) int64 { return kernel.OrderedKey(v.F) })
	case vector.Int128:
		return memberBySearch(list, t)
	}
	return memberOfKeys(list, func(v expr.Value) int64 { return v.I })
}

func memberOfKeys(list []expr.Value, key func(expr.Value) int64) membership {
	keys := make([]int64, len(list))
	for i, v := range list {
		keys[i] = key(v)
	}
	set := kernel.NewIntSet(keys)
	return func(f *frame, c *vector.Column, sel vector.Selection, out []uint8) error {
		switch c.Kind {
		case vector.Bool:
			kernel.Contains(set, c.Bools(), sel, out)
		case vector.Int16:
			kernel.Contains(set, c.Int16s(), sel, out)
		case vector.Int32:
			kernel.Contains(set, c.Int32s(), sel, out)
		case vector.Int64:
			kernel.Contains(set, c.Int64s(), sel, out)
		default:
			keys, err := orderedKeys(f, c, sel)
			if err != nil {
				return err
			}
			kernel.Contains(set, keys, sel, out)
		}
		return nil
	}
}

// memberBySearch looks values up in the sorted list: for layouts without a set of
// their own.
func memberBySearch(list []expr.Value, t expr.Type) membership {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b expr.Value) int { return Compare(a, b, t) })
	return func(f *frame, c *vector.Column, sel vector.Selection, out []uint8) error {
		each(sel, c.Len, func(row int) {
			out[row] = 0
			if c.IsNull(row) {
				return
			}
			_, found := slices.BinarySearchFunc(sorted, ValueAt(c, row, t), func(a, b expr.Value) int { return Compare(a, b, t) })
			if found {
				out[row] = 1
			}
		})
		return nil
	}
}

func (s *inListStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	c, err := s.arg.eval(f, sel)
	if err != nil {
		return c, err
	}
	v, err := f.spread(&c, sel)
	if err != nil {
		return c, err
	}
	state, err := zeroed[uint8](f, f.n)
	if err != nil {
		return c, err
	}
	if err := s.has(f, &v, sel, state); err != nil {
		return c, err
	}
	miss, hit := isFalse, isTrue
	if s.negated {
		miss, hit = isTrue, isFalse
	}
	if s.null {
		miss = unknown
	}
	each(sel, f.n, func(row int) {
		if state[row] != 0 {
			state[row] = hit
		} else {
			state[row] = miss
		}
	})
	out, err := truthColumn(f, state, sel)
	if err != nil {
		return out, err
	}
	out.Valid, err = f.and(out.Valid, c.Valid)
	return out, err
}
