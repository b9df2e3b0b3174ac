package bind

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/sql"
)

// PostgreSQL's bounds of GROUP BY.
const (
	maxGroupingSets = 4096
	maxCubeElements = 12
	maxGroupingArgs = 31
)

func tooManySets(span sqlerr.Span) error {
	return sqlerr.At(sqlerr.StatementTooComplex, span, "too many grouping sets present (maximum %d)", maxGroupingSets)
}

// groupElement binds an element of GROUP BY: the sets that it stands for.
func (s *selecting) groupElement(g sql.Expr) ([][]int, error) {
	switch g := g.(type) {
	case *sql.Grouping:
		return s.groupSets(g)
	case *sql.Row:
		set, err := s.groupSet(g.Fields)
		return [][]int{set}, err
	}
	set, err := s.groupSet([]sql.Expr{g})
	return [][]int{set}, err
}

func (s *selecting) groupSets(g *sql.Grouping) ([][]int, error) {
	if g.Kind == sql.Cube && len(g.Sets) > maxCubeElements {
		return nil, sqlerr.At(sqlerr.TooManyColumns, g.Span(), "CUBE is limited to %d elements", maxCubeElements)
	}
	var elements [][]int
	for _, list := range g.Sets {
		if len(list) == 1 {
			sets, err := s.groupElement(list[0])
			if err != nil {
				return nil, err
			}
			elements = append(elements, sets...)
			continue
		}
		set, err := s.groupSet(list)
		if err != nil {
			return nil, err
		}
		elements = append(elements, set)
	}
	switch g.Kind {
	case sql.Rollup:
		return rollup(elements), nil
	case sql.Cube:
		return cube(elements), nil
	}
	return elements, nil
}

// rollup is every prefix of the elements, the longest first.
func rollup(elements [][]int) [][]int {
	var out [][]int
	for n := len(elements); n >= 0; n-- {
		out = append(out, union(elements[:n]...))
	}
	return out
}

// cube is every subset of the elements.
func cube(elements [][]int) [][]int {
	var out [][]int
	for mask := 1<<len(elements) - 1; mask >= 0; mask-- {
		var some [][]int
		for i, e := range elements {
			if mask>>(len(elements)-1-i)&1 == 1 {
				some = append(some, e)
			}
		}
		out = append(out, union(some...))
	}
	return out
}

// product combines every set of a with every set of b, as far as the bound.
func product(a, b [][]int) [][]int {
	var out [][]int
	for _, x := range a {
		for _, y := range b {
			if out = append(out, union(x, y)); len(out) > maxGroupingSets {
				return out
			}
		}
	}
	return out
}

// union is all elements of some sets, ascending.
func union(sets ...[]int) []int {
	all := slices.Concat(sets...)
	slices.Sort(all)
	return slices.Compact(all)
}

// distinctSets is the sets of GROUP BY DISTINCT.
func distinctSets(sets [][]int) [][]int {
	var out [][]int
	for _, set := range sets {
		if !slices.ContainsFunc(out, func(have []int) bool { return slices.Equal(have, set) }) {
			out = append(out, set)
		}
	}
	return out
}
