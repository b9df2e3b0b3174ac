package worker

import (
	"sync/atomic"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

// keeper is where the pieces of a query are kept until nobody needs them any more: in
// memory, as far as a share of it goes, else in files. A sealed piece that is in memory
// stays there: the share leaves room for others.
type keeper struct {
	account *memory.Account // of the query
	sealed  *memory.Account // pays for sealed pieces in memory
	files   exec.Spill      // nil: there are none, and over budget the query fails
}

// keeper makes the keeper of a query.
func (a *queryAccount) keeper() keeper {
	k := keeper{account: a.Account, sealed: a.sealed}
	if a.files != nil {
		k.files = a.files
	}
	return k
}

// building is the account that pays for the pieces of a task until they are sealed.
func (k *keeper) building() *memory.Account {
	if k.files == nil {
		return k.account
	}
	return k.account.Share()
}

// lacks reports whether an error says that there is no memory, which files make good.
func (k *keeper) lacks(err error) bool {
	return err != nil && k.files != nil && sqlerr.CodeOf(err) == sqlerr.OutOfMemory
}

// putAway is the file of a task's pieces. It is freed when none of them is needed any
// more and the task has ended.
type putAway struct {
	file  exec.SpillFile
	gone  atomic.Int64 // users that are done; all of them, then the file is freed
	users atomic.Int64 // pieces with a part in it, and not counted: the sender
}

func (f *putAway) enter() { f.users.Add(1) }

func (f *putAway) done() {
	if f.gone.Add(1) > f.users.Load() {
		f.file.Free()
	}
}

// append writes a batch, which stays the caller's. One goroutine calls it.
func (f *putAway) append(b *vector.Batch) (exchange.Stored, error) {
	n := f.file.Batches()
	if _, _, err := f.file.Append(b); err != nil {
		return nil, err
	}
	return func() (*vector.Batch, error) { return f.file.Read(n) }, nil
}
