package parquet

import (
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

// nestedSource assembles a field of several columns or levels.
type nestedSource struct {
	node   *node
	list   []*chunk
	rowNum int
}

func newNestedSource(n *node, chunks []*chunk, rows int) *nestedSource {
	return &nestedSource{node: n, list: chunks}
}

func (s *nestedSource) chunks() []*chunk { return s.list }

func (s *nestedSource) rows(from, to int) (vector.Column, []*memory.Slab, error) {
	return vector.Column{}, nil, bad("nested")
}

func (s *nestedSource) close() {
	for _, c := range s.list {
		c.close()
	}
}
