package exec

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/vector"
)

// The meeting points of the instances of a nested loop join.
const (
	nestedFilled = iota // every build row is in some instance's buffers
	nestedCopied        // the columns stand in the shared store
	nestedProbed        // every probe row has left its marks
	nestedBarriers
)

// nestedBuild is the build side of a nested loop join, shared by its instances.
type nestedBuild struct {
	shape    *joinShape
	barriers [nestedBarriers]*Barrier
	planned  Once
	failure  atomic.Pointer[error]
	parts    []joinPart // by instance
	store    *joinStore
	rows     int
	tail     tailRows

	mu    sync.Mutex
	users int // instances that have not closed
}

func newNestedBuild(shape *joinShape, instances int) *nestedBuild {
	s := &nestedBuild{shape: shape, users: instances, parts: make([]joinPart, instances)}
	for i := range s.barriers {
		s.barriers[i] = NewBarrier(instances)
	}
	s.tail.marks = make([]vector.Bitmap, instances)
	return s
}

func (s *nestedBuild) fail(err error) error {
	s.failure.CompareAndSwap(nil, &err)
	return err
}

func (s *nestedBuild) failed() error {
	if err := s.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// read is one instance's part of bringing the build side into the store.
func (s *nestedBuild) read(ctx context.Context, env *Env, input Operator, arrive func(context.Context, int) error) error {
	p := &s.parts[env.Instance]
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
	if err != nil {
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

func (s *nestedBuild) plan(env *Env) error {
	parts := make([]storePart, len(s.parts))
	for i := range s.parts {
		parts[i] = storePart{rows: s.parts[i].rows, buffers: s.parts[i].buffers}
	}
	var err error
	s.store, err = newJoinStore(s.shape.storedFields, parts, reservation{account: env.Account})
	if err == nil {
		s.rows = s.store.rows
	}
	return err
}

// leave says that an instance has closed; the last one frees everything.
func (s *nestedBuild) leave() {
	s.mu.Lock()
	s.users--
	last := s.users == 0
	s.mu.Unlock()
	if !last {
		return
	}
	if s.store != nil {
		s.store.release()
		return
	}
	for i := range s.parts {
		releaseBuffers(s.parts[i].buffers)
	}
}
