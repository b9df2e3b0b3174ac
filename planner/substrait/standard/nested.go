package standard

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

// nestedExpr makes a list, struct or map of expressions. Elements of one list become of
// one type, as do keys and values.
func (r *reader) nestedExpr(m *pb.Expression_Nested, s *scope) (val, error) {
	if m.GetTypeVariationReference() != 0 {
		return val{}, r.errorf("type variation %d of a nested value is not known", m.GetTypeVariationReference())
	}
	switch n := m.GetNestedType().(type) {
	case *pb.Expression_Nested_List_:
		list, err := r.exprs(n.List.GetValues(), s)
		if err != nil {
			return val{}, err
		}
		return r.listOf(list)
	case *pb.Expression_Nested_Struct_:
		fields, err := r.exprs(n.Struct.GetFields(), s)
		if err != nil {
			return val{}, err
		}
		return r.structValue(fields, nil)
	case *pb.Expression_Nested_Map_:
		var keys, values []val
		for _, kv := range n.Map.GetKeyValues() {
			pair, err := r.exprs([]*pb.Expression{kv.GetKey(), kv.GetValue()}, s)
			if err != nil {
				return val{}, err
			}
			keys, values = append(keys, pair[0]), append(values, pair[1])
		}
		return r.mapOf(keys, values)
	}
	return val{}, r.errorf("a nested value is missing, or of a kind that is not known")
}

func (r *reader) listOf(list []val) (val, error) {
	if len(list) == 0 {
		return val{}, r.errorf("an empty list does not say its type")
	}
	list, err := r.unify("list", list)
	if err != nil {
		return val{}, err
	}
	return val{Expr: &expr.Call{Name: expr.FnList, Args: plainExprs(list), Typ: expr.ListOf(list[0].Type())}}, nil
}

// structValue is a struct of values; its fields have numbers for names when there are none.
func (r *reader) structValue(fields []val, names []string) (val, error) {
	types := make([]expr.Type, len(fields))
	for i, f := range fields {
		types[i] = f.Type()
	}
	t := structOf(types)
	for i, n := range names {
		t.Nested.Fields[i].Name = n
	}
	return val{Expr: &expr.Call{Name: expr.FnStruct, Args: plainExprs(fields), Typ: t}}, nil
}

func (r *reader) mapOf(keys, values []val) (val, error) {
	if len(keys) == 0 {
		return val{}, r.errorf("an empty map does not say its type")
	}
	keys, err := r.unify("map", keys)
	if err != nil {
		return val{}, err
	}
	if values, err = r.unify("map", values); err != nil {
		return val{}, err
	}
	out := &expr.Call{Name: expr.FnMap, Typ: mapType(keys[0].Type(), values[0].Type())}
	for i := range keys {
		out.Args = append(out.Args, keys[i].Expr, values[i].Expr)
	}
	return val{Expr: out}, nil
}

func mapType(key, value expr.Type) expr.Type {
	t := structOf([]expr.Type{key, value})
	t.Kind = expr.Map
	t.Nested.Fields[0].Name, t.Nested.Fields[1].Name = "key", "value"
	t.Nested.Fields[0].Nullable = false
	return t
}

func plainExprs(list []val) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, v := range list {
		out[i] = v.Expr
	}
	return out
}

// makeArray, namedStruct and plainStruct are DataFusion's.
func makeArray(c *call) (val, error) { return c.r.listOf(c.args) }

func plainStruct(c *call) (val, error) { return c.r.structValue(c.args, nil) }

func namedStruct(c *call) (val, error) {
	var fields []val
	var names []string
	for i := 0; i+1 < len(c.args); i += 2 {
		name, ok := c.args[i].Expr.(*expr.Literal)
		if !ok || !name.Typ.IsString() || name.Value.Null {
			return val{}, c.errorf("argument %d is no name", i)
		}
		names, fields = append(names, name.Value.S), append(fields, c.args[i+1])
	}
	if len(c.args)%2 != 0 {
		return val{}, c.errorf("%d arguments do not fit", len(c.args))
	}
	return c.r.structValue(fields, names)
}
