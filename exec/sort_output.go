package exec

import (
	"context"
	"io"
	"sync"

	"github.com/skein-query/skein/exec/vector"
)

// ahead is how many blocks of rows each instance may have merged before they are given
// out.
const ahead = 2

// sortOutput is the merging of sorted runs by all instances: each takes the next block
// of the order, of one batch, and merges and gathers it. One instance gives the blocks
// out in turn; the others give out nothing. It merges blocks too while the next to be
// given out is not there, and those for which there was no memory.
type sortOutput struct {
	runs   []*sortRun
	rows   int // of a block
	window int
	b      *budget // for blocks that wait

	mu      sync.Mutex
	changed chan struct{} // closed when one of the following changes, then replaced
	at      []int         // per run: where the next block begins
	left    int64         // rows not taken
	next    int           // number of the next block
	given   int           // blocks given out
	done    map[int]sortBlock
	stopped bool
}

// sortBlock is rows [from[i], to[i]) of each run, or a batch of them.
type sortBlock struct {
	number   int
	from, to []int
	batch    *vector.Batch
	bytes    int64
}

func newSortOutput(runs []*sortRun, instances, rows int, b *budget) *sortOutput {
	o := &sortOutput{runs: runs, rows: rows, window: ahead * instances, b: b, changed: make(chan struct{}),
		at: make([]int, len(runs)), done: map[int]sortBlock{}}
	for _, r := range runs {
		o.left += int64(len(r.rows))
	}
	return o
}

// give gives out the next block, io.EOF after the last.
func (o *sortOutput) give(ctx context.Context, m *runMerger) (*vector.Batch, error) {
	for {
		o.mu.Lock()
		if b, ok := o.done[o.given]; ok {
			delete(o.done, o.given)
			o.step(func() { o.given++ })
			if b.batch != nil {
				o.b.giveBack(b.bytes)
				return b.batch, nil
			}
			return m.block(&b), nil
		}
		if o.left == 0 && o.given == o.next {
			o.mu.Unlock()
			return nil, io.EOF
		}
		if b, ok := o.take(); ok {
			o.mu.Unlock()
			b.batch = m.block(&b)
			if b.number > o.given { // which only this instance changes
				o.keep(b)
				continue
			}
			o.mu.Lock()
			o.step(func() { o.given++ })
			return b.batch, nil
		}
		if err := o.wait(ctx); err != nil {
			return nil, err
		}
	}
}

// help merges blocks until all are taken; it returns io.EOF then.
func (o *sortOutput) help(ctx context.Context, m *runMerger) error {
	for {
		o.mu.Lock()
		if o.left == 0 || o.stopped {
			o.mu.Unlock()
			return io.EOF
		}
		if b, ok := o.take(); ok {
			o.mu.Unlock()
			b.batch = m.block(&b)
			o.keep(b)
			continue
		}
		if err := o.wait(ctx); err != nil {
			return err
		}
	}
}

// take takes the next block if it is not too far ahead; o.mu is held.
func (o *sortOutput) take() (sortBlock, bool) {
	if o.left == 0 || o.next >= o.given+o.window {
		return sortBlock{}, false
	}
	n := min(int64(o.rows), o.left)
	b := sortBlock{number: o.next, from: o.at, to: advance(o.runs, o.at, int(n))}
	o.at, o.left = b.to, o.left-n
	o.next++
	return b, true
}

// keep lets a block wait, without its batch if there is no memory for it.
func (o *sortOutput) keep(b sortBlock) {
	for i := range b.batch.Cols {
		c := &b.batch.Cols[i]
		b.bytes += int64(len(c.Data)) + int64(len(c.Valid))*8
		for _, buffer := range c.Buffers {
			b.bytes += int64(len(buffer))
		}
	}
	if o.b.reserve(b.bytes) != nil {
		b.batch = nil
	}
	o.mu.Lock()
	o.step(func() { o.done[b.number] = b })
}

// step changes something and wakes those who wait; it gives up o.mu, which is held.
func (o *sortOutput) step(change func()) {
	change()
	close(o.changed)
	o.changed = make(chan struct{})
	o.mu.Unlock()
}

// wait waits for a change; it gives up o.mu, which is held.
func (o *sortOutput) wait(ctx context.Context) error {
	changed := o.changed
	o.mu.Unlock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stop lets the others take no more blocks: nobody gives them out.
func (o *sortOutput) stop() {
	o.mu.Lock()
	o.step(func() { o.stopped = true })
}

// block merges and gathers a block.
func (m *runMerger) block(b *sortBlock) *vector.Batch {
	m.seek(b.from, b.to)
	return m.next(int(m.left))
}
