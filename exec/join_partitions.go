package exec

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/physical"
)

// joinParts is one instance's part in a join that goes on in partitions.
type joinParts struct {
	split   *joinSplit
	env     *Env // of the instance
	facts   joinFacts
	probes  *partFiles
	own     bool          // probes are this instance's alone
	taken   *atomic.Int64 // partitions that somebody has taken
	writer  *partWriter   // of the probe side, while it is read
	current Operator      // joins partition at
	at      int
}

// newJoinParts begins when the build side is in files.
func newJoinParts(s *joinBuild, env *Env, replicated bool) *joinParts {
	p := &joinParts{split: s.divided, env: env, facts: joinFacts{s.unknown.anyRow, s.unknown.anyNull}, probes: s.divided.probes, taken: &s.taken}
	if replicated {
		p.own, p.probes, p.taken = true, newPartFiles(env, p.split.profile), &atomic.Int64{}
	}
	p.writer = newPartWriter(p.probes, p.split.probe, p.split.types[:p.split.by], env)
	return p
}

// add writes a batch of the probe side, given its keys. Rows that cannot have a partner
// are left out where nothing comes of them.
func (p *joinParts) add(b *vector.Batch, keys []vector.Column) error {
	sel := explicit(b.Sel, b.Len)
	if needsProbeMatch(p.split.node.Kind) && !p.split.node.NullEqual {
		for i := range keys {
			if keys[i].Valid != nil {
				sel = withoutNulls(nil, &keys[i], sel)
			}
		}
		sel = p.split.partnered(keys, b.Len, sel)
	}
	rows := append(make([]vector.Column, 0, len(p.split.probe)), keys...)
	for _, c := range p.split.probeColumns {
		rows = append(rows, b.Cols[c])
	}
	return p.writer.add(rows, keys[:p.split.by], b.Len, sel)
}

// next gives the next output of the partitions, io.EOF behind the last.
func (p *joinParts) next(ctx context.Context) (*vector.Batch, error) {
	for {
		if p.current == nil {
			p.at = int(p.taken.Add(1)) - 1
			if p.at >= spillParts {
				return nil, io.EOF
			}
			if err := p.open(); err != nil {
				return nil, err
			}
			continue
		}
		b, err := p.current.Next(ctx)
		if !errors.Is(err, io.EOF) {
			return b, err
		}
		if err := p.end(); err != nil {
			return nil, err
		}
	}
}

// open begins to join a partition, if anything comes of it.
func (p *joinParts) open() error {
	build, probe := p.split.files.files[p.at], p.probes.files[p.at]
	kind := p.split.node.Kind
	if build.Batches() == 0 && needsProbeMatch(kind) && !keepsUnmatchedBuild(kind) || probe.Batches() == 0 && !keepsUnmatchedBuild(kind) {
		return p.end()
	}
	sub := p.env.alone(p.split.node)
	var err error
	if skewed := 2*build.Bytes() > p.split.files.bytes(); p.env.depth > 0 && skewed || sub.depth >= maxSpillDepth {
		p.current, err = newBlockJoin(p.split, build, probe, p.facts, sub)
		return err
	}
	p.current, err = joinOf(p.split.node, newSpillReader(probe, p.split.probe, sub), newSpillReader(build, p.split.build, sub), p.facts, sub)
	return err
}

// joinOf is a hash join that knows more of its build side than it reads.
func joinOf(n *physical.HashJoin, probe, build Operator, facts joinFacts, env *Env) (*hashJoin, error) {
	op, err := newHashJoin(n, probe, build, env)
	if err != nil {
		return nil, err
	}
	j := op.(*hashJoin)
	j.shared.facts = facts
	return j, nil
}

// end closes the join of a partition and frees what only that reads.
func (p *joinParts) end() error {
	var err error
	if p.current != nil {
		err = p.current.Close()
		p.current = nil
	}
	p.probes.files[p.at].Free()
	if !p.own {
		p.split.files.files[p.at].Free()
	}
	return err
}

// close gives everything back but what is shared; nil has nothing.
func (p *joinParts) close() error {
	if p == nil {
		return nil
	}
	var err error
	if p.current != nil {
		err = p.current.Close()
		p.current = nil
	}
	p.writer.close()
	if p.own {
		p.probes.free()
	}
	return err
}
