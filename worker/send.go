package worker

import (
	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// sender divides the output of one task among the partitions of one edge. It keeps
// everything until the task ends, for pieces are sealed whole.
type sender struct {
	out    wire.OutputEdge
	keys   []*eval.Evaluator // HashSplit
	encode *key.Encoder
	block  key.Block
	pieces [][]*vector.Batch
	next   int // RoundRobin: partition of the next batch
}

func newSender(out wire.OutputEdge, fields []expr.Field, env *exec.Env, task int) (*sender, error) {
	s := &sender{out: out, pieces: make([][]*vector.Batch, out.Partitions), next: task}
	if out.Exchange.Kind != physical.HashSplit {
		return s, nil
	}
	types := make([]expr.Type, len(out.Exchange.Keys))
	nullable := make([]bool, len(types))
	for i, k := range out.Exchange.Keys {
		e, err := eval.New(k, fields, eval.Options{Pool: env.Pool, Account: env.Account})
		if err != nil {
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
		s.pieces[p] = append(s.pieces[p], vector.Compact(b))
		return nil
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
		s.pieces[p] = append(s.pieces[p], vector.Compact(part))
	}
	return nil
}

// close frees what was not sealed.
func (s *sender) close() {
	for _, p := range s.pieces {
		for _, b := range p {
			b.Release()
		}
	}
	s.pieces = nil
	if s.encode != nil {
		s.encode.Strings().Close()
	}
}
