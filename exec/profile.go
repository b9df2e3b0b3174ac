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

	mu       sync.Mutex
	accounts []*memory.Account // of the instances
	notes    []string
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
}

// PeakBytes is the most memory the operator held, summed over its instances.
func (n *NodeProfile) PeakBytes() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	sum := int64(0)
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
