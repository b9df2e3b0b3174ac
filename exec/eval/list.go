package eval

import (
	"slices"
	"strings"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// listCall compiles the functions that give nested values, value by value: nothing that is
// hot makes them.
func (c *compiler) listCall(e *expr.Call) (step, error) {
	cache := &matchCache{}
	var run func(args []expr.Value) (expr.Value, error)
	switch e.Name {
	case expr.FnList, expr.FnStruct:
		run = func(args []expr.Value) (expr.Value, error) { return expr.Value{Elems: slices.Clone(args)}, nil }
	case expr.FnMap:
		run = mapOf
	case "string split":
		run = splitText
	case "regexp split":
		run = func(args []expr.Value) (expr.Value, error) {
			re, err := cache.matcher(args[1].S)
			if err != nil {
				return expr.Null, err
			}
			all, err := re.find(args[0].S, -1)
			return texts(between(args[0].S, all)), err
		}
	case "regexp all":
		run = regexpAll(cache)
	case "list index":
		run = listIndex(e)
	case "list product":
		run = product
	case "list product exact":
		run = exactProduct
	case "list quantiles":
		t := e.Args[0].Type()
		run = func(args []expr.Value) (expr.Value, error) {
			return quantiles(args[0], args[1].I, args[2].S, args[3].S, t.Nested.Elem)
		}
	case "list sort":
		t := e.Args[0].Type()
		run = func(args []expr.Value) (expr.Value, error) { return sortList(args[0], args[1].S, t.Nested.Elem) }
	default:
		return nil, sqlerr.At(sqlerr.FeatureNotSupported, e.Span, "function %s is not supported", e.Name)
	}
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	s := &listStep{args: args, typ: e.Typ, run: run, strict: expr.SignatureOf(e).Strict}
	for _, a := range e.Args {
		s.types = append(s.types, a.Type())
	}
	return s, nil
}

type listStep struct {
	args   []step
	types  []expr.Type
	typ    expr.Type
	run    func(args []expr.Value) (expr.Value, error)
	strict bool
}

func (s *listStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	cols := make([]vector.Column, len(s.args))
	for i, a := range s.args {
		var err error
		if cols[i], err = a.eval(f, sel); err != nil {
			return cols[i], err
		}
	}
	values := make([]expr.Value, f.n)
	for i := range values {
		values[i] = expr.Null
	}
	args := make([]expr.Value, len(cols))
	var failed error
	each(sel, f.n, func(row int) {
		null := false
		for i := range cols {
			args[i] = ValueAt(&cols[i], row, s.types[i])
			null = null || args[i].Null
		}
		if failed != nil || null && s.strict {
			return
		}
		values[row], failed = s.run(args)
	})
	if failed != nil {
		return vector.Column{}, failed
	}
	return ColumnOf(values, s.typ), nil
}

// regexpAll is a group of all matches from a position on.
func regexpAll(cache *matchCache) func(args []expr.Value) (expr.Value, error) {
	return func(args []expr.Value) (expr.Value, error) {
		s, from, err := behind(args[0].S, args[2].I)
		if err != nil {
			return expr.Null, err
		}
		re, err := cache.matcher(args[1].S)
		if err != nil {
			return expr.Null, err
		}
		group := args[3].I
		if group < 0 || group > int64(re.groups()) {
			return expr.Null, sqlerr.New(sqlerr.InvalidParameterValue, "group %d of a regular expression is out of range", group)
		}
		all, err := re.find(s[from:], -1)
		out := expr.Value{Elems: []expr.Value{}}
		for _, m := range all {
			if m[2*group] >= 0 {
				out.Elems = append(out.Elems, expr.Str(s[from+m[2*group]:from+m[2*group+1]]))
			}
		}
		return out, err
	}
}

// mapOf is a map of keys and values by turns. Of equal keys the last one counts.
func mapOf(args []expr.Value) (expr.Value, error) {
	for i := 0; i < len(args); i += 2 {
		if args[i].Null {
			return expr.Null, sqlerr.New("22004", "a key of a map is NULL")
		}
	}
	return expr.Value{Elems: slices.Clone(args)}, nil
}

// between are the parts of a text between matches. One of no characters at an end of the
// text divides nothing.
func between(s string, all [][]int) []string {
	var out []string
	from := 0
	for _, m := range all {
		if m[0] == m[1] && (m[0] == 0 || m[0] == len(s)) {
			continue
		}
		out = append(out, s[from:m[0]])
		from = m[1]
	}
	return append(out, s[from:])
}

func texts(parts []string) expr.Value {
	v := expr.Value{Elems: make([]expr.Value, len(parts))}
	for i, p := range parts {
		v.Elems[i] = expr.Str(p)
	}
	return v
}

// splitText is the parts of a text between separators; without one it is a list of the
// text itself.
func splitText(args []expr.Value) (expr.Value, error) {
	switch {
	case args[0].Null:
		return expr.Null, nil
	case args[1].Null, args[1].S == "":
		return texts([]string{args[0].S}), nil
	}
	return texts(strings.Split(args[0].S, args[1].S)), nil
}

// sortList sorts by a direction in Substrait's words.
func sortList(list expr.Value, direction string, elem expr.Type) (expr.Value, error) {
	sorted := slices.Clone(list.Elems)
	desc, first := strings.HasPrefix(direction, "DESC"), strings.HasSuffix(direction, "NULLS_FIRST")
	slices.SortStableFunc(sorted, func(a, b expr.Value) int {
		switch {
		case a.Null && b.Null:
			return 0
		case a.Null != b.Null:
			if a.Null == first {
				return -1
			}
			return 1
		case desc:
			return Compare(b, a, elem)
		}
		return Compare(a, b, elem)
	})
	return expr.Value{Elems: sorted}, nil
}
