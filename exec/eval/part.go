package eval

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// part compiles struct.field and list[subscript].
func (c *compiler) part(e *expr.Call) (step, error) {
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	t := e.Args[0].Type()
	if e.Name == expr.FnField {
		n, ok := literal(e, 1)
		if !ok || t.Kind != expr.Struct || n.I < 0 || int(n.I) >= len(t.Nested.Fields) {
			return nil, sqlerr.At(sqlerr.InternalError, e.Span, "field %s of %s", e.Args[1], t)
		}
		return &fieldStep{args[0], int(n.I)}, nil
	}
	if !t.IsNested() || t.Kind == expr.Struct {
		return nil, sqlerr.At(sqlerr.InternalError, e.Span, "subscript of %s", t)
	}
	return &elementStep{args: args, typ: t, key: e.Args[1].Type(), result: e.Typ}, nil
}

// fieldStep is a field of a struct: numbers count from 0.
type fieldStep struct {
	arg    step
	number int
}

func (s *fieldStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	c, err := s.arg.eval(f, sel)
	if err != nil {
		return c, err
	}
	if c.Dict != nil {
		c = vector.Flatten(&c)
	}
	out := c.Children[s.number]
	out.Valid, err = f.and(out.Valid, c.Valid)
	return out, err
}

// elementStep is an element of a list by its number, counted from 1, or of a map
// by its key; NULL when there is none.
type elementStep struct {
	args   []step
	typ    expr.Type // of the list or map
	key    expr.Type
	result expr.Type
}

func (s *elementStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	c, err := s.args[0].eval(f, sel)
	if err != nil {
		return c, err
	}
	k, err := s.args[1].eval(f, sel)
	if err != nil {
		return k, err
	}
	values := make([]expr.Value, f.n)
	for i := range values {
		values[i] = expr.Null
	}
	each(sel, f.n, func(row int) {
		list, key := ValueAt(&c, row, s.typ), ValueAt(&k, row, s.key)
		switch {
		case list.Null || key.Null:
		case s.typ.Kind == expr.List:
			if key.I >= 1 && key.I <= int64(len(list.Elems)) {
				values[row] = list.Elems[key.I-1]
			}
		default:
			for i := 0; i+1 < len(list.Elems); i += 2 {
				if Compare(list.Elems[i], key, s.key) == 0 {
					values[row] = list.Elems[i+1]
				}
			}
		}
	})
	return ColumnOf(values, s.result), nil
}

// otherFunction gives what belongs to no topic.
func otherFunction(e *expr.Call) (rowFunc, error) {
	switch e.Name {
	case expr.FnErrorIfNot:
		return func(in []input, row int, out *output) error {
			if in[0].null(row) || !in[0].bool(row) {
				return sqlerr.New(sqlerr.Code(string(in[1].bytes(row))), "%s", in[2].bytes(row))
			}
			out.bool(row, true)
			return nil
		}, nil
	case "cardinality":
		return func(in []input, row int, out *output) error {
			c := &in[0].col
			o := c.Offsets()
			i := row & in[0].mask
			out.ints[row] = int64(o[i+1] - o[i])
			return nil
		}, nil
	}
	return nil, nil
}
