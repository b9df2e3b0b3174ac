package sql

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Format prints a statement's tree, a node a line with its span, fields that are
// zero left out. For tests and for looking at a tree.
func Format(s Statement) string {
	var p printer
	p.value("", reflect.ValueOf(s), 0)
	return p.b.String()
}

type printer struct{ b strings.Builder }

// line begins a line: label and a struct's name with its place.
func (p *printer) line(label, text string, depth int) {
	p.b.WriteString(strings.Repeat("  ", depth))
	if label != "" {
		p.b.WriteString(label + ": ")
	}
	p.b.WriteString(text + "\n")
}

func (p *printer) value(label string, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			p.value(label, v.Elem(), depth)
		}
	case reflect.Slice:
		for i := range v.Len() {
			p.value(fmt.Sprintf("%s[%d]", label, i), v.Index(i), depth)
		}
		if label != "" && v.Len() == 0 && !v.IsNil() {
			p.line(label, "[]", depth)
		}
	case reflect.Struct:
		p.node(label, v, depth)
	case reflect.String:
		p.line(label, fmt.Sprintf("%q", v.String()), depth)
	default:
		if !v.IsZero() {
			p.line(label, fmt.Sprint(v.Interface()), depth)
		}
	}
}

// node prints a struct: names on one line, nodes with their fields below, strings
// and numbers beside the name.
func (p *printer) node(label string, v reflect.Value, depth int) {
	switch n := v.Interface().(type) {
	case Ident:
		if !n.IsZero() {
			p.line(label, n.Text+place(n.Source), depth)
		}
		return
	case Name:
		if len(n.Parts) > 0 {
			p.line(label, n.String()+place(n.Span()), depth)
		}
		return
	}
	if v.IsZero() {
		return
	}
	head := v.Type().Name()
	if loc := v.FieldByName("Loc"); loc.IsValid() {
		head += place(loc.Interface().(Loc).Source)
	}
	var below []int
	for i := range v.NumField() {
		f, field := v.Field(i), v.Type().Field(i)
		switch {
		case field.Name == "Loc" || !field.IsExported(): // a password is not
		case f.Kind() == reflect.String || f.Kind() == reflect.Bool || f.CanInt() || f.CanUint():
			if !f.IsZero() {
				head += fmt.Sprintf(" %s=%s", field.Name, scalar(f))
			}
		default:
			below = append(below, i)
		}
	}
	p.line(label, head, depth)
	for _, i := range below {
		p.value(v.Type().Field(i).Name, v.Field(i), depth+1)
	}
}

func scalar(v reflect.Value) string {
	text := fmt.Sprint(v.Interface())
	if v.Kind() == reflect.String || strings.Contains(text, " ") {
		return strconv.Quote(text)
	}
	return text
}

func place(s sqlerr.Span) string { return fmt.Sprintf(" @%d-%d", s.Start, s.End) }
