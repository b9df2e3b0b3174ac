package parquet

import (
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/exec/vector"
)

// node is a field of the schema at any depth, in the engine's terms: a leaf, a
// struct, or a list (a map is a list of structs).
type node struct {
	name     string
	typ      arrow.DataType
	kind     vector.Kind
	nullable bool
	def      int // definition level from which on the value is not null
	rep      int // repetition level of the list's elements; List only
	elemDef  int // definition level from which on the list has an element; List only
	children []*node
	leaf     *leaf
	err      error // why the field cannot be read, told when somebody reads it
}

// leaf is a column of the file.
type leaf struct {
	column  int // its chunk's place in every row group
	path    string
	phys    physical
	width   int // bytes of a fixed-size value, 0 for BYTE_ARRAY
	maxDef  int
	maxRep  int
	kind    vector.Kind
	convert conversion
	err     error
}

// first is the leaf whose levels stand for the node.
func (n *node) first() *leaf {
	for n.leaf == nil {
		n = n.children[0]
	}
	return n.leaf
}

// leaves are the columns under the node, in order.
func (n *node) leaves(out []*leaf) []*leaf {
	if n.leaf != nil {
		return append(out, n.leaf)
	}
	for _, child := range n.children {
		out = child.leaves(out)
	}
	return out
}

// flat reports whether the node is a leaf that needs no assembly.
func (n *node) flat() bool { return n.leaf != nil && n.leaf.maxRep == 0 && n.leaf.maxDef <= 1 }

// failure is why the node or something under it cannot be read.
func (n *node) failure() error {
	if n.err != nil {
		return n.err
	}
	for _, child := range n.children {
		if err := child.failure(); err != nil {
			return err
		}
	}
	return nil
}

const maxSchemaDepth = 64

// schemaReader walks the schema, which stands in the footer in depth-first order.
type schemaReader struct {
	elements []schemaElement
	next     int
	leaves   []*leaf
	path     []string
}

// place is where in the tree an element stands.
type place struct {
	def, rep int
}

func readSchema(elements []schemaElement) ([]*node, []*leaf, error) {
	if len(elements) == 0 {
		return nil, nil, bad("the footer has no schema")
	}
	r := &schemaReader{elements: elements, next: 1}
	var fields []*node
	for range elements[0].children {
		n, err := r.field(place{})
		if err != nil {
			return nil, nil, err
		}
		fields = append(fields, n)
	}
	if r.next != len(elements) {
		return nil, nil, bad("%d schema elements stand outside of the schema", len(elements)-r.next)
	}
	return fields, r.leaves, nil
}

func (r *schemaReader) take() (schemaElement, error) {
	if r.next >= len(r.elements) {
		return schemaElement{}, bad("the schema ends too early")
	}
	if len(r.path) > maxSchemaDepth {
		return schemaElement{}, bad("the schema is nested deeper than %d levels", maxSchemaDepth)
	}
	e := r.elements[r.next]
	if (e.phys == physNone) != (e.children > 0) || e.children < 0 {
		return e, bad("schema element %q is neither a column nor a group", e.name)
	}
	r.next++
	return e, nil
}

// field reads the next element; a repeated one outside of LIST and MAP is a list
// of required values (LogicalTypes.md, "Nested Types").
func (r *schemaReader) field(at place) (*node, error) {
	e, err := r.take()
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(e.name) {
		return nil, bad("a column name that is not UTF-8: %q", e.name)
	}
	r.path = append(r.path, e.name)
	defer func() { r.path = r.path[:len(r.path)-1] }()
	if e.repetition == repeated {
		elem, err := r.value(e, place{at.def + 1, at.rep + 1})
		if err != nil {
			return nil, err
		}
		return listOf(e.name, at, at, elem), nil
	}
	inner := at
	if e.repetition == optional {
		inner.def++
	}
	n, err := r.value(e, inner)
	if err != nil {
		return nil, err
	}
	n.nullable = e.repetition == optional
	return n, nil
}

// value reads the content of an element whose own levels are counted in at already.
func (r *schemaReader) value(e schemaElement, at place) (*node, error) {
	switch {
	case e.children == 0:
		return r.leaf(e, at), nil
	case e.logical.id == logList || e.converted == convertedList:
		return r.list(e, at)
	case e.logical.id == logMap || e.converted == convertedMap || e.converted == convertedMapKeyValue:
		return r.list(e, at)
	}
	return r.group(e, at)
}

func (r *schemaReader) group(e schemaElement, at place) (*node, error) {
	n := &node{name: e.name, kind: vector.Struct, def: at.def}
	var fields []arrow.Field
	for range e.children {
		child, err := r.field(at)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, child)
		fields = append(fields, arrow.Field{Name: child.name, Type: child.typ, Nullable: child.nullable})
	}
	n.typ = arrow.StructOf(fields...)
	return n, nil
}

// list reads a group annotated LIST or MAP: one repeated child, which is the
// element, or wraps it.
func (r *schemaReader) list(e schemaElement, at place) (*node, error) {
	if e.children != 1 || r.next >= len(r.elements) || r.elements[r.next].repetition != repeated {
		return r.group(e, at) // wrongly annotated
	}
	mid, err := r.take()
	if err != nil {
		return nil, err
	}
	r.path = append(r.path, mid.name)
	defer func() { r.path = r.path[:len(r.path)-1] }()
	inner := place{at.def + 1, at.rep + 1}
	isMap := e.logical.id == logMap || e.converted == convertedMap || e.converted == convertedMapKeyValue
	var elem *node
	switch {
	case mid.children == 0, isMap, mid.children > 1, mid.name == "array", mid.name == e.name+"_tuple",
		r.next < len(r.elements) && r.elements[r.next].repetition == repeated:
		elem, err = r.valueOrGroup(mid, inner, isMap)
	default:
		elem, err = r.field(inner)
	}
	if err != nil {
		return nil, err
	}
	n := listOf(e.name, at, at, elem)
	if s, ok := elem.typ.(*arrow.StructType); ok && isMap && s.NumFields() == 2 {
		n.typ = arrow.MapOf(s.Field(0).Type, s.Field(1).Type)
	}
	return n, nil
}

func (r *schemaReader) valueOrGroup(e schemaElement, at place, isMap bool) (*node, error) {
	if isMap && e.children > 0 { // key_value may be annotated MAP_KEY_VALUE itself
		return r.group(e, at)
	}
	return r.value(e, at)
}

func listOf(name string, outer, at place, elem *node) *node {
	return &node{name: name, kind: vector.List, def: outer.def, rep: at.rep + 1, elemDef: at.def + 1,
		typ: arrow.ListOfField(arrow.Field{Name: "element", Type: elem.typ, Nullable: elem.nullable}), children: []*node{elem}}
}

func (r *schemaReader) leaf(e schemaElement, at place) *node {
	l := &leaf{column: len(r.leaves), path: strings.Join(r.path, "."), phys: e.phys, width: e.phys.width(), maxDef: at.def, maxRep: at.rep}
	if e.phys == physFixed {
		l.width = int(e.typeLength)
	}
	n := &node{name: e.name, def: at.def, leaf: l}
	n.typ, l.convert, l.err = leafType(e)
	n.err = l.err
	l.kind = ArrowKind(n.typ)
	n.kind = l.kind
	r.leaves = append(r.leaves, l)
	return n
}

// width is the bytes of a value of a fixed-size physical type.
func (p physical) width() int {
	switch p {
	case physInt32, physFloat:
		return 4
	case physInt64, physDouble:
		return 8
	case physInt96:
		return 12
	}
	return 0
}
