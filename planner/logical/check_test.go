package logical

import (
	"strings"
	"testing"

	"github.com/skein-query/skein/planner/expr"
)

func TestCheckFindsBrokenPlans(t *testing.T) {
	col := func(id expr.ColumnID, k expr.Kind) Column { return Column{ID: id, Name: "c", Type: expr.Of(k)} }
	scan := func(ids ...expr.ColumnID) *Scan {
		s := &Scan{Table: &Table{Name: "t"}}
		for i, id := range ids {
			s.Cols, s.Fields = append(s.Cols, col(id, expr.Int4)), append(s.Fields, i)
		}
		return s
	}
	reads := func(id expr.ColumnID, k expr.Kind) []expr.Expr {
		return []expr.Expr{expr.Compare(expr.OpEq, col(id, k).Ref(), col(id, k).Ref())}
	}
	union := &SetOp{Args: []Node{scan(1), scan(2)}, Cols: []Column{col(3, expr.Int4)}}
	maps := func(m ...[]expr.ColumnID) *SetOp { c := *union; c.Maps = m; return &c }
	shared := &Shared{Input: scan(1)}
	for _, c := range []struct {
		plan Node
		want string // "" is a plan in order
	}{
		{&Filter{Input: scan(1), Conds: reads(1, expr.Int4)}, ""},
		{&Filter{Input: scan(1), Conds: reads(2, expr.Int4)}, "not delivered below"},
		{&Filter{Input: scan(1), Conds: reads(1, expr.Text)}, "used as text"},
		{scan(1, 1), "twice"},
		{&Join{Left: scan(1), Right: scan(1)}, "both sides"},
		{&Join{Left: scan(1), Right: &Filter{Input: scan(2), Conds: reads(1, expr.Int4)}, Dependent: true}, ""},
		{&Join{Left: scan(1), Right: &Filter{Input: scan(2), Conds: reads(1, expr.Int4)}}, "not delivered below"},
		{&Aggregate{Input: scan(1), Groups: []Column{col(2, expr.Int4)}}, "group column"},
		{maps([]expr.ColumnID{1}, []expr.ColumnID{2}), ""},
		{maps([]expr.ColumnID{1}), "1 maps for 2 inputs"},
		{maps([]expr.ColumnID{1}, []expr.ColumnID{1}), "lacks column"},
		{&Reference{Plan: shared, Cols: []Column{col(5, expr.Int4)}, Source: []expr.ColumnID{1}}, ""},
		{&Reference{Plan: shared, Cols: []Column{col(5, expr.Int8)}, Source: []expr.ColumnID{1}}, "in the shared plan"},
		{&Reference{Plan: shared, Cols: []Column{col(5, expr.Int4)}, Source: []expr.ColumnID{2}}, "lacks column"},
	} {
		got := ""
		if err := Check(c.plan); err != nil {
			got = err.Error()
		}
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s got %q, want %q", Format(c.plan), got, c.want)
		}
	}
}
