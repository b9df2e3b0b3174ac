package exec

import (
	"context"
	"errors"
	"io"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// hashJoin joins a streaming probe side with a build side held in memory.
//
// Every instance reads its own build input into buffers of its own; when all are
// done they make one table together (joinBuild) and each probes it with its own
// probe input. The table is the cheapest shape that the keys allow (joinTable);
// the columns of the build rows stand in one piece each (joinStore). A probe batch
// is looked up as a whole: where no row has more than one partner, its columns go
// on uncopied under a narrower selection, with the build columns gathered beside
// them at the same places.
//
// Memory: the build side's keys and those of its columns that the output or the
// residual needs, once; while the table is made, twice. Where that does not fit the
// join goes on in partitions (join_spill.go), and its rows come in another order.
type hashJoin struct {
	node         *physical.HashJoin
	env          *Env
	probe, build Operator
	shared       *joinBuild
	replicated   bool
	prober       *joinProbe
	parts        *joinParts // nil: in memory
	passed       int        // barriers arrived at
	stage        joinStage
	tail         []uint32 // build rows claimed and not given out yet
	out          coalescer
	closed       bool
}

type joinStage uint8

const (
	joinBuilding joinStage = iota
	joinProbing
	joinScattering // spilling: the probe side is written to files
	joinParted     // spilling: partitions are joined
	joinTail       // build rows that come out after probing
	joinDone
)

func newHashJoin(n *physical.HashJoin, probe, build Operator, env *Env) (Operator, error) {
	shape := newJoinShape(n.Kind, probe.Schema(), build.Schema(), n.Schema(), n.Emit, n.Residual, nil)
	j := &hashJoin{node: n, env: env, probe: probe, build: build, out: coalescer{env: env, fields: shape.schema}}
	j.replicated = n.Replicated && env.Fragment != env.Group
	if j.replicated && marksBuild(n.Kind) {
		return nil, sqlerr.New(sqlerr.InternalError, "a %s join cannot share its build side between tasks", n.Kind)
	}
	prober := &joinProbe{node: n, emit: joinEmitter{env: env, shape: shape}}
	var err error
	if prober.keys, err = newEvaluators(n.ProbeKeys, probe.Schema(), evalOptions(env)); err != nil {
		return nil, err
	}
	if prober.residual, err = newResidual(shape, env); err != nil {
		return nil, err
	}
	if j.replicated {
		owner := *env
		owner.Account = env.fragmentAccount()
		j.shared = State(env.Fragment, n, func() *joinBuild { return newJoinBuild(n, shape, &owner, 1) })
		j.shared.keep.Do(func() { env.Fragment.OnClose(j.shared.release) })
	} else {
		j.shared = State(env.Group, n, func() *joinBuild { return newJoinBuild(n, shape, env, env.Group.Size()) })
	}
	prober.shared, j.prober = j.shared, prober
	return j, nil
}

// newResidual compiles the condition beside the keys; nil when there is none.
func newResidual(shape *joinShape, env *Env) (*eval.Filter, error) {
	if len(shape.residual) == 0 {
		return nil, nil
	}
	return eval.NewFilter(shape.residual, shape.residualFields, evalOptions(env))
}

func (j *hashJoin) Schema() []expr.Field { return j.prober.emit.shape.schema }

func (j *hashJoin) Next(ctx context.Context) (*vector.Batch, error) {
	return j.out.next(func() (*vector.Batch, error) { return j.produce(ctx) })
}

// produce gives the next output as it comes about.
func (j *hashJoin) produce(ctx context.Context) (*vector.Batch, error) {
	for {
		var b *vector.Batch
		var err error
		switch j.stage {
		case joinBuilding:
			err = j.buildTable(ctx)
		case joinProbing:
			b, err = j.nextProbed(ctx)
		case joinScattering:
			err = j.scatter(ctx)
		case joinParted:
			b, err = j.parts.next(ctx)
		case joinTail:
			b, err = j.nextTail(ctx)
		default:
			return nil, io.EOF
		}
		if b != nil || err != nil {
			return b, err
		}
	}
}

// arrive waits at a barrier; when a sibling failed there is nothing to go on with.
func (j *hashJoin) arrive(ctx context.Context, barrier int) error {
	j.passed = barrier + 1
	if err := j.shared.barriers[barrier].Arrive(ctx); err != nil {
		return j.shared.fail(err)
	}
	return j.shared.failed()
}

func (j *hashJoin) buildTable(ctx context.Context) error {
	var err error
	if j.replicated {
		owner := *j.env
		owner.Account = j.env.fragmentAccount()
		err = j.shared.buildOnce(ctx, &owner, j.build)
	} else {
		err = j.shared.buildTogether(ctx, j.env, j.build, j.arrive)
	}
	if err != nil {
		return err
	}
	if j.shared.spilling.Load() {
		j.parts = newJoinParts(j.shared, j.env, j.replicated)
		j.stage = joinScattering
		return nil
	}
	j.stage = joinProbing
	if err := j.prober.open(); err != nil {
		return err
	}
	if j.shared.index.keyed == 0 && needsProbeMatch(j.node.Kind) {
		j.stage = joinTail
		return j.probe.Close()
	}
	return nil
}

// scatter writes the whole probe side to files, and waits for the other instances.
func (j *hashJoin) scatter(ctx context.Context) error {
	keys := make([]vector.Column, len(j.prober.keys))
	err := Drain(ctx, j.probe, func(b *vector.Batch) error {
		defer b.Release()
		for i, k := range j.prober.keys {
			var err error
			if keys[i], err = k.Eval(b); err != nil {
				return err
			}
		}
		return j.parts.add(b, keys)
	})
	if err == nil {
		err = j.parts.writer.flush()
	}
	if err == nil {
		err = j.probe.Close() // frees what is below
	}
	if err != nil {
		return j.shared.failAll(err, j.replicated)
	}
	j.stage = joinParted
	if j.replicated {
		return nil
	}
	return j.arrive(ctx, joinProbed)
}

// nextProbed gives the next output of probing, or nil when the stage has ended or
// a batch gave nothing.
func (j *hashJoin) nextProbed(ctx context.Context) (*vector.Batch, error) {
	if j.prober.batch != nil {
		return j.prober.more(ctx)
	}
	b, err := j.probe.Next(ctx)
	if errors.Is(err, io.EOF) {
		j.stage = joinTail
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if b.Rows() == 0 {
		b.Release()
		return nil, nil
	}
	return j.prober.start(ctx, b)
}

// nextTail gives build rows that did, or did not, find a partner.
func (j *hashJoin) nextTail(ctx context.Context) (*vector.Batch, error) {
	store := j.shared.store
	if !marksBuild(j.node.Kind) || store.rows == 0 {
		j.stage = joinDone
		return nil, nil
	}
	if j.passed <= joinProbed {
		if err := j.arrive(ctx, joinProbed); err != nil {
			return nil, err
		}
	}
	if len(j.tail) == 0 {
		rows, more := j.shared.tail.claim(store.rows, j.node.Kind == physical.BuildSemi)
		if !more {
			j.stage = joinDone
		}
		j.tail = rows
		return nil, ctx.Err()
	}
	rows := j.tail[:min(len(j.tail), j.env.Rows())]
	j.tail = j.tail[len(rows):]
	return j.prober.emit.buildRows(rows)
}

func (j *hashJoin) Close() error {
	if j.closed {
		return nil
	}
	j.closed = true
	j.stage = joinDone
	j.prober.close()
	j.out.close()
	if !j.replicated {
		for ; j.passed < joinBarriers; j.passed++ {
			j.shared.barriers[j.passed].Leave()
		}
	}
	err := errors.Join(j.parts.close(), j.probe.Close(), j.build.Close())
	if !j.replicated {
		j.shared.leave()
	}
	return err
}
