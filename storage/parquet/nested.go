package parquet

import (
	"math"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

// nestedSource is a field of several columns or levels: structs, lists, maps. The
// levels of each leaf are read for a range of rows and columns are assembled from
// them (Melnik et al., Dremel, VLDB 2010; here a whole range at a time, from the
// outermost node inwards).
type nestedSource struct {
	node    *node
	scan    *Scan
	list    []*chunk
	cursors []cursor
}

func newNestedSource(scan *Scan, n *node, list []*chunk) *nestedSource {
	s := &nestedSource{node: n, scan: scan, list: list, cursors: make([]cursor, len(list))}
	for i, c := range list {
		s.cursors[i].chunk = c
	}
	return s
}

func (s *nestedSource) chunks() []*chunk { return s.list }

func (s *nestedSource) close() {
	for _, c := range s.list {
		c.close()
	}
}

func (s *nestedSource) rows(from, to int) (vector.Column, []*memory.Slab, error) {
	b := &assembly{arena: newArena(s.scan), levels: map[*leaf]*levels{}}
	fail := func(err error, c *chunk) (vector.Column, []*memory.Slab, error) {
		b.arena.release()
		return vector.Column{}, nil, c.wrap(err)
	}
	for i := range s.cursors {
		l, err := s.cursors[i].take(from, to, &b.arena)
		if err != nil {
			return fail(err, s.list[i])
		}
		b.levels[s.list[i].leaf] = l
	}
	col, err := b.node(s.node, 0, 0)
	if err == nil && col.Len != to-from {
		err = bad("%d rows where %d are needed", col.Len, to-from)
	}
	if err != nil {
		return fail(err, s.list[0])
	}
	return col, b.arena.slabs, nil
}

// levels are the levels of a leaf for some rows, and the values that are there.
type levels struct {
	def, rep []uint8 // nil where the highest level is 0
	entries  int
	values   vector.Column
}

// slot reports whether entry i begins a value of a node below repeated ancestors
// of level rep, the innermost of which has an element from level def on.
func (l *levels) slot(i, rep, def int) bool {
	return (l.rep == nil || int(l.rep[i]) <= rep) && l.defAt(i) >= def
}

func (l *levels) defAt(i int) int {
	if l.def == nil {
		return 0
	}
	return int(l.def[i])
}

// assembly makes the columns of one range of rows.
type assembly struct {
	arena  arena
	levels map[*leaf]*levels
}

// node makes the column of a node that stands below repeated ancestors of level
// rep, the innermost of which has an element from level def on.
func (b *assembly) node(n *node, rep, def int) (vector.Column, error) {
	switch {
	case n.leaf != nil:
		return b.leaf(n, rep, def)
	case n.kind == vector.List:
		return b.listColumn(n, rep, def)
	}
	valid, rows, err := b.validity(n, rep, def)
	if err != nil {
		return vector.Column{}, err
	}
	out := vector.Column{Kind: vector.Struct, Len: rows, Valid: valid}
	for _, child := range n.children {
		col, err := b.node(child, rep, def)
		if err != nil {
			return out, err
		}
		if col.Len != rows {
			return out, bad("fields of a struct with %d and %d values", rows, col.Len)
		}
		out.Children = append(out.Children, col)
	}
	return out, nil
}

// validity says where a node is not null, and how many slots it has.
func (b *assembly) validity(n *node, rep, def int) (vector.Bitmap, int, error) {
	l := b.levels[n.first()]
	valid, err := b.arena.words(vector.Words(l.entries))
	if err != nil {
		return nil, 0, err
	}
	clear(valid)
	rows, ones := 0, 0
	for i := range l.entries {
		if !l.slot(i, rep, def) {
			continue
		}
		if l.defAt(i) >= n.def {
			valid.Set(rows)
			ones++
		}
		rows++
	}
	if ones == rows {
		return nil, rows, nil
	}
	return valid[:vector.Words(rows)], rows, nil
}

func (b *assembly) leaf(n *node, rep, def int) (vector.Column, error) {
	valid, rows, err := b.validity(n, rep, def)
	if err != nil {
		return vector.Column{}, err
	}
	values := b.levels[n.leaf].values
	there := rows
	if valid != nil {
		there = valid.Count(rows)
	}
	if values.Len != there {
		return values, bad("%d values where the levels say %d", values.Len, there)
	}
	if valid == nil {
		return values, nil
	}
	return spread(&b.arena, &values, valid, rows)
}

func (b *assembly) listColumn(n *node, rep, def int) (vector.Column, error) {
	l := b.levels[n.first()]
	valid, rows, err := b.validity(n, rep, def)
	if err != nil {
		return vector.Column{}, err
	}
	if l.entries > math.MaxInt32 {
		return vector.Column{}, bad("lists of %d elements in a batch", l.entries)
	}
	offsets, err := alloc[int32](&b.arena, rows+1)
	if err != nil {
		return vector.Column{}, err
	}
	row, elems := 0, int32(0)
	for i := range l.entries {
		if l.slot(i, rep, def) {
			offsets[row] = elems
			row++
		}
		if l.slot(i, n.rep, n.elemDef) {
			elems++
		}
	}
	offsets[rows] = elems
	child, err := b.node(n.children[0], n.rep, n.elemDef)
	if err != nil {
		return child, err
	}
	if child.Len != int(elems) {
		return child, bad("lists of %d elements with %d values", elems, child.Len)
	}
	return vector.Column{Kind: vector.List, Len: rows, Valid: valid, Data: vector.BytesOf(offsets), Children: []vector.Column{child}}, nil
}
