package worker

import (
	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// sender divides the output of one task among the partitions of one edge. It keeps
// everything until the task ends, for pieces are sealed whole. Memory: all of it,
// reserved as it comes; over budget what there is goes to a file, where there are files.
type sender struct {
	out    wire.OutputEdge
	keys   []*eval.Evaluator // HashSplit, RangeSplit
	encode *key.Encoder
	block  key.Block
	pieces []*building
	next   int // RoundRobin: partition of the next batch

	scratch []byte             // that frames are written in
	rows    []vector.Selection // of the batch being divided, by partition
	keep    keeper
	file    *putAway // nil: there is none yet
}

// newSender makes the sender of a task.
func newSender(out wire.OutputEdge, fields []expr.Field, env *exec.Env, keep keeper, frames bool, task int) (*sender, error) {
	s := &sender{out: out, next: task, keep: keep, rows: make([]vector.Selection, out.Partitions)}
	account := keep.building()
	for range out.Partitions {
		s.pieces = append(s.pieces, newBuilding(account, frames, &s.scratch))
	}
	if out.Exchange.Kind != physical.HashSplit && out.Exchange.Kind != physical.RangeSplit {
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
	if out.Exchange.Kind == physical.RangeSplit {
		return s, nil
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
		return s.put(p, b)
	}
	defer b.Release()
	cols := make([]vector.Column, len(s.keys))
	for i, k := range s.keys {
		var err error
		if cols[i], err = k.Eval(b); err != nil {
			return err
		}
	}
	for p := range s.rows {
		s.rows[p] = s.rows[p][:0]
	}
	if s.encode == nil {
		s.byRange(&cols[0], b)
	} else if err := s.byHash(cols, b); err != nil {
		return err
	}
	for p, sel := range s.rows {
		if len(sel) == 0 {
			continue
		}
		part := b.Share()
		part.Sel = sel
		if err := s.put(p, part); err != nil {
			return err
		}
	}
	return nil
}

// byHash sorts the rows of a batch by the hash of their keys.
func (s *sender) byHash(cols []vector.Column, b *vector.Batch) error {
	if err := s.encode.Encode(cols, b.Len, b.Sel, &s.block); err != nil {
		return err
	}
	for i := range s.block.N {
		row := uint32(i)
		if b.Sel != nil {
			row = b.Sel[i]
		}
		// The middle bits: tables take the upper and the lower ones.
		p := (s.block.Hashes[i] >> 20 & 0xffffffff) * uint64(s.out.Partitions) >> 32
		s.rows[p] = append(s.rows[p], row)
	}
	return nil
}

// byRange sorts the rows of a batch by the number of their range. One beyond the partitions,
// of a plan from elsewhere, is the last.
func (s *sender) byRange(numbers *vector.Column, b *vector.Batch) {
	add := func(row uint32) {
		at, i := numbers.At(int(row))
		p := min(max(0, int(at.Int32s()[i])), len(s.rows)-1)
		s.rows[p] = append(s.rows[p], row)
	}
	if b.Sel == nil {
		for row := range uint32(b.Len) {
			add(row)
		}
		return
	}
	for _, row := range b.Sel {
		add(row)
	}
}

// put takes rows of a partition over. When there is no memory for them, all that is in
// memory goes to the file first.
func (s *sender) put(partition int, b *vector.Batch) error {
	piece := s.pieces[partition]
	err := piece.add(b)
	if s.keep.lacks(err) {
		if err = s.putAway(); err != nil {
			b.Release()
			return err
		}
		if err = piece.add(b); s.keep.lacks(err) {
			piece.sent += keptBytes(b.Cols, b.Rows())
			err = piece.write(b, s.file)
		}
	}
	if err != nil {
		b.Release()
	}
	return err
}

// putAway writes what is in memory to the task's file.
func (s *sender) putAway() error {
	if s.file == nil {
		s.file = &putAway{file: s.keep.files.Create()}
	}
	for _, b := range s.pieces {
		if err := b.putAway(s.file); err != nil {
			return err
		}
	}
	return nil
}

// settle has what is in memory paid for as what is kept; what there is no room for
// goes to the file.
func (s *sender) settle() error {
	for _, b := range s.pieces {
		err := b.settle(s.keep.sealed)
		if s.keep.lacks(err) {
			err = s.putAway()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// seal gives the pieces to the edge; settle comes before it.
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
	if s.file != nil {
		s.file.done()
	}
	for _, k := range s.keys {
		k.Close()
	}
	if s.encode != nil {
		s.encode.Strings().Close()
	}
}
