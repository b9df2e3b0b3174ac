package physical

import (
	"fmt"
	"strings"

	"github.com/skein-query/skein/planner/expr"
)

// Format is the plan as a tree, one node a line; EXPLAIN, golden tests and logs
// show this text.
func Format(n Node) string { return FormatWith(n, nil) }

// FormatWith is Format with a note after each node's line; nil adds none.
func FormatWith(n Node, note func(Node) string) string {
	p := &printer{note: note, seen: map[int]bool{}}
	p.node(n, "", "")
	return p.out.String()
}

type printer struct {
	out  strings.Builder
	note func(Node) string
	seen map[int]bool
}

func (p *printer) node(n Node, first, rest string) {
	p.out.WriteString(first + Line(n))
	if p.note != nil {
		p.out.WriteString(p.note(n))
	}
	in := n.Inputs()
	if s, ok := n.(*Shared); ok {
		if p.seen[s.ID] {
			p.out.WriteString(" (above)\n")
			return
		}
		p.seen[s.ID] = true
	}
	p.out.WriteString("\n")
	for i, child := range in {
		if i == len(in)-1 {
			p.node(child, rest+"└─ ", rest+"   ")
		} else {
			p.node(child, rest+"├─ ", rest+"│  ")
		}
	}
}

// Line is a node in one line, without its inputs.
func Line(n Node) string {
	switch n := n.(type) {
	case *Scan:
		return scanLine(n)
	case *Filter:
		return "Filter " + list(n.Conjuncts, " AND ")
	case *Project:
		parts := make([]string, len(n.Exprs))
		for i, e := range n.Exprs {
			parts[i] = e.String()
			if n.Names[i] != parts[i] && n.Names[i] != "" {
				parts[i] += " AS " + n.Names[i]
			}
		}
		return "Project " + strings.Join(parts, ", ")
	case *Limit:
		return "Limit" + bounds(n.Count, n.Offset)
	case *Sort:
		return sortLine(n)
	case *TopN:
		s := "TopN " + expr.FormatSort(n.Keys) + bounds(n.Count, n.Offset)
		if n.RuntimeFilter != 0 {
			s += fmt.Sprintf(" filter #%d from %s", n.RuntimeFilter, n.Keys[0].Expr)
		}
		return s
	case *GroupTopN:
		parts := make([]string, len(n.By))
		for i, e := range n.By {
			parts[i] = e.String()
		}
		s := "GroupTopN by " + strings.Join(parts, ", ")
		if len(n.Keys) > 0 {
			s += " order " + expr.FormatSort(n.Keys)
		}
		return s + bounds(n.Count, n.Offset)
	case *Window:
		return n.line()
	case *Union:
		return "Union"
	case *SetOp:
		word := [...]string{"Intersect", "Except"}[n.Kind]
		if n.All {
			word += " ALL"
		}
		return word
	case *Values:
		return fmt.Sprintf("Values %d rows", len(n.Tuples))
	case *Shared:
		return fmt.Sprintf("Shared #%d", n.ID)
	case *HashJoin:
		return hashJoinLine(n)
	case *NestedLoopJoin:
		s := "NestedLoopJoin " + n.Kind.String()
		if n.Cond != nil {
			s += " on " + n.Cond.String()
		}
		if n.NullAware != nil {
			s += " null aware " + n.NullAware.String()
		}
		return s
	case *Aggregate:
		return aggregateLine(n)
	case *Exchange:
		return "Exchange " + exchange(n.Kind, n.Keys, n.Sorted)
	case *Receive:
		return fmt.Sprintf("Receive edge %d %s", n.Edge, exchange(n.Kind, nil, n.Sorted))
	}
	return fmt.Sprintf("%T", n)
}

func sortLine(n *Sort) string {
	s := "Sort " + expr.FormatSort(n.Keys)
	if n.Whole > 0 {
		s += " whole by " + expr.FormatSort(n.Keys[:n.Whole])
	}
	return s
}

func scanLine(n *Scan) string {
	names := make([]string, len(n.Emit))
	for i, f := range n.Emit {
		names[i] = n.Fields[f].Name
	}
	s := fmt.Sprintf("Scan %s [%s]", n.Table, strings.Join(names, ", "))
	if len(n.Filter) > 0 {
		s += " where " + list(n.Filter, " AND ")
	}
	for _, f := range n.RuntimeFilters {
		s += fmt.Sprintf(" filter #%d on %s", f.ID, n.Fields[f.Column].Name)
	}
	return s
}

func hashJoinLine(n *HashJoin) string {
	s := "HashJoin " + n.Kind.String() + " on "
	parts := make([]string, len(n.ProbeKeys))
	op := " = "
	if n.NullEqual {
		op = " IS NOT DISTINCT FROM "
	}
	for i := range n.ProbeKeys {
		parts[i] = n.ProbeKeys[i].String() + op + n.BuildKeys[i].String()
	}
	s += strings.Join(parts, " AND ")
	if n.Residual != nil {
		s += " and " + n.Residual.String()
	}
	if n.NullAware {
		s += " null aware"
	}
	if n.BuildUnique {
		s += " unique"
	}
	if n.CoLocated > 0 && n.CoLocated <= len(n.ProbeKeys) {
		s += " co-located on " + n.ProbeKeys[n.CoLocated-1].String()
		if n.BuildLeads() {
			s += " by the build side"
		}
	}
	for _, f := range n.RuntimeFilters {
		s += fmt.Sprintf(" filter #%d from %s", f.ID, n.BuildKeys[f.Key])
	}
	return s
}

func aggregateLine(n *Aggregate) string {
	phase := [...]string{"", " partial", " final"}[n.Phase]
	var parts []string
	for _, a := range n.Aggs {
		parts = append(parts, a.String())
	}
	s := "Aggregate" + phase
	if len(n.Groups) > 0 {
		s += " by " + list(n.Groups, ", ")
	}
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, ", ")
	}
	return s
}

func exchange(kind Distribution, keys []expr.Expr, sorted []expr.SortKey) string {
	s := kind.String()
	if len(keys) > 0 {
		s += " by " + list(keys, ", ")
	}
	if len(sorted) > 0 {
		s += " merging " + expr.FormatSort(sorted)
	}
	return s
}

func bounds(count, offset int64) string {
	s := ""
	if count >= 0 {
		s += fmt.Sprintf(" limit %d", count)
	}
	if offset > 0 {
		s += fmt.Sprintf(" offset %d", offset)
	}
	return s
}

func list(exprs []expr.Expr, sep string) string {
	parts := make([]string, len(exprs))
	for i, e := range exprs {
		parts[i] = e.String()
	}
	return strings.Join(parts, sep)
}
