package worker

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// morsel is a row group of a file.
type morsel struct {
	file     *parquet.File
	rowGroup int
}

// morsels is the queue that the instances of a fragment take a scan's work from.
type morsels struct {
	once exec.Once
	list []morsel
	next atomic.Int64
}

func (m *morsels) take() (morsel, bool) {
	i := m.next.Add(1) - 1
	if i >= int64(len(m.list)) {
		return morsel{}, false
	}
	return m.list[i], true
}

// scan is the leaf operator over Parquet files: it takes morsels from the group's
// queue and gives out the batches of each.
type scan struct {
	node    *physical.Scan
	env     *exec.Env
	files   *parquet.Cache
	queue   *morsels
	counts  *counts             // nil: nothing is measured
	preds   []*predicate        // of the plan, for this instance
	dynamic []parquet.Predicate // runtime filters that have been published so far
	waiting []physical.RuntimeFilterUse
	current *parquet.RowGroupScan
	ahead   []*parquet.RowGroupScan // of the morsels that come after, being fetched
	all     bool                    // all columns of the last row group were needed
	spec    *parquet.Scan
	file    *parquet.File // that spec's columns are resolved for
}

// newScan reads n's files, or others in their place when some are given: what is measured
// is the plan's node n.
func newScan(n *physical.Scan, only []physical.File, env *exec.Env, files *parquet.Cache) (exec.Operator, error) {
	s := &scan{node: n, env: env, files: files}
	if only != nil {
		c := *n
		c.Files = only
		s.node = &c
	}
	if env.Profile != nil {
		s.counts = &counts{profile: &env.Profile.Node(n).Scan}
	}
	s.queue = exec.State(env.Group, n, func() *morsels { return &morsels{} })
	for _, cond := range n.Filter {
		p, err := newPredicate(cond, n.Fields, env)
		if err != nil {
			s.closePredicates()
			return nil, err
		}
		s.preds = append(s.preds, p)
	}
	s.waiting = n.RuntimeFilters
	return s, nil
}

func (s *scan) Schema() []expr.Field { return s.node.Schema() }

func (s *scan) Next(ctx context.Context) (*vector.Batch, error) {
	if s.counts != nil {
		ctx = object.Counted(ctx, &s.counts.requests)
	}
	if err := s.queue.once.Do(ctx, func() error { return s.fill(ctx) }); err != nil {
		return nil, err
	}
	for {
		if s.current == nil {
			if err := s.advance(ctx); err != nil {
				return nil, err
			}
		}
		b, err := s.current.Next(ctx)
		if err == nil {
			return b, nil
		}
		if err != io.EOF {
			return nil, sqlerr.Wrap(err, "scan %s", s.node.Table)
		}
		s.all = s.current.NeededAll()
		err = s.current.Close()
		s.current = nil
		if err != nil {
			return nil, err
		}
	}
}

// fill opens the files and lists their row groups.
func (s *scan) fill(ctx context.Context) error {
	for _, f := range s.node.Files {
		file, err := s.files.Open(ctx, object.Info{Path: f.Path, SizeBytes: f.SizeBytes, ModTime: f.ModTime, ETag: f.ETag})
		if err != nil {
			return sqlerr.Wrap(err, "scan %s", s.node.Table)
		}
		groups := f.RowGroups
		if groups == nil {
			for i := range file.RowGroupCount() {
				groups = append(groups, i)
			}
		}
		for _, g := range groups {
			s.queue.list = append(s.queue.list, morsel{file, g})
		}
	}
	return nil
}

// advance starts the next morsel, io.EOF when there is none, and prepares those
// after it, so that they are fetched while this one is worked on.
func (s *scan) advance(ctx context.Context) (err error) {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if len(s.ahead) == 0 {
		if err := s.prepare(ctx); err != nil {
			return err
		}
	}
	s.current, s.ahead = s.ahead[0], s.ahead[1:]
	if err := s.current.Start(ctx); err != nil {
		return sqlerr.Wrap(err, "scan %s", s.node.Table)
	}
	for s.current.Fetched() && s.wantsMore() {
		if err := s.prepare(ctx); err != nil {
			return err
		}
	}
	return nil
}

// How far a scan reads ahead: what covers the time of a request to a distant
// bucket, and costs little memory.
const (
	maxAhead      = 8
	maxAheadBytes = 16 << 20
)

// wantsMore reports whether another morsel is to be prepared. The fewer are left,
// the fewer an instance takes before it can work on them: others are idle sooner.
func (s *scan) wantsMore() bool {
	left := len(s.queue.list) - int(s.queue.next.Load())
	if left <= 0 || len(s.ahead) >= min(maxAhead, 1+left/8) {
		return false
	}
	bytes := int64(0)
	for _, r := range s.ahead {
		bytes += r.Bytes()
	}
	return len(s.ahead) == 0 || bytes < maxAheadBytes
}

// prepare takes a morsel; io.EOF when there is none.
func (s *scan) prepare(ctx context.Context) error {
	m, ok := s.queue.take()
	if !ok {
		if len(s.ahead) > 0 || s.current != nil {
			return nil // another instance was faster
		}
		return io.EOF
	}
	if s.file != m.file {
		spec, err := s.specFor(m.file)
		if err != nil {
			return err
		}
		s.file, s.spec = m.file, spec
	}
	r, err := m.file.PrepareRowGroup(ctx, m.rowGroup, s.spec, s.all)
	if err != nil {
		r.Close()
		return sqlerr.Wrap(err, "scan %s", s.node.Table)
	}
	s.ahead = append(s.ahead, r)
	return nil
}

// specFor finds the scan's columns in a file by name.
func (s *scan) specFor(f *parquet.File) (*parquet.Scan, error) {
	spec := &parquet.Scan{Emit: s.node.Emit, BatchRows: s.env.Rows(), Pool: s.env.Pool,
		Account: s.env.Account}
	if s.counts != nil {
		spec.Metrics = &s.counts.reading
	}
	for _, p := range s.preds {
		spec.Predicates = append(spec.Predicates, p)
	}
	fields := f.Fields()
	for i, name := range s.node.Columns {
		at := -1
		for j := range fields {
			if fields[j].Name == name {
				at = j
				break
			}
		}
		if at < 0 {
			return nil, sqlerr.New(sqlerr.FileChanged, "scan %s: column %q is not in %s any more", s.node.Table, name, f.Info().Path)
		}
		if t, ok := expr.FromArrow(fields[at].Type); !ok || !sameKind(t, s.node.Fields[i].Type) {
			return nil, sqlerr.New(sqlerr.FileChanged, "scan %s: column %q of %s is %s, not %s any more",
				s.node.Table, name, f.Info().Path, fields[at].Type, s.node.Fields[i].Type)
		}
		spec.Columns = append(spec.Columns, at)
	}
	if len(s.node.RuntimeFilters) > 0 {
		spec.Dynamic = s.runtimeFilters
	}
	return spec, nil
}

// sameKind reports whether a file's values are those of a column: Parquet knows strings
// of one kind, a table those that are padded too.
func sameKind(file, column expr.Type) bool {
	return file.Kind == column.Kind || file.IsString() && column.IsString()
}

// runtimeFilters are the filters published by now; the list only grows at its end.
func (s *scan) runtimeFilters() []parquet.Predicate {
	var still []physical.RuntimeFilterUse
	for _, use := range s.waiting {
		if f, ok := s.env.Filters.Get(use.ID); ok {
			s.dynamic = append(s.dynamic, &runtimePredicate{filter: f, column: use.Column, typ: s.node.Fields[use.Column].Type})
		} else {
			still = append(still, use)
		}
	}
	s.waiting = still
	return s.dynamic
}

func (s *scan) Close() error {
	s.closePredicates()
	err := s.current.Close()
	for _, r := range s.ahead {
		err = errors.Join(err, r.Close())
	}
	s.current, s.ahead = nil, nil
	s.counts.report()
	s.counts = nil
	return err
}

func (s *scan) closePredicates() {
	for _, p := range s.preds {
		p.Close()
	}
}
