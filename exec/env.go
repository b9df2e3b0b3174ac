package exec

import (
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/physical"
)

// Sources opens the leaves of a fragment for one instance.
type Sources interface {
	// Scan reads the morsels of a scan that this instance takes from the group's
	// queue.
	Scan(n *physical.Scan, env *Env) (Operator, error)
	// Receive reads the pieces of an edge that belong to this instance's task.
	Receive(n *physical.Receive, env *Env) (Operator, error)
}

// Env is what one instance of a fragment runs with.
type Env struct {
	Instance  int    // 0 … Group.Size()-1
	Group     *Group // what the instances share
	Fragment  *Group // what all tasks of the fragment in this worker share; Group itself when there are no tasks
	Sources   Sources
	Pool      *memory.Pool
	Account   *memory.Account
	BatchRows int      // most rows an operator puts into a batch; vector.MaxRows unless a test says less
	Profile   *Profile // nil: nothing is measured
	Spill     Spill    // nil: who has no memory fails

	// Filters are the runtime filters of the query; nil: none are made or used.
	Filters *FilterSet
	// FragmentAccount pays for what outlives a task and is freed with Fragment;
	// nil: Account does.
	FragmentAccount *memory.Account

	depth   int           // how many spilled operators this one runs for, one within the other
	spilled *SpillProfile // where these count; nil: depth is 0
}

func (e *Env) fragmentAccount() *memory.Account {
	if e.FragmentAccount != nil {
		return e.FragmentAccount
	}
	return e.Account
}

// Rows is BatchRows, or its default when it is not set.
func (e *Env) Rows() int {
	if e.BatchRows > 0 {
		return min(e.BatchRows, vector.MaxRows)
	}
	return vector.MaxRows
}
