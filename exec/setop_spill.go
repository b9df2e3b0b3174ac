package exec

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// setOpSpill is what the instances of INTERSECT or EXCEPT have in common when their
// rows do not fit: as an aggregate does (aggregate_spill.go), each writes its rows with
// how often they stand left and right to partitions, which are then counted one by one.
type setOpSpill struct {
	on      atomic.Bool
	barrier *Barrier // behind it everything is in files
	once    sync.Once
	fields  []expr.Field // the columns, and the two counts
	files   *partFiles
	taken   atomic.Int64
}

// setOpFiles is one instance's part in it.
type setOpFiles struct {
	shared *setOpSpill
	counts bool        // the left input is rows with their counts: of a partition
	writer *partWriter // nil: nothing was spilled
	met    bool        // the barrier was
	part   Operator    // counts partition at
	at     int
}

// crowded reports whether the rows are to be written now.
func (s *setOp) crowded() bool {
	if s.env.Spill == nil || len(s.plan.keys) == 0 || s.env.depth >= maxSpillDepth {
		return false
	}
	return s.files.shared.on.Load() && s.files.writer == nil || s.account.Crowded(crowdedStates)
}

// spill writes the table and begins another.
func (s *setOp) spill(ctx context.Context) error {
	f := &s.files
	f.shared.once.Do(func() {
		f.shared.fields = append(append([]expr.Field{}, s.node.Fields...), expr.Field{Type: expr.Of(expr.Int8)}, expr.Field{Type: expr.Of(expr.Int8)})
		f.shared.files = newPartFiles(s.env, s.env.spillProfile(s.node))
	})
	f.shared.on.Store(true)
	if f.writer == nil {
		f.writer = newPartWriter(f.shared.files, f.shared.fields, s.plan.keys, s.env)
	}
	t := s.table
	for from := 0; from < t.size(); from += vector.MaxRows {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		to := min(from+vector.MaxRows, t.size())
		cols, err := t.groups.columns(from, to)
		if err != nil {
			return err
		}
		keys := len(cols)
		for _, state := range t.states {
			cols = append(cols, vector.Flat(eval.Layout(expr.Of(expr.Int8)), state.(*counts).n[from:to], nil))
		}
		if err := f.writer.add(cols, cols[:keys], to-from, nil); err != nil {
			return err
		}
	}
	t.b.free()
	s.table = newAggregateTable(s.plan, s.account)
	return nil
}

// written ends what the instance writes and waits for the others.
func (s *setOp) written(ctx context.Context) error {
	if err := s.spill(ctx); err != nil {
		return err
	}
	s.table.b.free()
	s.table = nil
	if err := s.files.writer.flush(); err != nil {
		return err
	}
	s.files.met = true
	return s.files.shared.barrier.Arrive(ctx)
}

// nextSpilled gives the next rows of the partitions.
func (s *setOp) nextSpilled(ctx context.Context) (*vector.Batch, error) {
	f := &s.files
	for {
		if f.part == nil {
			if f.at = int(f.shared.taken.Add(1)) - 1; f.at >= spillParts {
				return nil, io.EOF
			}
			env := s.env.alone(s.node)
			left := newSpillReader(f.shared.files.files[f.at], f.shared.fields, env)
			f.part = newSetOpOver(s.node, left, &spillReader{fields: s.node.Fields}, env, true)
		}
		b, err := f.part.Next(ctx)
		if !errors.Is(err, io.EOF) {
			return b, err
		}
		err = f.part.Close()
		f.part = nil
		f.shared.files.files[f.at].Free()
		if err != nil {
			return nil, err
		}
	}
}

// close gives back what the instance has of files.
func (f *setOpFiles) close() error {
	if !f.met {
		f.met = true
		f.shared.barrier.Leave()
	}
	f.writer.close()
	if f.part == nil {
		return nil
	}
	err := f.part.Close()
	f.part = nil
	return err
}
