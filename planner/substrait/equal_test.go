package substrait

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/skein-query/skein/planner/physical"
)

// difference is the path to the first place where two plans differ, "" when they
// are equal: by value, an absent slice being an empty one but for row groups, and
// with the same subplans shared.
func difference(a, b physical.Node) string {
	d := &differ{seen: map[int][2]physical.Node{}}
	return d.values("", reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem())
}

type differ struct {
	seen map[int][2]physical.Node // inputs of Shared nodes by ID
}

func (d *differ) values(path string, a, b reflect.Value) string {
	differs := func() string { return fmt.Sprintf("%s: %v against %v", path, a, b) }
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			if a.IsNil() != b.IsNil() {
				return differs()
			}
			return ""
		}
		if a.Elem().Type() != b.Elem().Type() {
			return fmt.Sprintf("%s: %s against %s", path, a.Elem().Type(), b.Elem().Type())
		}
		return d.values(path, a.Elem(), b.Elem())
	case reflect.Slice:
		if len(path) > 10 && path[len(path)-10:] == ".RowGroups" && a.IsNil() != b.IsNil() {
			return differs()
		}
		if a.Len() != b.Len() {
			return differs()
		}
		for i := range a.Len() {
			if out := d.values(fmt.Sprintf("%s[%d]", path, i), a.Index(i), b.Index(i)); out != "" {
				return out
			}
		}
		return ""
	case reflect.Struct:
		return d.structs(path, a, b)
	case reflect.Float64:
		if math.Float64bits(a.Float()) != math.Float64bits(b.Float()) {
			return differs()
		}
		return ""
	}
	if !a.Equal(b) {
		return differs()
	}
	return ""
}

func (d *differ) structs(path string, a, b reflect.Value) string {
	if t, ok := a.Interface().(time.Time); ok {
		if u := b.Interface().(time.Time); !t.Equal(u) {
			return fmt.Sprintf("%s: %v against %v", path, t, u)
		}
		return ""
	}
	if s, ok := a.Interface().(physical.Shared); ok {
		t := b.Interface().(physical.Shared)
		if was, ok := d.seen[s.ID]; ok {
			if was != [2]physical.Node{s.Input, t.Input} {
				return path + ": the same number is shared by two inputs"
			}
			return ""
		}
		d.seen[s.ID] = [2]physical.Node{s.Input, t.Input}
	}
	for i := range a.NumField() {
		if !a.Type().Field(i).IsExported() {
			continue // derived from the others
		}
		if out := d.values(path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i)); out != "" {
			return out
		}
	}
	return ""
}
