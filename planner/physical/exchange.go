package physical

import "github.com/skein-query/skein/planner/expr"

// Distribution is how the rows of an edge reach the tasks of the consumer.
type Distribution uint8

// The distributions.
const (
	Gather     Distribution = iota // all rows to one partition
	HashSplit                      // by the hash of Keys: equal keys meet in one partition
	Broadcast                      // every partition gets every row
	RoundRobin                     // any partition, batch by batch
	RangeSplit                     // by ranges of a sort key: Keys is the number of the range, from 0
)

var distributionNames = [...]string{"gather", "hash", "broadcast", "round robin", "range"}

// Parted reports whether every row goes to one of several partitions.
func (d Distribution) Parted() bool { return d == HashSplit || d == RoundRobin || d == RangeSplit }

func (d Distribution) String() string { return distributionNames[d] }

// Exchange moves rows between workers. Sorted says that each sender's rows are in
// that order and that the receiver is to merge them, so that order survives a
// Gather. Plans made here sort after gathering, and a worker refuses a Receive with
// Sorted rather than give out rows in another order.
type Exchange struct {
	Input  Node
	Kind   Distribution
	Keys   []expr.Expr // HashSplit: over the input's columns; RangeSplit: one of type integer
	Sorted []expr.SortKey
}

// Receive is where a cut Exchange's rows arrive in the consumer's fragment.
type Receive struct {
	Est
	Edge   int
	Kind   Distribution
	Fields []expr.Field
	Sorted []expr.SortKey
}

// Schema of an exchange is that of its input.
func (n *Exchange) Schema() []expr.Field { return n.Input.Schema() }

// Inputs is the one input.
func (n *Exchange) Inputs() []Node { return []Node{n.Input} }

// Rows is the input's estimate.
func (n *Exchange) Rows() float64 { return n.Input.Rows() }

// Schema is the fields that arrive.
func (n *Receive) Schema() []expr.Field { return n.Fields }

// Inputs of a receive are none: they are in another fragment.
func (n *Receive) Inputs() []Node { return nil }
