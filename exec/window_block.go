package exec

import (
	"slices"
	"sort"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// windowBlock is rows that are looked at together, in pages as they came in. Rows are
// named by their position in the block; one that belongs to a partition of an earlier
// block, where a partition goes on from there, has a negative one.
type windowBlock struct {
	keys    *windowKeys
	env     *Env
	account *memory.Account // of the pages
	profile *SpillProfile
	fields  []expr.Field

	pages  []windowPage
	rows   int
	parts  []int // where partitions begin; the first may have begun before the block
	peers  []int // where groups of rows that are equal by the order begin; the same
	closed bool  // the last partition ends with the block
	before []vector.Column
	// Of the partition that goes on from an earlier block: its rows there, the groups that
	// began there, and the rows there of the last of them.
	earlierRows, earlierPeers, earlierTail int
	groupsBefore                           int // groups of the first partition before peers[0]

	file    SpillFile // nil: nothing was written
	written int       // pages in it
	recent  []int     // pages that were read from it and are kept, the last one last
	held    int64     // bytes of pages in memory
	meta    budget    // parts and peers
}

// windowPage is a batch of a block.
type windowPage struct {
	start  int
	n      int
	batch  *vector.Batch // nil: in the file
	number int           // in the file; -1: not there
	bytes  int64         // reserved
	flat   []vector.Column
}

// recentPages is how many pages that were read again are kept.
const recentPages = 6

func newWindowBlock(k *windowKeys, account *memory.Account, env *Env, profile *SpillProfile, fields []expr.Field) *windowBlock {
	return &windowBlock{keys: k, env: env, account: account, profile: profile, fields: fields, meta: budget{account: env.Account}}
}

// add takes a batch without selection over.
func (b *windowBlock) add(in *vector.Batch) error {
	parts, peers := len(b.parts), len(b.peers)
	b.parts, b.peers = b.keys.starts(in, b.before, b.rows, b.parts, b.peers)
	b.before = b.keys.lastRow(in)
	if err := b.meta.reserve(int64(len(b.parts)-parts+len(b.peers)-peers) * 8); err != nil {
		in.Release()
		return err
	}
	return b.take(in)
}

// charge reserves what a page takes; where there is no room pages are written to a file.
func (b *windowBlock) charge(p *windowPage) error {
	if b.account == nil {
		return nil
	}
	bytes := batchBytes(p.batch)
	err := b.account.Reserve(bytes)
	if err == nil {
		p.bytes = bytes
		b.held += bytes
		if b.env.Spill == nil || !b.account.Crowded(crowdedRun) {
			return nil
		}
		return b.writeAll()
	}
	if !b.env.needsRoom(err) {
		return err
	}
	return b.writeAll()
}

// writeAll writes the pages in memory to the file.
func (b *windowBlock) writeAll() error {
	if b.file == nil {
		b.file = b.env.Spill.Create()
	}
	for i := range b.pages {
		p := &b.pages[i]
		if p.batch == nil {
			continue
		}
		if p.number < 0 {
			if err := appendSpilled(b.file, p.batch.Share(), b.profile); err != nil {
				return err
			}
			p.number = b.written
			b.written++
		}
		b.drop(p)
	}
	b.recent = b.recent[:0]
	return nil
}

// drop gives a page's memory back.
func (b *windowBlock) drop(p *windowPage) {
	p.batch.Release()
	p.batch, p.flat = nil, nil
	if b.account != nil {
		b.account.Release(p.bytes)
	}
	b.held -= p.bytes
	p.bytes = 0
}

// batchBytes is about what the values of a batch take.
func batchBytes(b *vector.Batch) int64 {
	n := int64(0)
	for i := range b.Cols {
		n += valueBytes(&b.Cols[i])
	}
	return n
}

func valueBytes(c *vector.Column) int64 {
	width := c.Kind.Size()
	if c.Dict != nil {
		width = int(c.Width)
	}
	n := int64(c.Len*width) + int64(len(c.Valid))*8
	for _, buffer := range c.Buffers {
		n += int64(len(buffer))
	}
	for i := range c.Children {
		n += valueBytes(&c.Children[i])
	}
	return n
}

// load is a page, read from the file where it is there.
func (b *windowBlock) load(i int) (*windowPage, error) {
	p := &b.pages[i]
	if p.batch != nil {
		return p, nil
	}
	if len(b.recent) >= recentPages {
		b.drop(&b.pages[b.recent[0]])
		b.recent = slices.Delete(b.recent, 0, 1)
	}
	var err error
	if p.batch, err = b.read(p); err != nil {
		return nil, err
	}
	b.recent = append(b.recent, i)
	return p, nil
}

// read is a page from the file.
func (b *windowBlock) read(p *windowPage) (*vector.Batch, error) {
	batch, err := b.file.Read(p.number)
	if err != nil {
		return nil, err
	}
	batch = vector.Compact(batch)
	if batch.Len == p.n {
		return batch, nil
	}
	first := batch.Slice(0, p.n) // what is behind it went to another block
	batch.Release()
	return first, nil
}

// at is the page with a position.
func (b *windowBlock) at(pos int) int {
	return sort.Search(len(b.pages), func(i int) bool { return b.pages[i].start > pos }) - 1
}

// lastPartition and lastPeers are where the last partition, or the last rows that are
// equal by the order, begin: what is before is complete.
func (b *windowBlock) lastPartition() int { return last(b.parts) }
func (b *windowBlock) lastPeers() int     { return last(b.peers) }

func last(list []int) int {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1]
}

// split takes the rows from a position on out of the block and begins another with them.
func (b *windowBlock) split(at int) (*windowBlock, error) {
	next := newWindowBlock(b.keys, b.account, b.env, b.profile, b.fields)
	next.before = b.before
	cutParts, cutPeers := sort.SearchInts(b.parts, at), sort.SearchInts(b.peers, at)
	b.closed = cutParts < len(b.parts) && b.parts[cutParts] == at
	if at < b.rows {
		if err := b.movePages(next, at); err != nil {
			return next, err
		}
		for _, p := range b.parts[cutParts:] {
			next.parts = append(next.parts, p-at)
		}
		for _, p := range b.peers[cutPeers:] {
			next.peers = append(next.peers, p-at)
		}
		b.parts, b.peers = b.parts[:cutParts], b.peers[:cutPeers]
		moved := int64(len(next.parts)+len(next.peers)) * 8
		b.meta.held -= moved
		next.meta.held += moved
	}
	if b.closed {
		return next, nil
	}
	from, tail := -b.earlierRows, -b.earlierTail // the last partition goes on
	next.earlierPeers = b.earlierPeers + len(b.peers)
	if len(b.parts) > 0 {
		from = last(b.parts)
		next.earlierPeers = len(b.peers) - sort.SearchInts(b.peers, from)
	}
	if len(b.peers) > 0 {
		tail = last(b.peers)
	}
	next.earlierRows, next.earlierTail = at-from, at-tail
	return next, nil
}

// movePages gives the pages from a position on to another block; one in which it lies is
// divided.
func (b *windowBlock) movePages(next *windowBlock, at int) (err error) {
	i := b.at(at)
	keep := i
	if p := &b.pages[i]; p.start < at {
		batch := p.batch
		if batch == nil {
			if batch, err = b.read(p); err != nil {
				return err
			}
		}
		n := at - p.start
		rest := batch.Slice(n, p.n)
		p.n, p.flat = n, nil
		if p.batch != nil {
			p.batch = batch.Slice(0, n)
		}
		batch.Release()
		if err := next.take(rest); err != nil {
			return err
		}
		keep++
	}
	for j := keep; j < len(b.pages); j++ {
		p := &b.pages[j]
		batch := p.batch
		if batch == nil {
			if batch, err = b.read(p); err != nil {
				return err
			}
		} else {
			batch = batch.Share()
			b.drop(p)
		}
		if err := next.take(batch); err != nil {
			return err
		}
	}
	b.pages, b.rows = b.pages[:keep], at
	return nil
}

// take adds a page whose keys are known.
func (b *windowBlock) take(in *vector.Batch) error {
	b.pages = append(b.pages, windowPage{start: b.rows, n: in.Len, batch: in, number: -1})
	b.rows += in.Len
	return b.charge(&b.pages[len(b.pages)-1])
}

// finish makes the lists of partitions and groups whole: what goes on from an earlier
// block begins at a negative position.
func (b *windowBlock) finish() {
	if len(b.parts) == 0 || b.parts[0] > 0 {
		b.parts = slices.Insert(b.parts, 0, -b.earlierRows)
		b.groupsBefore = b.earlierPeers
	}
	if len(b.peers) == 0 || b.peers[0] > 0 {
		b.peers = slices.Insert(b.peers, 0, -b.earlierTail)
		b.groupsBefore--
	}
}

// partEnd is where partition i ends.
func (b *windowBlock) partEnd(i int) int {
	if i+1 < len(b.parts) {
		return b.parts[i+1]
	}
	return b.rows
}

func (b *windowBlock) peerEnd(i int) int {
	if i+1 < len(b.peers) {
		return b.peers[i+1]
	}
	return b.rows
}

// free gives back all that the block holds.
func (b *windowBlock) free() {
	for i := range b.pages {
		if p := &b.pages[i]; p.batch != nil {
			b.drop(p)
		}
	}
	b.pages = nil
	if b.file != nil {
		b.file.Free()
		b.file = nil
	}
	b.meta.free()
}
