package substrait

import (
	"reflect"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// TestEveryFieldTravels changes each field of each plan, one at a time: the
// changed plan is either refused or comes back with the change. A field that the
// codec forgets fails here, also one that is new.
func TestEveryFieldTravels(t *testing.T) {
	for _, p := range corpus() {
		t.Run(p.name, func(t *testing.T) {
			m := &mutator{t: t, plan: p.node, seen: map[uintptr]bool{}}
			m.walk(p.name, reflect.ValueOf(&p.node).Elem())
			if m.accepted == 0 && m.refused == 0 {
				t.Error("nothing was changed")
			}
		})
	}
}

type mutator struct {
	t                 *testing.T
	plan              physical.Node
	seen              map[uintptr]bool // pointers walked
	accepted, refused int
}

func (m *mutator) walk(path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			m.walk(path, v.Elem())
		}
	case reflect.Pointer:
		if !v.IsNil() && !m.seen[v.Pointer()] {
			m.seen[v.Pointer()] = true
			m.walk(path, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			m.walk(path, v.Index(i))
		}
	case reflect.Struct:
		m.walkStruct(path, v)
	default:
		m.change(path, v)
	}
}

func (m *mutator) walkStruct(path string, v reflect.Value) {
	switch v.Interface().(type) {
	case expr.Value, expr.Type:
		// Their fields mean nothing outside some kinds; see constants.
		return
	case time.Time, sqlerr.Span:
		m.change(path, v)
		return
	}
	for i := range v.NumField() {
		m.walk(path+"."+v.Type().Field(i).Name, v.Field(i))
	}
}

// change sets v to another value, tries the plan, and puts v back.
func (m *mutator) change(path string, v reflect.Value) {
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	defer v.Set(old)
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		if v.Int() < 0 {
			return // a count of all rows
		}
		v.SetInt(v.Int() + 1)
	case reflect.Uint8:
		v.SetUint(v.Uint() + 1)
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Struct:
		switch old := v.Interface().(type) {
		case time.Time:
			v.Set(reflect.ValueOf(old.Add(time.Nanosecond)))
		case sqlerr.Span:
			v.Set(reflect.ValueOf(sqlerr.Span{Start: old.Start + 1, End: old.End + 3}))
		}
	default:
		m.t.Fatalf("%s: a field of kind %s", path, v.Kind())
	}
	b, err := Marshal(m.plan)
	if err != nil {
		m.refused++
		return
	}
	got, err := Unmarshal(b)
	if err != nil {
		m.t.Errorf("%s: changed to %v: written but not read: %v", path, v, err)
		return
	}
	m.accepted++
	if d := difference(m.plan, got); d != "" {
		m.t.Errorf("%s: changed to %v: %s", path, v, d)
	}
}
