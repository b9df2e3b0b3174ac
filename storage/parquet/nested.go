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

// cursor reads the levels of a leaf forwards.
type cursor struct {
	chunk *chunk
	page  int
	at    int // next entry of the page
	value int // next value of the page
	row   int // rows begun before that entry
}

// take gives the levels of rows [from, to) and skips what lies before.
func (c *cursor) take(from, to int, a *arena) (*levels, error) {
	out := &levels{}
	var def, rep [][]uint8
	b := &pieces{}
	defer b.release()
	for c.page < len(c.chunk.pages) {
		p, err := c.chunk.load(c.page)
		if err != nil {
			return nil, err
		}
		skipTo := c.seek(p, from)
		c.at, c.value = skipTo, c.value+c.there(p, c.at, skipTo)
		end := c.seek(p, to)
		there := c.there(p, c.at, end)
		if there > p.col.Len-c.value {
			return nil, bad("more values than levels")
		}
		if end > c.at {
			out.entries += end - c.at
			if p.def != nil {
				def = append(def, p.def[c.at:end])
			}
			if p.rep != nil {
				rep = append(rep, p.rep[c.at:end])
			}
			b.add(p.col.Slice(c.value, c.value+there), c.chunk.slabs(nil))
		}
		c.at, c.value = end, c.value+there
		if end < p.values {
			break
		}
		c.page, c.at, c.value = c.page+1, 0, 0
	}
	if c.row < to {
		return nil, bad("%d rows where the footer promises more than %d", c.row, to-1)
	}
	var err error
	if out.def, err = join(a, def); err != nil {
		return nil, err
	}
	if out.rep, err = join(a, rep); err != nil {
		return nil, err
	}
	out.values, err = b.column(c.chunk, a)
	return out, err
}

// seek is the entry of the page at which row begins, or the page's end; where the
// cursor stands when the row has begun already, on a page before.
func (c *cursor) seek(p *page, row int) int {
	if c.row > row {
		return c.at
	}
	if p.rep == nil {
		n := min(max(row-c.row, 0), p.values-c.at)
		c.row += n
		return c.at + n
	}
	i := c.at
	for ; i < p.values; i++ {
		if p.rep[i] != 0 {
			continue
		}
		if c.row == row {
			break
		}
		c.row++
	}
	return i
}

// there counts the values among entries [from, to).
func (c *cursor) there(p *page, from, to int) int {
	if p.def == nil {
		return to - from
	}
	n := 0
	for _, d := range p.def[from:to] {
		if int(d) == c.chunk.leaf.maxDef {
			n++
		}
	}
	return n
}

func join(a *arena, parts [][]uint8) ([]uint8, error) {
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	if len(parts) == 0 {
		return nil, nil
	}
	out, err := a.bytes(total)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, p := range parts {
		n += copy(out[n:], p)
	}
	return out, nil
}

// pieces are ranges of values of several pages.
type pieces struct {
	cols  []vector.Column
	slabs [][]*memory.Slab
	rows  int
}

func (p *pieces) add(col vector.Column, slabs []*memory.Slab) {
	p.cols, p.slabs, p.rows = append(p.cols, col), append(p.slabs, slabs), p.rows+col.Len
}

func (p *pieces) release() {
	for _, s := range p.slabs {
		releaseAll(s)
	}
}

// column puts the pieces together and gives what is under them to a.
func (p *pieces) column(c *chunk, a *arena) (vector.Column, error) {
	if len(p.cols) == 0 {
		return vector.Column{Kind: c.leaf.kind}, nil
	}
	if len(p.cols) == 1 {
		a.slabs = append(a.slabs, p.slabs[0]...)
		p.slabs = nil
		return p.cols[0], nil
	}
	b := newBuilder(c.scan, p.rows, false)
	for i := range p.cols {
		slabs := p.slabs[i]
		p.slabs[i] = nil
		if err := b.add(&p.cols[i], nil, slabs); err != nil {
			b.discard()
			return vector.Column{}, err
		}
	}
	col, slabs := b.finish()
	a.slabs = append(a.slabs, slabs...)
	return col, nil
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
