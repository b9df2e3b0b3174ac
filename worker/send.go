package worker

import (
	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// sender divides the output of one task among the partitions of one edge. It keeps
// everything until the task ends, for pieces are sealed whole. Memory: all of it,
// reserved as it comes; over budget the query fails.
type sender struct {
	out    wire.OutputEdge
	keys   []*eval.Evaluator // HashSplit
	encode *key.Encoder
	block  key.Block
	pieces []*building
	next   int // RoundRobin: partition of the next batch
}

// newSender makes the sender of a task. What it keeps is paid by account.
func newSender(out wire.OutputEdge, fields []expr.Field, env *exec.Env, frames bool, task int) (*sender, error) {
	s := &sender{out: out, next: task}
	for range out.Partitions {
		s.pieces = append(s.pieces, newBuilding(env.Account, frames))
	}
	if out.Exchange.Kind != physical.HashSplit {
		return s, nil
	}
	types := make([]expr.Type, len(out.Exchange.Keys))
	nullable := make([]bool, len(types))
	for i, k := range out.Exchange.Keys {
		e, err := eval.New(k, fields, eval.Options{Pool: env.Pool, Account: env.Account})
		if err != nil {
			s.close()
			return nil, err
		}
		s.keys = append(s.keys, e)
		// Both sides of a join must hash alike, whatever each says of NULLs.
		types[i], nullable[i] = k.Type(), true
	}
	layout := key.NewLayout(types, nullable)
	s.encode = key.NewEncoder(layout, key.NewStrings(env.Account))
	return s, nil
}

// add takes a batch over.
func (s *sender) add(b *vector.Batch) error {
	if s.keys == nil || s.out.Partitions == 1 {
		p := s.next % s.out.Partitions
		s.next++
		return s.pieces[p].add(b)
	}
	defer b.Release()
	cols := make([]vector.Column, len(s.keys))
	for i, k := range s.keys {
		var err error
		if cols[i], err = k.Eval(b); err != nil {
			return err
		}
	}
	if err := s.encode.Encode(cols, b.Len, b.Sel, &s.block); err != nil {
		return err
	}
	parts := make([]vector.Selection, s.out.Partitions)
	for i := range s.block.N {
		row := uint32(i)
		if b.Sel != nil {
			row = b.Sel[i]
		}
		// The middle bits: tables take the upper and the lower ones.
		p := (s.block.Hashes[i] >> 20 & 0xffffffff) * uint64(s.out.Partitions) >> 32
		parts[p] = append(parts[p], row)
	}
	for p, sel := range parts {
		if len(sel) == 0 {
			continue
		}
		part := b.Share()
		part.Sel = sel
		if err := s.pieces[p].add(part); err != nil {
			return err
		}
	}
	return nil
}

// seal gives the pieces to the edge.
func (s *sender) seal(edge *exchange.Edge, id exchange.PieceID) {
	pieces := make([]exchange.Piece, len(s.pieces))
	for i, b := range s.pieces {
		pieces[i] = b.take()
	}
	edge.Seal(id, pieces)
}

// close frees what was not sealed.
func (s *sender) close() {
	for _, b := range s.pieces {
		left := b.take()
		left.Free()
	}
	for _, k := range s.keys {
		k.Close()
	}
	if s.encode != nil {
		s.encode.Strings().Close()
	}
}

// building is a piece that is not sealed yet.
type building struct {
	account *memory.Account
	encoder *exchange.Encoder // nil: batches are kept as they are
	piece   exchange.Piece
	bytes   int64 // reserved for it
}

func newBuilding(account *memory.Account, frames bool) *building {
	b := &building{account: account}
	if frames {
		b.encoder = &exchange.Encoder{}
	}
	return b
}

// add takes a batch over: only the selected rows are kept.
func (b *building) add(batch *vector.Batch) error {
	if batch.Rows() == 0 {
		batch.Release()
		return nil
	}
	if b.encoder != nil {
		return b.addFrame(batch)
	}
	// Columns count as if nobody else paid for them: what an operator made
	// elsewhere than in slabs is nobody's any more when it has closed.
	bytes := keptBytes(batch.Cols, batch.Rows())
	if err := b.account.Reserve(bytes); err != nil {
		batch.Release()
		return err
	}
	b.bytes += bytes
	b.piece.Batches = append(b.piece.Batches, vector.Compact(batch))
	return nil
}

func (b *building) addFrame(batch *vector.Batch) error {
	defer batch.Release()
	before := cap(b.piece.Frames)
	frames, err := b.encoder.Append(b.piece.Frames, batch)
	if err != nil {
		return err
	}
	grown := int64(cap(frames) - before)
	if err := b.account.Reserve(grown); err != nil {
		return err
	}
	b.bytes += grown
	b.piece.Frames = frames
	return nil
}

// take gives the piece away, with what was reserved for it.
func (b *building) take() exchange.Piece {
	p, account, bytes := b.piece, b.account, b.bytes
	p.Freed = func() { account.Release(bytes) }
	b.piece, b.bytes = exchange.Piece{}, 0
	return p
}

// keptBytes is what n rows of columns take, without dictionaries and the bytes of
// strings, which stay where they are.
func keptBytes(cols []vector.Column, n int) int64 {
	total := int64(0)
	for i := range cols {
		c := &cols[i]
		width := c.Kind.Size()
		if c.Dict != nil {
			width = int(c.Width)
		}
		total += int64(n * width)
		if c.Valid != nil {
			total += int64(n / 8)
		}
		if c.Dict != nil || c.Len == 0 {
			continue
		}
		for j := range c.Children {
			// A list has as many values a row as the others, about.
			total += keptBytes(c.Children[j:j+1], c.Children[j].Len*n/c.Len)
		}
	}
	return total
}
