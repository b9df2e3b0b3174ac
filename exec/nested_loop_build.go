package exec

import (
	"context"

	"github.com/skein-query/skein/exec/vector"
)

// The meeting points of the instances of a nested loop join.
const (
	nestedFilled = iota // every build row is in some instance's buffers
	nestedCopied        // the columns stand in the shared store
	nestedProbed        // every probe row has left its marks
	nestedBarriers
)

// nestedBuild is the build side of a nested loop join, shared by the instances of a
// group, or by the tasks of a fragment when it is replicated.
type nestedBuild struct {
	*sharedBuild
	shape    *joinShape
	barriers [nestedBarriers]*Barrier
	planned  Once
	parts    []joinPart // by instance
	store    *joinStore
	rows     int
	tail     tailRows
}

func newNestedBuild(shape *joinShape, instances int) *nestedBuild {
	s := &nestedBuild{sharedBuild: newSharedBuild(instances), shape: shape, parts: make([]joinPart, instances)}
	for i := range s.barriers {
		s.barriers[i] = NewBarrier(instances)
	}
	s.tail.marks = make([]vector.Bitmap, instances)
	return s
}

// readTogether is one instance's part of bringing the build side into the store;
// arrive waits at a barrier.
func (s *nestedBuild) readTogether(ctx context.Context, env *Env, input Operator, arrive func(context.Context, int) error) error {
	if err := s.fill(ctx, env.Instance, env, input); err != nil {
		return s.fail(err)
	}
	if err := arrive(ctx, nestedFilled); err != nil {
		return err
	}
	if err := s.planned.Do(ctx, func() error { return s.plan(env) }); err != nil {
		return s.fail(err)
	}
	s.store.copyPart(&s.store.part[env.Instance])
	return arrive(ctx, nestedCopied)
}

// readOnce reads the build side for all tasks of a fragment, unless one has already.
func (s *nestedBuild) readOnce(ctx context.Context, env *Env, input Operator) error {
	build := func() error {
		if err := s.fill(ctx, 0, env, input); err != nil {
			return err
		}
		if err := s.plan(env); err != nil {
			return err
		}
		s.store.copyPart(&s.store.part[0])
		return nil
	}
	return s.once(ctx, input, build, func() {
		s.release()
		s.parts, s.store = make([]joinPart, 1), nil
	})
}

// fill reads the input into buffers and closes it.
func (s *nestedBuild) fill(ctx context.Context, part int, env *Env, input Operator) error {
	p := &s.parts[part]
	p.buffers = newColumnBuffers(len(s.shape.stored), env.Account)
	err := Drain(ctx, input, func(b *vector.Batch) error {
		defer b.Release()
		sel := explicit(b.Sel, b.Len)
		for slot, c := range s.shape.stored {
			if err := p.buffers[slot].add(&b.Cols[c], sel); err != nil {
				return err
			}
		}
		p.rows += len(sel)
		return nil
	})
	if cerr := input.Close(); err == nil {
		err = cerr
	}
	return err
}

func (s *nestedBuild) plan(env *Env) error {
	parts := make([]storePart, len(s.parts))
	for i := range s.parts {
		parts[i] = storePart{rows: s.parts[i].rows, buffers: s.parts[i].buffers}
	}
	var err error
	s.store, err = newJoinStore(s.shape.storedFields, parts, budget{account: env.Account})
	if err == nil {
		s.rows = s.store.rows
	}
	return err
}

// leave says that an instance has closed; the last one frees everything.
func (s *nestedBuild) leave() {
	if s.last() {
		s.release()
	}
}

// release gives all memory back. Columns given out before stay readable.
func (s *nestedBuild) release() {
	if s.store != nil {
		s.store.release()
		return
	}
	for i := range s.parts {
		releaseBuffers(s.parts[i].buffers)
	}
}
