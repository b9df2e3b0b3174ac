package fragment

import (
	"fmt"
	"strings"

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
				fmt.Fprintf(&b, "%s%s", [...]string{" by ", ", "}[min(i, 1)], k)
			}
			fmt.Fprintf(&b, ") to fragment %d", e.To)
		}
		b.WriteString("\n")
		b.WriteString(physical.FormatWith(f.Root, note))
	}
	return b.String()
}
