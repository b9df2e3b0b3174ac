package eval

import (
	"bytes"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// text is a string column, or a single value for all rows.
type text struct {
	views   []vector.View
	buffers [][]byte
	mask    int
	trim    bool // trailing blanks do not count
}

func textOf(c *vector.Column, n int, trim bool) text {
	mask := -1
	if c.Len == 1 && n != 1 {
		mask = 0
	}
	return text{c.Views(), c.Buffers, mask, trim}
}

func (t *text) at(row int) []byte {
	b := t.views[row&t.mask].Bytes(t.buffers)
	if t.trim {
		b = bytes.TrimRight(b, " ")
	}
	return b
}

// compareStrings compares bytewise; with trim, trailing blanks do not count.
func compareStrings(f *frame, a, b vector.Column, o order, trim bool, sel vector.Selection) (vector.Column, error) {
	out, err := alloc[uint8](f, f.n)
	if err != nil {
		return vector.Column{}, err
	}
	x, y := textOf(&a, f.n, trim), textOf(&b, f.n, trim)
	if o.swap {
		x, y = y, x
	}
	if sel != nil {
		for _, row := range sel {
			out[row] = x.compare(&y, int(row), o)
		}
	} else {
		for row := range f.n {
			out[row] = x.compare(&y, row, o)
		}
	}
	return vector.Flat(vector.Bool, out, nil), nil
}

func (t *text) compare(u *text, row int, o order) uint8 {
	var yes bool
	switch {
	case o.less:
		yes = bytes.Compare(t.at(row), u.at(row)) < 0
	case t.trim:
		yes = bytes.Equal(t.at(row), u.at(row))
	default:
		yes = vector.EqualViews(&t.views[row&t.mask], t.buffers, &u.views[row&u.mask], u.buffers)
	}
	if yes != o.not {
		return 1
	}
	return 0
}

// compareNested compares lists, structs and maps value by value: a rare thing,
// done by way of Values.
func compareNested(op string, t expr.Type) kernelFunc {
	o := orderOf(op)
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		out, err := zeroed[uint8](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		rows := sel
		if rows == nil {
			rows = vector.All(f.n)
		}
		for _, row := range rows {
			cmp := Compare(valueOf(&in[0], int(row), f.n, t), valueOf(&in[1], int(row), f.n, t), t)
			yes := cmp == 0
			if o.less {
				yes = cmp < 0 && !o.swap || cmp > 0 && o.swap
			}
			if yes != o.not {
				out[row] = 1
			}
		}
		return vector.Flat(vector.Bool, out, nil), nil
	}
}

// valueOf is ValueAt of a column that may be a single value.
func valueOf(c *vector.Column, row, n int, t expr.Type) expr.Value {
	if c.Len == 1 && n != 1 {
		row = 0
	}
	return ValueAt(c, row, t)
}
