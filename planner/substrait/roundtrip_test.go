package substrait

import (
	"reflect"
	"testing"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

func TestEveryPlanComesBackAsItWas(t *testing.T) {
	for _, p := range corpus() {
		t.Run(p.name, func(t *testing.T) { roundTrip(t, p.node) })
	}
}

func roundTrip(t *testing.T, n physical.Node) {
	t.Helper()
	b, err := Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(n, got); d != "" {
		t.Fatal(d)
	}
	again, err := Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(b) {
		t.Error("the plan read back is written as other bytes")
	}
}

func TestSharedSubplansStayOne(t *testing.T) {
	l := lines()
	n := &physical.Union{All: []physical.Node{&physical.Shared{ID: 7, Input: l}, &physical.Shared{ID: 7, Input: l}}, Fields: l.Schema()}
	b, err := Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	u := got.(*physical.Union)
	first, second := u.All[0].(*physical.Shared), u.All[1].(*physical.Shared)
	if first.Input != second.Input || first.ID != 7 || second.ID != 7 {
		t.Errorf("inputs %p of %d and %p of %d", first.Input, first.ID, second.Input, second.ID)
	}
}

func TestCopiesOfASharedSubplanAreOne(t *testing.T) {
	l := lines()
	union := func(a, b physical.Node) physical.Node {
		return &physical.Union{All: []physical.Node{&physical.Shared{ID: 7, Input: a}, &physical.Shared{ID: 7, Input: b}}, Fields: l.Schema()}
	}
	p, err := Encode(union(l, lines()))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Relations) != 2 {
		t.Errorf("%d relations", len(p.Relations))
	}
	other := lines()
	other.Table = "another"
	if _, err := Encode(union(l, other)); err == nil {
		t.Error("two subplans were written as one")
	}
}

// TestTheCorpusSetsEveryField keeps the corpus whole when a node or an expression
// gets a new field.
func TestTheCorpusSetsEveryField(t *testing.T) {
	set := map[string]bool{}
	for _, p := range corpus() {
		markSet(set, reflect.ValueOf(p.node))
	}
	for _, v := range []any{physical.Scan{}, physical.File{}, physical.RuntimeFilterUse{}, physical.Values{}, physical.Receive{}, physical.Filter{},
		physical.Project{}, physical.Limit{}, physical.Sort{}, physical.TopN{}, physical.GroupTopN{}, physical.Window{}, physical.Union{}, physical.SetOp{}, physical.HashJoin{},
		physical.RuntimeFilter{}, physical.NestedLoopJoin{}, physical.Aggregate{}, physical.Exchange{}, physical.Shared{}, expr.Column{}, expr.Literal{},
		expr.Param{}, expr.Call{}, expr.Cast{}, expr.Case{}, expr.When{}, expr.InList{}, expr.Aggregate{}, expr.Window{}, expr.Frame{}, expr.Bound{}, expr.SortKey{}, expr.Field{},
		expr.Value{}, expr.Type{}, expr.Nested{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			if !typ.Field(i).IsExported() {
				continue
			}
			if name := typ.String() + "." + typ.Field(i).Name; !set[name] {
				t.Errorf("no plan sets %s", name)
			}
		}
	}
}

// markSet adds the fields under v that are not zero.
func markSet(set map[string]bool, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			markSet(set, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			markSet(set, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if !v.Field(i).IsZero() {
					set[v.Type().String()+"."+f.Name] = true
				}
				markSet(set, v.Field(i))
			}
		}
	}
}
