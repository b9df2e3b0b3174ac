package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait"
	"github.com/skein-query/skein/storage/table"
)

// Share is a query whose rows are a share of those of a text, for clients that fetch the
// shares from several endpoints. Rows that go from files to the client through filters
// and expressions only are shared by row groups; all others come from one endpoint: they
// have an order, or are few.
//
// Without a version it says how many shares there are, at most want.Of, and the version
// of the files; with one it refuses other files.
func (s *Statements) Share(ctx context.Context, session *flight.Session, text string, args []expr.Value, want flight.Share) (flight.Prepared, flight.Share, error) {
	p, err := s.Prepare(ctx, session, text)
	if err != nil {
		return nil, flight.Share{}, err
	}
	q, ok := p.(*query)
	if !ok {
		return p, flight.Share{Of: 1}, nil
	}
	shared := &sharedQuery{query: q, share: want}
	if want.Version != "" {
		return shared, want, nil
	}
	if !q.first.Generic() { // the clock or values have a say: shares might not be of the same rows
		return q, flight.Share{Of: 1}, nil
	}
	plan, _, err := q.plan(ctx, args)
	if err != nil {
		return nil, flight.Share{}, err
	}
	scan := shareable(plan.Root)
	if scan == nil || !slices.EqualFunc(plan.Fields, q.fields, sameField) {
		return q, flight.Share{Of: 1}, nil
	}
	want.Of = min(want.Of, len(groupsOf(s.Coordinator, scan)))
	want.Version = filesVersion(scan.Files)
	want.Names, want.Plans = s.plansOf(plan.Root, q.fields, scan, want.Of)
	return shared, want, nil
}

// maxSharePlan is the most bytes of a plan that goes with a ticket.
const maxSharePlan = 48 << 10

// plansOf are the shares of a plan for servers that know no catalog, and the names of its
// columns; none when a plan does not hold all that is needed.
func (s *Statements) plansOf(root physical.Node, fields []expr.Field, scan *physical.Scan, n int) (names []string, plans [][]byte) {
	if slices.ContainsFunc(scan.Files, func(f physical.File) bool { return table.IsPart(f.Path) }) {
		return nil, nil // who reads these pins them
	}
	columns := root.Schema()
	for i, f := range fields {
		if !columns[i].Type.Equal(f.Type) {
			return nil, nil
		}
		names = append(names, f.Name)
	}
	groups := groupsOf(s.Coordinator, scan)
	for i := range n {
		data, err := substrait.Marshal(restricted(root, groups[len(groups)*i/n:len(groups)*(i+1)/n]))
		if err != nil || len(data) > maxSharePlan {
			return nil, nil
		}
		plans = append(plans, data)
	}
	return names, plans
}

// ReadShare prepares a share by its plan alone, at a process that knows no catalog.
func (s *Statements) ReadShare(session *flight.Session, text string, share flight.Share) (flight.Prepared, error) {
	root, err := substrait.Unmarshal(share.Plan)
	if err != nil {
		return nil, err
	}
	if shareable(root) == nil || len(root.Schema()) != len(share.Names) {
		return nil, sqlerr.New(sqlerr.InvalidTicket, "the ticket's plan is no share")
	}
	p := &plannedShare{statements: s, session: session, root: root, text: text, fields: slices.Clone(root.Schema())}
	for i, name := range share.Names {
		p.fields[i].Name = name
	}
	return p, nil
}

// plannedShare gives the rows of a plan.
type plannedShare struct {
	statements *Statements
	session    *flight.Session
	root       physical.Node
	fields     []expr.Field
	text       string
}

func (p *plannedShare) Columns() []expr.Field   { return p.fields }
func (p *plannedShare) Parameters() []expr.Type { return nil }
func (p *plannedShare) IsUpdate() bool          { return false }

// Execute runs the plan.
func (p *plannedShare) Execute(ctx context.Context, _ []expr.Value) (flight.Result, error) {
	return p.statements.run(ctx, p.session, p.root, p.fields, p.text)
}

// Update is not for queries.
func (p *plannedShare) Update(context.Context, [][]expr.Value) (flight.Result, error) {
	return nil, errNoUpdate
}

// shareable is the one scan that a plan without breakers reads; nil for any other plan,
// and for one that gives other rows every time.
func shareable(root physical.Node) *physical.Scan {
	if physical.Volatile(root) {
		return nil
	}
	for n := root; ; {
		switch at := n.(type) {
		case *physical.Scan:
			return at
		case *physical.Filter:
			n = at.Input
		case *physical.Project:
			n = at.Input
		default:
			return nil
		}
	}
}

// group is a row group of a file.
type group struct{ file, group int }

// groupsOf are the row groups that a scan reads, in order.
func groupsOf(c *coordinator.Coordinator, scan *physical.Scan) (out []group) {
	for i, f := range scan.Files {
		if f.RowGroups != nil {
			for _, g := range f.RowGroups {
				out = append(out, group{i, g})
			}
			continue
		}
		for g := range c.Footers(f, "", expr.Type{}) {
			out = append(out, group{i, g})
		}
	}
	return out
}

// filesVersion tells versions of files apart.
func filesVersion(files []physical.File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%q %d %d %q\n", f.Path, f.SizeBytes, f.ModTime.UnixNano(), f.ETag)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// sharedQuery gives a share of the rows of a query.
type sharedQuery struct {
	*query
	share flight.Share
}

// Execute plans the query and reads the row groups of the share only.
func (q *sharedQuery) Execute(ctx context.Context, args []expr.Value) (flight.Result, error) {
	plan, _, err := q.plan(ctx, args)
	if err != nil {
		return nil, err
	}
	scan := shareable(plan.Root)
	if scan == nil || filesVersion(scan.Files) != q.share.Version {
		return nil, sqlerr.New(sqlerr.FileChanged, "the files of the query have changed since its endpoints were given out").
			WithHint("Run the statement again.")
	}
	groups := groupsOf(q.statements.Coordinator, scan)
	from, to := len(groups)*q.share.Index/q.share.Of, len(groups)*(q.share.Index+1)/q.share.Of
	return q.statements.run(ctx, q.session, restricted(plan.Root, groups[from:to]), q.fields, q.first.key.text)
}

// restricted is a plan whose scan reads certain row groups.
func restricted(n physical.Node, groups []group) physical.Node {
	switch n := n.(type) {
	case *physical.Filter:
		out := *n
		out.Input = restricted(n.Input, groups)
		return &out
	case *physical.Project:
		out := *n
		out.Input = restricted(n.Input, groups)
		return &out
	case *physical.Scan:
		out := *n
		out.Files = nil
		for i, f := range n.Files {
			f.RowGroups = nil
			for _, g := range groups {
				if g.file == i {
					f.RowGroups = append(f.RowGroups, g.group)
				}
			}
			if f.RowGroups != nil {
				out.Files = append(out.Files, f)
			}
		}
		return &out
	}
	return n
}
