package exec

import (
	"context"
	"errors"
	"io"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// windowRows is how many rows a block of whole partitions should have at least: what is
// done once per block and call is then little beside what is done per row.
const windowRows = 2 * vector.MaxRows

// window computes window functions over rows that come partition by partition, in order.
//
// Rows are collected into blocks of whole partitions (window_block.go), as many as make
// windowRows. A block is given out page by page, which is a batch as it came in: where the
// frames of its rows begin and end is found for the page at once (window_frame.go,
// window_range.go), then every call computes its column of the page (window_call.go). So
// the work per partition is small where there are many, and nothing is done per partition
// and call.
//
// Where no call looks at rows behind its own, or at none behind those that are equal to it
// by the order, a block needs not hold a whole partition: one is worked off in parts as it
// comes, and calls carry what they need over from one block to the next.
//
// Aggregates over frames (Leis et al., "Efficient Processing of Window Functions in
// Analytical SQL Queries", VLDB 2015): sums and counts of exact types are differences of
// running sums; what cannot be taken out of a state again is put together from the nodes
// of a tree of states (the paper's segment tree), which every mergeable aggregate has
// here; frames that only grow continue one state. No common frame costs more than
// O(log n) per row.
//
// An instance works on what its input gives it: the sort below sees to whole partitions.
//
// Memory: the rows of a block, and for each up to 24 bytes of bounds, running sums or
// nodes. Rows for which there is no room are written to a file, page by page, and read
// again where they are looked at.
type window struct {
	input  Operator
	env    *Env
	schema []expr.Field
	keys   *windowKeys
	calls  []windowCall
	cut    windowCut

	block   *windowBlock // under construction, or being given out
	next    *windowBlock // begun with what came behind it
	page    int          // of block, to be given out next; -1: block is under construction
	ended   bool         // the input has
	closed  bool
	account *memory.Account // of the rows
	profile *SpillProfile
}

// windowCut says where a block may end.
type windowCut uint8

// The places, in the order of what they ask for.
const (
	cutAnywhere windowCut = iota
	cutAtPeers            // not between rows that are equal by the order
	cutAtPartitions
)

func newWindow(n *physical.Window, input Operator, env *Env) (Operator, error) {
	w := &window{input: input, env: env, schema: n.Schema(), page: -1, account: tableAccount(env), profile: env.spillProfile(n)}
	var err error
	if w.keys, err = newWindowKeys(n, len(input.Schema())); err != nil {
		return nil, err
	}
	build := &windowBuild{node: n, input: input.Schema(), env: env, keys: w.keys}
	for _, c := range n.Calls {
		call, cut, err := build.call(c)
		if err != nil {
			w.closeCalls()
			return nil, sqlerr.AtSpan(err, c.Span)
		}
		w.calls, w.cut = append(w.calls, call), max(w.cut, cut)
	}
	w.block = w.newBlock()
	return w, nil
}

func (w *window) newBlock() *windowBlock {
	return newWindowBlock(w.keys, w.account, w.env, w.profile, w.input.Schema())
}

func (w *window) Schema() []expr.Field { return w.schema }

func (w *window) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if w.page >= 0 && w.page < len(w.block.pages) {
			w.page++
			return w.give(w.page - 1)
		}
		if w.page >= 0 {
			if err := w.advance(); err != nil {
				return nil, err
			}
		}
		if err := w.fill(ctx); err != nil {
			return nil, err
		}
	}
}

// fill reads until a block is complete; io.EOF when there is none.
func (w *window) fill(ctx context.Context) error {
	for {
		done, err := w.complete()
		if err != nil {
			return err
		}
		if done {
			break
		}
		b, err := w.input.Next(ctx)
		if errors.Is(err, io.EOF) {
			w.ended = true
			if err := w.input.Close(); err != nil { // frees what is below
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if b.Rows() == 0 {
			b.Release()
			continue
		}
		if err := w.block.add(vector.Compact(b)); err != nil {
			return err
		}
	}
	if w.block.rows == 0 {
		return io.EOF
	}
	w.block.finish()
	w.page = 0
	for _, c := range w.calls {
		if err := c.begin(w.block); err != nil {
			return err
		}
	}
	return nil
}

// complete reports whether the block has all that its rows need, and takes what goes
// beyond that out of it.
func (w *window) complete() (_ bool, err error) {
	b := w.block
	if w.ended {
		b.closed = true
		return true, nil
	}
	at := b.rows
	switch {
	case b.rows < windowRows && w.cut > cutAnywhere, b.rows == 0:
		return false, nil
	case w.cut == cutAtPeers:
		at = b.lastPeers()
	case w.cut == cutAtPartitions:
		at = b.lastPartition()
	}
	if at <= 0 {
		return false, nil
	}
	w.next, err = b.split(at)
	return true, err
}

// give computes a page.
func (w *window) give(number int) (*vector.Batch, error) {
	v, err := w.block.view(number)
	if err != nil {
		return nil, err
	}
	out := v.batch.Share()
	for _, c := range w.calls {
		col, err := c.column(v)
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, col)
	}
	v.lend(out)
	return out, nil
}

// advance leaves a block whose rows have been given out.
func (w *window) advance() error {
	for _, c := range w.calls {
		if err := c.end(w.block); err != nil {
			return err
		}
	}
	w.block.free()
	if w.block, w.next, w.page = w.next, nil, -1; w.block == nil {
		w.block = w.newBlock()
	}
	return nil
}

func (w *window) Close() error {
	if !w.closed {
		w.closed = true
		w.closeCalls()
		w.block.free()
		if w.next != nil {
			w.next.free()
		}
	}
	return w.input.Close()
}

func (w *window) closeCalls() {
	for _, c := range w.calls {
		c.close()
	}
}
