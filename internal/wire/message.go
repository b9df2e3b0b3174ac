package wire

import (
	"time"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/planner/physical"
)

// Task is one task of a fragment: the morsels of its scan, or a partition.
type Task struct {
	Index     int
	Partition int             // of partitioned input edges
	Files     []physical.File // with the row groups that are this task's; nil when the scan is not divided
	// Followers is, for every other scan of the plan in order, the row groups that may
	// hold partners of the task's rows; none when no scan follows the divided one.
	Followers [][]physical.File
}

// Run asks a worker to run tasks of a fragment.
type Run struct {
	Query    string
	Attempt  int
	Fragment int
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
	Outputs []OutputEdge
	Options Options
}

// OutputEdge is an edge a fragment feeds: how its rows are divided.
type OutputEdge struct {
	Edge       int
	Exchange   *physical.Exchange // kind and keys; its Input is not set
	Partitions int
}

// Options are settings of the query that change how it runs.
type Options struct {
	BatchRows int
	Frames    bool          // pieces and results take the form they have on a network
	Profile   *exec.Profile // nil unless EXPLAIN ANALYZE; shared within the process
}

// Stop asks a worker to give up a query.
type Stop struct {
	Query string
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
}

// Failed says that a run ended in an error.
type Failed struct {
	Query    string
	Worker   string
	Attempt  int
	Fragment int
	Err      error
}
