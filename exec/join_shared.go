package exec

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// sharedBuild is what the build sides of all joins have in common: who shares one,
// and what is told to the others.
type sharedBuild struct {
	failure atomic.Pointer[error] // the first error of an instance: the build side is not complete

	mu    sync.Mutex
	users int // instances that have not closed

	turn  chan struct{} // replicated: whoever builds holds it
	whole bool          // replicated: built
	keep  sync.Once     // replicated: tells the fragment to release it
}

func newSharedBuild(instances int) *sharedBuild {
	return &sharedBuild{users: instances, turn: make(chan struct{}, 1)}
}

// fail makes every instance give up: an instance that leaves with an error has
// taken rows that are missing in the build side now.
func (s *sharedBuild) fail(err error) error {
	s.failure.CompareAndSwap(nil, &err)
	return err
}

// failAll is fail, unless what failed was one task's own.
func (s *sharedBuild) failAll(err error, replicated bool) error {
	if replicated {
		return err
	}
	return s.fail(err)
}

func (s *sharedBuild) failed() error {
	if err := s.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// last says that an instance has closed, and reports whether it was the last one,
// which frees everything.
func (s *sharedBuild) last() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	return s.users == 0
}

// once builds for all tasks of a fragment, or waits for the task that does. When
// that one is cancelled its work is undone and the next one begins anew. input,
// which build reads, is closed in any case.
func (s *sharedBuild) once(ctx context.Context, input Operator, build func() error, undo func()) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	if err := s.failed(); err != nil || s.whole {
		return errors.Join(err, input.Close())
	}
	err := build()
	switch {
	case err == nil:
		s.whole = true
	case ctx.Err() != nil:
		undo()
	default:
		s.fail(err)
	}
	return err
}
