package fragment

import (
	"fmt"
	"strings"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// Format is the fragments as trees, each under a line that says what divides it
// and where its rows go; a plan of one fragment is just its tree. note is as in
// physical.FormatWith.
func Format(p *Plan, note func(physical.Node) string) string {
	if len(p.Fragments) == 1 && len(p.Edges) == 0 {
		return physical.FormatWith(p.Fragments[0].Root, note)
	}
	var b strings.Builder
	for _, f := range p.Fragments {
		fmt.Fprintf(&b, "Fragment %d by %s", f.ID, f.Driver)
		for _, id := range f.Outputs {
			e := p.Edges[id]
			fmt.Fprintf(&b, " → edge %d (%s", id, e.Kind)
			for i, k := range e.Keys {
				fmt.Fprintf(&b, "%s%s", [...]string{" by ", ", "}[min(i, 1)], keyText(e.Kind, k))
			}
			fmt.Fprintf(&b, ") to fragment %d", e.To)
		}
		b.WriteString("\n")
		b.WriteString(physical.FormatWith(f.Root, note))
	}
	return b.String()
}

// shownBounds is how many bounds between ranges are printed.
const shownBounds = 8

// keyText is a key as it is printed. That of a range is many comparisons: printed is the
// column, the bounds that it is compared with, and whether the last range comes first.
func keyText(kind physical.Distribution, k expr.Expr) string {
	if kind != physical.RangeSplit {
		return k.String()
	}
	column, first := "", ""
	var bounds []string
	var inOrder func(e expr.Expr)
	inOrder = func(e expr.Expr) {
		c, ok := e.(*expr.Case)
		if !ok {
			if first == "" {
				first = e.String()
			}
			return
		}
		if compared, ok := c.Whens[0].Cond.(*expr.Call); ok && compared.Name == expr.OpLt {
			column = compared.Args[0].String()
			inOrder(c.Whens[0].Result)
			bounds = append(bounds, compared.Args[1].String())
		}
		inOrder(c.Else)
	}
	inOrder(k)
	direction := ""
	if first != "0" {
		direction = " down"
	}
	if more := len(bounds) - shownBounds; more > 0 {
		bounds = append(bounds[:shownBounds], fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("%s at %s%s", column, strings.Join(bounds, ", "), direction)
}
