package parquet

import (
	"sort"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

// source gives ranges of rows of one field, forwards: from never decreases below
// the to of an earlier call.
type source interface {
	// rows gives the column of rows [from, to) and the slabs under it, one
	// reference to each for the caller.
	rows(from, to int) (vector.Column, []*memory.Slab, error)
	// chunks are the columns under the field.
	chunks() []*chunk
	close()
}

// flatSource is a field that is one leaf without levels beyond null or not.
type flatSource struct {
	chunk *chunk
	at    int // page in use
}

func (f *flatSource) chunks() []*chunk { return []*chunk{f.chunk} }
func (f *flatSource) close()           { f.chunk.close() }

// pageOf is the number of the page that holds a row, at or after the one in use.
func (f *flatSource) pageOf(row int) int {
	pages := f.chunk.pages
	if f.at < len(pages) && row < pages[f.at].first+int(pages[f.at].header.values) {
		return f.at
	}
	return sort.Search(len(pages), func(i int) bool { return row < pages[i].first+int(pages[i].header.values) })
}

func (f *flatSource) rows(from, to int) (vector.Column, []*memory.Slab, error) {
	f.at = f.pageOf(from)
	if f.at >= len(f.chunk.pages) {
		return vector.Column{}, nil, f.chunk.wrap(bad("row %d is in none of the pages", from))
	}
	p, err := f.chunk.load(f.at)
	if err != nil {
		return vector.Column{}, nil, err
	}
	first := f.chunk.pages[f.at].first
	if to <= first+p.values {
		return p.col.Slice(from-first, to-first), f.chunk.slabs(nil), nil
	}
	b := newBuilder(f.chunk.scan, to-from, false)
	for from < to {
		end := min(to, first+p.values)
		piece := p.col.Slice(from-first, end-first)
		if err := b.add(&piece, nil, f.chunk.slabs(nil)); err != nil {
			b.discard()
			return vector.Column{}, nil, err
		}
		if from = end; from == to {
			break
		}
		f.at = f.pageOf(from)
		if f.at >= len(f.chunk.pages) {
			b.discard()
			return vector.Column{}, nil, f.chunk.wrap(bad("row %d is in none of the pages", from))
		}
		first = f.chunk.pages[f.at].first
		if p, err = f.chunk.load(f.at); err != nil {
			b.discard()
			return vector.Column{}, nil, err
		}
	}
	col, slabs := b.finish()
	return col, slabs, nil
}
