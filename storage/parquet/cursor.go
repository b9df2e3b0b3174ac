package parquet

import (
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

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
