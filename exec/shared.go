package exec

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// shared is one place of a subplan that several places of the plan read.
//
// The subplan runs once: the first of an instance's places that is pulled drains
// the instance's chain of it into the spool, and waits until all instances have.
// Then every place reads all batches, each batch on one of its instances. A batch
// is dropped when every place has read it or will not any more. Memory: all rows of
// the subplan until the slowest place has read them; those for which there is no room
// are written to a file, and read from there by every place.
type shared struct {
	node  *physical.Shared
	chain *sharedChain // of this instance
	place int          // number of this place among the instance's
	ended bool         // this place reads no more
}

// sharedChain is one instance's running subplan, used by all its places, which run
// in one goroutine.
type sharedChain struct {
	input   Operator
	spool   *spool
	places  int  // places built
	open    int  // places not closed yet
	arrived bool // the input was drained and the barrier met
}

// spool is the rows of a subplan and who has read them.
type spool struct {
	barrier *Barrier
	mu      sync.Mutex
	b       budget
	batches []spooled
	readers []spoolReader // per place

	env     *Env // of the instance that came first
	profile *SpillProfile
	file    SpillFile // nil: nothing was spilled
}

// spooled is one batch of a spool.
type spooled struct {
	batch *vector.Batch // nil when every place is through with it, or it is in the file
	at    int           // number in the file, plus one; 0: in memory
	bytes int64         // reserved for it
	left  int           // places that may still read it
}

// spoolReader is how far a place has come.
type spoolReader struct {
	next int // the next batch
	open int // instances that may still read
}

// Keys of a Group's states: a spool for all instances, a chain for each.
type (
	spoolKey struct{ id int }
	chainKey struct{ id, instance int }
)

func newShared(n *physical.Shared, env *Env) (Operator, error) {
	s := State(env.Group, spoolKey{n.ID}, func() *spool { return &spool{barrier: NewBarrier(env.Group.Size())} })
	c := State(env.Group, chainKey{n.ID, env.Instance}, func() *sharedChain { return &sharedChain{spool: s} })
	if c.input == nil {
		input, err := Build(n.Input, env)
		if err != nil {
			return nil, err
		}
		c.input = input
	}
	place := c.places
	c.places++
	c.open++
	s.join(place, n, env)
	return &shared{node: n, chain: c, place: place}, nil
}

// join makes a place known, which the first instance that builds it does.
func (s *spool) join(place int, n *physical.Shared, env *Env) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.env == nil {
		s.env, s.b.account, s.profile = env, env.share(), env.spillProfile(n)
	}
	if place == len(s.readers) {
		s.readers = append(s.readers, spoolReader{open: env.Group.Size()})
	}
}

func (s *shared) Schema() []expr.Field { return s.node.Schema() }

func (s *shared) Next(ctx context.Context) (*vector.Batch, error) {
	if s.ended {
		return nil, io.EOF
	}
	if !s.chain.arrived {
		if err := s.chain.drain(ctx); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	b, err := s.chain.spool.read(s.place)
	if b == nil && err == nil {
		err = io.EOF
	}
	return b, err
}

func (s *shared) Close() error {
	if s.ended {
		return nil
	}
	s.ended = true
	c := s.chain
	c.spool.leave(s.place)
	c.open--
	if c.open > 0 {
		return nil
	}
	if !c.arrived {
		c.arrived = true
		c.spool.barrier.Leave()
	}
	return c.input.Close()
}

// drain runs the instance's chain to its end and waits for the others.
func (c *sharedChain) drain(ctx context.Context) error {
	for {
		b, err := c.input.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := c.spool.add(b, c.places); err != nil {
			b.Release()
			return err
		}
	}
	if err := c.input.Close(); err != nil { // frees what is below
		return err
	}
	c.arrived = true
	return c.spool.barrier.Arrive(ctx)
}

// add keeps a batch for so many places. What is reserved for it counts its columns
// as if nobody else did: what is behind them may be charged to nobody any more
// when the operator that made them has closed.
func (s *spool) add(b *vector.Batch, places int) error {
	if b.Rows() == 0 {
		b.Release()
		return nil
	}
	if b.Sel != nil && len(b.Sel) < b.Len/4 {
		b = vector.Compact(b)
	}
	b = vector.Own(b)
	bytes := int64(len(b.Sel)) * 4
	for i := range b.Cols {
		width := b.Cols[i].Kind.Size()
		if b.Cols[i].Dict != nil {
			width = int(b.Cols[i].Width)
		}
		bytes += int64(b.Len * width)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := spooled{batch: b, bytes: bytes, left: places}
	if err := s.b.reserve(bytes); s.env.needsRoom(err) {
		if s.file == nil {
			s.file = s.env.Spill.Create()
		}
		if err := appendSpilled(s.file, b.Share(), s.profile); err != nil {
			return err
		}
		b.Release()
		kept.batch, kept.bytes, kept.at = nil, 0, s.file.Batches()
	} else if err != nil {
		return err
	}
	s.batches = append(s.batches, kept)
	// Places that nobody reads any more do not count.
	at := &s.batches[len(s.batches)-1]
	for _, r := range s.readers {
		if r.open == 0 {
			s.drop(at)
		}
	}
	return nil
}

// drop says that one place is through with a batch.
func (s *spool) drop(at *spooled) {
	at.left--
	if at.left == 0 && at.at == 0 {
		at.batch.Release()
		at.batch = nil
		s.b.giveBack(at.bytes)
	}
}

// read gives a place its next batch, nil when there is none.
func (s *spool) read(place int) (*vector.Batch, error) {
	s.mu.Lock()
	r := &s.readers[place]
	if r.next == len(s.batches) {
		s.mu.Unlock()
		return nil, nil
	}
	at := &s.batches[r.next]
	r.next++
	if at.at > 0 {
		s.mu.Unlock()
		return s.file.Read(at.at - 1)
	}
	defer s.mu.Unlock()
	b := at.batch.Share()
	s.drop(at)
	return b, nil
}

// leave says that an instance reads no more at a place.
func (s *spool) leave(place int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.readers[place]
	r.open--
	if r.open > 0 {
		return
	}
	for ; r.next < len(s.batches); r.next++ {
		s.drop(&s.batches[r.next])
	}
	for _, other := range s.readers {
		if other.open > 0 {
			return
		}
	}
	if s.file != nil {
		s.file.Free()
	}
}
