package wire

import (
	"time"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/planner/physical"
)

// Task is one task of a fragment: the morsels of its scan, or a partition.
type Task struct {
	Index     int
	Partition int // of partitioned input edges
	// Part of Parts, from 0, is what the task reads of its partition of the edge that drives
	// the fragment (physical.Driving); Parts below 2: all.
	Part, Parts int
	Files       []physical.File // with the row groups that are this task's; nil when the scan is not divided
	// Followers is, for every other scan of the plan in order, the row groups that may
	// hold partners of the task's rows; none when no scan follows the divided one.
	Followers [][]physical.File
}

// Run asks a worker to run tasks of a fragment.
type Run struct {
	Query    string
	Attempt  int // counts the runs of the query: no two have the same
	Fragment int
	// Known says that the worker has had runs of the query before. If it does not know
	// the query it has given it up, and what it had of it is gone.
	Known bool
	// Whole says that the fragment is the whole query: one group of Threads
	// instances whose output is the query's result.
	Whole   bool
	Threads int
	// Plan is the fragment; Encoded is its Substrait form, which a worker in
	// another process (or one told to behave so) decodes instead.
	Plan    physical.Node
	Encoded []byte
	Scan    int // ordinal of the divided scan among the plan's scans, -1 for none
	Tasks   []Task
	Inputs  []InputEdge
	Outputs []OutputEdge
	Options Options
}

// InputEdge is an edge a fragment reads: where its pieces are. All have been sealed.
type InputEdge struct {
	Edge   int // as the plan names it
	Places []Place
}

// Place is a process that has pieces of an edge.
type Place struct {
	Edge int    // as the process names it
	Peer string // host:port of its exchange; empty in a cluster of one process
}

// OutputEdge is an edge a fragment feeds: how its rows are divided.
type OutputEdge struct {
	Edge       int                // as the worker is to name it
	Exchange   *physical.Exchange // kind and keys; its Input is not set
	Partitions int
}

// Options are settings of the query that change how it runs.
type Options struct {
	BatchRows int
	Frames    bool          // pieces and results take the form they have on a network
	Profile   *exec.Profile // nil unless EXPLAIN ANALYZE; shared within the process
	Measure   bool          // EXPLAIN ANALYZE of another process: the counts come with Done
	Trace     string        // traceparent of the span that runs belong to; empty: they are not traced
}

// Stop asks a worker to give up a query, and to free what it has of it.
type Stop struct {
	Query string
}

// Abandon asks a worker to give up one run of a query.
type Abandon struct {
	Query   string
	Attempt int
}

// Check asks a worker whether it is at a run. If not, the worker says that it has
// failed: its end was said before, or was lost on the way.
type Check struct {
	Query    string
	Attempt  int
	Fragment int
}

// Sealed says that edges get no more pieces, and may be read.
type Sealed struct {
	Query string
	Edges []int
}

// Free says that nobody will read edges any more.
type Free struct {
	Query string
	Edges []int
}

// Done says that tasks have ended well and their pieces are sealed.
type Done struct {
	Query    string
	Worker   string
	Attempt  int
	Fragment int
	Tasks    []int
	Stats    Stats
}

// Stats is what a run used.
type Stats struct {
	Elapsed   time.Duration
	PeakBytes int64
	Reordered bool              // something spilled: another run may give the rows in another order
	Nodes     []exec.NodeCounts // with Options.Measure: of the fragment's plan
	Sent      []Sent            // to edges that divide by hash
}

// Sent is what a run has given to an edge, and of that what the partitions got that got
// much more than others.
type Sent struct {
	Edge       int // as the worker names it
	Bytes      int64
	Heavy      []int   // partitions
	HeavyBytes []int64 // of each of them
}

// Failed says that a run ended in an error.
type Failed struct {
	Query    string
	Worker   string
	Attempt  int
	Fragment int
	Err      error
	Lost     string // the peer whose pieces could not be read (Place.Peer), if that is why
}

// Report is what a worker says of itself, for placement.
type Report struct {
	Worker                string
	BusyMilli             int // thousandths of threads that had something to do, on average
	FreeBytes, LimitBytes int64
	Held                  []Held
}

// Held are row groups of a file whose decoded columns are in a worker's memory.
type Held struct {
	Path   string
	Groups []int
}

// Committed says that the catalog that coordinators share has a new entry.
type Committed struct {
	CSN int64
}
