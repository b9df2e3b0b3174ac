package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// Profile counts what the operators of a query do, for EXPLAIN ANALYZE. All
// instances and tasks of a worker may share one.
type Profile struct {
	mu    sync.Mutex
	nodes map[physical.Node]*NodeProfile
}

// NodeProfile is what all instances of one plan node did.
type NodeProfile struct {
	Rows    atomic.Int64 // rows given out
	Batches atomic.Int64
	Nanos   atomic.Int64 // wall time inside Next, inputs included, summed over instances
	Scan    ScanProfile
	Spill   SpillProfile

	mu        sync.Mutex
	accounts  []*memory.Account // of the instances
	elsewhere int64             // most bytes held in other processes, summed
	notes     []string
}

// NodeCounts is a NodeProfile as it leaves a process.
type NodeCounts struct {
	Rows, Batches, Nanos, PeakBytes int64
	SpilledBytes, SpilledFiles      int64
	Scan                            []int64 // the counters of ScanProfile in their order; nil: all zero
	Notes                           []string
}

// Export is the counts of a plan's nodes in the order of physical.Walk.
func (p *Profile) Export(root physical.Node) []NodeCounts {
	var out []NodeCounts
	physical.Walk(root, func(n physical.Node) bool {
		c := p.Node(n)
		counts := NodeCounts{Rows: c.Rows.Load(), Batches: c.Batches.Load(), Nanos: c.Nanos.Load(), PeakBytes: c.PeakBytes(), Notes: c.Notes(),
			SpilledBytes: c.Spill.Bytes.Load(), SpilledFiles: c.Spill.Files.Load()}
		for _, v := range c.Scan.counters() {
			counts.Scan = append(counts.Scan, v.Load())
		}
		if !slices.ContainsFunc(counts.Scan, func(v int64) bool { return v != 0 }) {
			counts.Scan = nil
		}
		out = append(out, counts)
		return true
	})
	return out
}

// Import adds counts that another process exported of the same plan. What does not fit the
// plan is left out.
func (p *Profile) Import(root physical.Node, nodes []NodeCounts) {
	physical.Walk(root, func(n physical.Node) bool {
		if len(nodes) == 0 {
			return false
		}
		counts, c := nodes[0], p.Node(n)
		nodes = nodes[1:]
		c.Rows.Add(counts.Rows)
		c.Batches.Add(counts.Batches)
		c.Nanos.Add(counts.Nanos)
		c.Spill.Bytes.Add(counts.SpilledBytes)
		c.Spill.Files.Add(counts.SpilledFiles)
		for i, v := range c.Scan.counters() {
			if i < len(counts.Scan) {
				v.Add(counts.Scan[i])
			}
		}
		c.mu.Lock()
		c.elsewhere += counts.PeakBytes
		c.mu.Unlock()
		for _, text := range counts.Notes {
			c.Note(text)
		}
		return true
	})
}

// Note says something about how the operator ran, such as the kind of table it chose,
// once however many instances say it.
func (n *NodeProfile) Note(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.notes, text) {
		n.notes = append(n.notes, text)
	}
}

// Notes is what was said.
func (n *NodeProfile) Notes() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.notes)
}

// ScanProfile is what scans of files did.
type ScanProfile struct {
	RowGroups       atomic.Int64 // read, in part at least
	RowGroupsPruned atomic.Int64
	PagesPruned     atomic.Int64 // never decoded
	PagesCached     atomic.Int64 // found decoded
	Bytes           atomic.Int64 // compressed, of the pages that were decoded
	RowsRead        atomic.Int64 // that conditions were tried on
	RowsOut         atomic.Int64
	Requests        atomic.Int64 // to a store over a network
	Retries         atomic.Int64 // of them, because one before has failed
	Fetched         atomic.Int64 // bytes that came of them
}

func (s *ScanProfile) counters() []*atomic.Int64 {
	return []*atomic.Int64{&s.RowGroups, &s.RowGroupsPruned, &s.PagesPruned, &s.PagesCached, &s.Bytes, &s.RowsRead, &s.RowsOut,
		&s.Requests, &s.Retries, &s.Fetched}
}

// PeakBytes is the most memory the operator held, summed over its instances.
func (n *NodeProfile) PeakBytes() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	sum := n.elsewhere
	for _, a := range n.accounts {
		sum += a.PeakBytes()
	}
	return sum
}

// account is the account of one instance of the operator, a part of whole.
func (n *NodeProfile) account(whole *memory.Account) *memory.Account {
	if whole == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	a := whole.Part()
	n.accounts = append(n.accounts, a)
	return a
}

// NewProfile makes an empty profile.
func NewProfile() *Profile { return &Profile{nodes: map[physical.Node]*NodeProfile{}} }

// Node is the counters of a plan node, made when it is first asked for.
func (p *Profile) Node(n physical.Node) *NodeProfile {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.nodes[n]
	if c == nil {
		c = &NodeProfile{}
		p.nodes[n] = c
	}
	return c
}

// note is NodeProfile.Note where something is measured.
func (e *Env) note(n physical.Node, format string, args ...any) {
	if e.Profile != nil {
		e.Profile.Node(n).Note(fmt.Sprintf(format, args...))
	}
}

// timed counts and times the operator it wraps.
type timed struct {
	input Operator
	node  *NodeProfile
}

func (t *timed) Schema() []expr.Field { return t.input.Schema() }

func (t *timed) Next(ctx context.Context) (*vector.Batch, error) {
	start := time.Now()
	b, err := t.input.Next(ctx)
	t.node.Nanos.Add(int64(time.Since(start)))
	if err == nil {
		t.node.Rows.Add(int64(b.Rows()))
		t.node.Batches.Add(1)
	}
	return b, err
}

func (t *timed) Close() error { return t.input.Close() }

// Drain pulls op to its end and gives every batch to each, which owns it.
func Drain(ctx context.Context, op Operator, each func(*vector.Batch) error) error {
	for {
		b, err := op.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(b); err != nil {
			return err
		}
	}
}
