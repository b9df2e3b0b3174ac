package session

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/object"
)

// explaining is the options of an EXPLAIN.
type explaining struct {
	analyze bool
	format  string
}

func explainOptions(stmt *sql.Explain) (explaining, error) {
	e := explaining{format: "text"}
	for _, o := range stmt.Options {
		on := !strings.EqualFold(o.Value, "false") && !strings.EqualFold(o.Value, "off") && o.Value != "0"
		switch o.Name {
		case "analyze":
			e.analyze = on
		case "format":
			e.format = strings.ToLower(o.Value)
			if !slices.Contains([]string{"text", "json", "dot", "substrait"}, e.format) {
				return e, sqlerr.At(sqlerr.InvalidParameterValue, o.Span(), "EXPLAIN format %q is not known", o.Value).WithHint("Use TEXT, JSON, DOT or SUBSTRAIT.")
			}
		case "verbose", "costs", "timing", "summary", "buffers", "settings", "wal":
		default:
			return e, sqlerr.At(sqlerr.SyntaxError, o.Span(), "unrecognized EXPLAIN option %q", o.Name)
		}
	}
	return e, nil
}

func (s *Statements) explain(ctx context.Context, session *flight.Session, text string, stmt *sql.Explain, began time.Time) (flight.Prepared, error) {
	opt, err := explainOptions(stmt)
	if err != nil {
		return nil, err
	}
	q, ok := stmt.Statement.(*sql.Query)
	if !ok {
		return nil, sqlerr.At(sqlerr.FeatureNotSupported, stmt.Statement.Span(), "EXPLAIN of this statement is not supported")
	}
	described, err := s.queryWithin(ctx, session, text, q, began)
	if err != nil {
		return nil, err
	}
	field := []expr.Field{{Name: "QUERY PLAN", Type: expr.Of(expr.Text), Nullable: true}}
	return &rows{statements: s, session: session, fields: field, params: described.params,
		make: func(ctx context.Context, args []expr.Value) ([][]expr.Value, error) {
			text, err := s.explainText(ctx, session, described, args, opt)
			if err != nil {
				return nil, err
			}
			if opt.format == "json" || opt.format == "dot" { // programs take the whole from one row, as from PostgreSQL
				return [][]expr.Value{texts(text)}, nil
			}
			out := [][]expr.Value{}
			for line := range strings.Lines(text) {
				out = append(out, texts(strings.TrimRight(line, "\n")))
			}
			return out, nil
		}}, nil
}

// queryWithin describes the query that stands in another statement's text, or remembers
// how it did.
func (s *Statements) queryWithin(ctx context.Context, session *flight.Session, text string, q *sql.Query, began time.Time) (*query, error) {
	key := planKey{text: text, explained: true}
	if described := s.remembered(ctx, session, key); described != nil {
		return described, nil
	}
	return s.query(ctx, session, key, q, began)
}

func (s *Statements) explainText(ctx context.Context, session *flight.Session, q *query, args []expr.Value, opt explaining) (string, error) {
	if opt.format == "substrait" {
		return s.portable(ctx, session, q, args)
	}
	start := time.Now()
	var asked object.Traffic
	plan, from, err := q.plan(object.Counted(ctx, &asked), args)
	if err != nil {
		return "", err
	}
	planning := time.Since(start)
	if took := time.Duration(q.took.Swap(0)); took > 0 { // nobody has run it yet
		planning += took
		if from == cachedPlan {
			from = newPlan
		}
	}
	if opt.analyze {
		line := fmt.Sprintf("Planning: %.3f ms, plan %s", float64(planning)/1e6, from)
		if n := asked.Requests.Load(); n > 0 { // that looked whether the files are still the same
			line += fmt.Sprintf(", requests=%d", n)
		}
		m, err := s.analyze(ctx, session, plan.Root, q.fields, q.first.key.text)
		if err != nil {
			return "", err
		}
		if opt.format == "text" {
			return m.text(line), nil
		}
		ms := float64(planning) / 1e6
		took := float64(m.elapsed) / 1e6
		return explanation{Plan: explainedTree(m.plan, m.profile), Planning: &ms, Execution: &took, Rows: &m.rows,
			Where: strings.TrimSpace(m.where), Origin: string(from)}.as(opt.format)
	}
	fragments := s.Coordinator.Fragments(plan.Root, s.settings(session))
	if opt.format != "text" {
		return explanation{Plan: explainedTree(fragments, nil)}.as(opt.format)
	}
	return formatPlan(fragments, func(n physical.Node) string {
		return fmt.Sprintf("  (rows≈%.0f)", n.Rows())
	}), nil
}

// formatPlan shows a plan as it runs: a tree, or one per fragment.
func formatPlan(p *fragment.Plan, note func(physical.Node) string) string {
	if len(p.Fragments) == 1 && len(p.Edges) == 0 {
		return physical.FormatWith(p.Fragments[0].Root, note)
	}
	var b strings.Builder
	for _, f := range p.Fragments {
		fmt.Fprintf(&b, "Fragment %d", f.ID)
		for _, e := range f.Outputs {
			edge := p.Edges[e]
			fmt.Fprintf(&b, " → edge %d (%s) to fragment %d", e, edge.Kind, edge.To)
		}
		b.WriteString("\n")
		b.WriteString(physical.FormatWith(f.Root, note))
	}
	return b.String()
}

// measurement is what a plan did when it ran.
type measurement struct {
	plan    *fragment.Plan
	profile *exec.Profile
	elapsed time.Duration
	rows    int64
	where   string // on which workers
}

// analyze runs the plan and measures what each operator does.
func (s *Statements) analyze(ctx context.Context, session *flight.Session, root physical.Node, fields []expr.Field, text string) (m measurement, err error) {
	settings := s.settings(session)
	m.profile = exec.NewProfile()
	settings.Run.Profile = m.profile
	settings.Encode = false // the profile is by node
	settings.User, settings.Text = sessionUser(session), text
	start := time.Now()
	running, err := s.start(ctx, root, fields, settings)
	if err != nil {
		return m, err
	}
	defer running.Close()
	if m.rows, err = drain(ctx, running); err != nil {
		return m, err
	}
	m.elapsed, m.plan, m.where = time.Since(start), running.Plan, s.where(running.ID)
	return m, nil
}

// text is the measurement for people, below a line about planning.
func (m measurement) text(planning string) string {
	tree := formatPlan(m.plan, func(n physical.Node) string { return measured(n, m.profile) })
	return fmt.Sprintf("%s%s\nExecution: %.2f ms, %d rows\n%s", tree, planning, float64(m.elapsed.Microseconds())/1000, m.rows, m.where)
}

// measured is what an operator did. Times are sums over instances: time with its
// inputs, self without. Memory is the most it held.
func measured(n physical.Node, profile *exec.Profile) string {
	p := profile.Node(n)
	self := p.Nanos.Load()
	for _, in := range n.Inputs() {
		self -= profile.Node(in).Nanos.Load()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  (rows≈%.0f actual=%d batches=%d time=%.2fms self=%.2fms", n.Rows(), p.Rows.Load(), p.Batches.Load(),
		float64(p.Nanos.Load())/1e6, float64(max(0, self))/1e6)
	if bytes := p.PeakBytes(); bytes > 0 {
		fmt.Fprintf(&b, " memory=%s", size(bytes))
	}
	if bytes := p.Spill.Bytes.Load(); bytes > 0 {
		fmt.Fprintf(&b, " spilled=%s in %d files", size(bytes), p.Spill.Files.Load())
	}
	for _, note := range p.Notes() {
		fmt.Fprintf(&b, " [%s]", note)
	}
	if scan, ok := n.(*physical.Scan); ok {
		b.WriteString(read(scan, &p.Scan))
	}
	if f, ok := n.(*physical.Filter); ok {
		if in := profile.Node(f.Input).Rows.Load(); in > 0 {
			fmt.Fprintf(&b, " passed=%.3g%%", 100*float64(p.Rows.Load())/float64(in))
		}
	}
	return b.String() + ")"
}

// read is what a scan read: of pages, and over the network when its files are there.
func read(n *physical.Scan, s *exec.ScanProfile) string {
	var b strings.Builder
	fmt.Fprintf(&b, " row groups=%d", s.RowGroups.Load())
	for _, c := range []struct {
		name string
		n    int64
	}{{"pruned", s.RowGroupsPruned.Load()}, {"pages skipped", s.PagesPruned.Load()}, {"pages cached", s.PagesCached.Load()}} {
		if c.n > 0 {
			fmt.Fprintf(&b, " %s=%d", c.name, c.n)
		}
	}
	fmt.Fprintf(&b, " decompressed=%s", size(s.Bytes.Load()))
	if slices.ContainsFunc(n.Files, func(f physical.File) bool { return strings.Contains(f.Path, "://") }) {
		fmt.Fprintf(&b, " requests=%d fetched=%s", s.Requests.Load(), size(s.Fetched.Load()))
	}
	if again := s.Retries.Load(); again > 0 {
		fmt.Fprintf(&b, " retries=%d", again)
	}
	if read := s.RowsRead.Load(); read > 0 {
		fmt.Fprintf(&b, " passed=%.3g%%", 100*float64(s.RowsOut.Load())/float64(read))
	}
	return b.String()
}

// size is a number of bytes for people.
func size(bytes int64) string {
	switch {
	case bytes < 10<<10:
		return fmt.Sprintf("%dB", bytes)
	case bytes < 10<<20:
		return fmt.Sprintf("%dKiB", bytes>>10)
	}
	return fmt.Sprintf("%dMiB", bytes>>20)
}

// where says on which workers a query ran, and what it had to do again.
func (s *Statements) where(id string) string {
	q, ok := s.Coordinator.Info(id)
	if !ok {
		return ""
	}
	if q.Whole {
		return "Whole in one worker\n"
	}
	out := fmt.Sprintf("%d tasks in %d runs on %s\n", q.Tasks, q.Runs, strings.Join(q.Workers, ", "))
	if q.Lost > 0 {
		out += fmt.Sprintf("%d workers were lost: what they had was run again\n", q.Lost)
	}
	return out
}

func drain(ctx context.Context, r *running) (rows int64, err error) {
	for {
		b, err := r.Result().Next(ctx)
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows += int64(b.Rows())
		b.Release()
	}
}
