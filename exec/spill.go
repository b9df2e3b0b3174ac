package exec

import (
	"sync/atomic"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/physical"
)

// Spill is where the operators of a query put rows they have no memory for.
type Spill interface {
	// Create makes an empty file, which takes no room until something is appended.
	Create() SpillFile
}

// SpillFile is batches outside of memory, numbered in the order in which they were
// appended. Several instances may append and read at a time.
type SpillFile interface {
	// Append writes the selected rows of a batch, which stays the caller's, and gives
	// the length of the file before and after it.
	Append(b *vector.Batch) (from, to int64, err error)
	// Batches is how many batches there are.
	Batches() int
	// Read gives batch number i, which the caller owns, as often as it is asked for.
	Read(i int) (*vector.Batch, error)
	// Bytes is what has been written.
	Bytes() int64
	// Free gives the room back. It is idempotent; nothing is asked afterwards.
	Free()
}

// SpillProfile is what an operator wrote out for want of memory.
type SpillProfile struct {
	Bytes atomic.Int64
	Files atomic.Int64 // partitions or runs
}

// spillProfile is where operator n counts what it spills: operators that a spilled one
// runs over its partitions count as that one.
func (e *Env) spillProfile(n physical.Node) *SpillProfile {
	switch {
	case e.spilled != nil:
		return e.spilled
	case e.Profile != nil:
		return &e.Profile.Node(n).Spill
	}
	return &SpillProfile{}
}

// share is the account of what an operator can spill.
func (e *Env) share() *memory.Account {
	if e.Spill == nil || e.Account == nil {
		return e.Account
	}
	return e.Account.Share()
}

// alone is the environment of an operator that one instance runs over what a spilled
// operator wrote out: it shares nothing with the other instances.
func (e *Env) alone(n physical.Node) *Env {
	sub := *e
	sub.spilled = e.spillProfile(n)
	sub.Instance, sub.Group, sub.depth = 0, NewGroup(1), e.depth+1
	sub.Fragment, sub.Filters, sub.Profile = sub.Group, nil, nil
	sub.FragmentAccount = nil
	return &sub
}

// needsRoom reports whether an operator is to spill rather than to fail.
func (e *Env) needsRoom(err error) bool {
	return e.Spill != nil && sqlerr.CodeOf(err) == sqlerr.OutOfMemory
}
