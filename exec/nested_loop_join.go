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

// nestedLoopJoin joins on any condition: every probe row is tried with every build
// row. The build side is read by all instances together and held once, or by one
// task for all tasks of the fragment when it is replicated.
//
// A probe batch is walked over by the shorter side: as constants beside the batch,
// one build row at a time, when there are fewer build rows than probe rows; else
// one probe row at a time beside blocks of the build rows. Neither way copies a
// column, and a build side of one row (a scalar subquery) costs a few words a
// batch.
//
// Memory: the build columns that the output or the condition needs.
type nestedLoopJoin struct {
	node         *physical.NestedLoopJoin
	emit         joinEmitter
	cond         *eval.Filter    // nil: true for every pair
	compare      *eval.Evaluator // NullAware; nil: none
	probe, build Operator
	shared       *nestedBuild
	replicated   bool
	passed       int // barriers arrived at
	stage        joinStage
	loop         nestedLoop
	marks        vector.Bitmap // FullOuter: build rows that found a partner
	tail         []uint32
	held         budget
	closed       bool
}

// nestedLoop is where the walk over the current batch stands.
type nestedLoop struct {
	batch  *vector.Batch
	active vector.Selection // rows of the batch still to be tried
	build  int              // the next build row
	probe  int              // by probe rows: index in active
	byRow  bool             // by probe rows

	found   vector.Bitmap // rows with a partner
	unknown vector.Bitmap // NullAware: rows whose comparison with some build row is NULL
	single  []uint32      // ProbeSingle: by place, the partner
}

func newNestedLoopJoin(n *physical.NestedLoopJoin, probe, build Operator, env *Env) (Operator, error) {
	switch n.Kind {
	case physical.BuildOuter, physical.BuildSemi, physical.BuildAnti:
		return nil, sqlerr.New(sqlerr.InternalError, "a nested loop join cannot be %s", n.Kind)
	}
	if n.NullAware != nil && n.Kind != physical.ProbeMark && n.Kind != physical.ProbeAnti {
		return nil, sqlerr.New(sqlerr.InternalError, "a %s join has no comparison that may be NULL", n.Kind)
	}
	shape := newJoinShape(n.Kind, probe.Schema(), build.Schema(), n.Schema(), n.Emit, n.Cond, n.NullAware)
	j := &nestedLoopJoin{node: n, emit: joinEmitter{env: env, shape: shape}, probe: probe, build: build}
	var err error
	if j.cond, err = newResidual(shape, env); err != nil {
		return nil, err
	}
	if shape.compare != nil {
		if j.compare, err = eval.New(shape.compare, shape.residualFields, evalOptions(env)); err != nil {
			return nil, err
		}
	}
	if j.replicated = n.Replicated && env.Fragment != env.Group; j.replicated {
		if marksBuild(n.Kind) {
			return nil, sqlerr.New(sqlerr.InternalError, "a %s join cannot share its build side between tasks", n.Kind)
		}
		j.shared = State(env.Fragment, n, func() *nestedBuild { return newNestedBuild(shape, 1) })
		j.shared.keep.Do(func() { env.Fragment.OnClose(j.shared.release) })
	} else {
		j.shared = State(env.Group, n, func() *nestedBuild { return newNestedBuild(shape, env.Group.Size()) })
	}
	return j, nil
}

func (j *nestedLoopJoin) Schema() []expr.Field { return j.emit.shape.schema }

func (j *nestedLoopJoin) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		var b *vector.Batch
		var err error
		switch j.stage {
		case joinBuilding:
			err = j.readBuild(ctx)
		case joinProbing:
			b, err = j.nextProbed(ctx)
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

func (j *nestedLoopJoin) arrive(ctx context.Context, barrier int) error {
	j.passed = barrier + 1
	if err := j.shared.barriers[barrier].Arrive(ctx); err != nil {
		return j.shared.fail(err)
	}
	return j.shared.failed()
}

func (j *nestedLoopJoin) readBuild(ctx context.Context) error {
	env := j.emit.env
	var err error
	if j.replicated {
		owner := *env
		owner.Account = env.fragmentAccount()
		err = j.shared.readOnce(ctx, &owner, j.build)
	} else {
		err = j.shared.readTogether(ctx, env, j.build, j.arrive)
	}
	if err != nil {
		return err
	}
	j.emit.store = j.shared.store
	j.stage = joinProbing
	rows := j.shared.rows
	if j.node.Kind == physical.FullOuter {
		j.held.account = env.Account
		if err := j.held.reserve(int64(vector.Words(rows)) * 8); err != nil {
			return j.shared.fail(err)
		}
		j.marks = vector.NewBitmap(rows)
		j.shared.tail.marks[env.Instance] = j.marks
	}
	if rows == 0 && needsProbeMatch(j.node.Kind) || rows > 0 && j.always() && j.node.Kind == physical.ProbeAnti {
		j.stage = joinDone
		return j.probe.Close()
	}
	return nil
}

// nextProbed gives the next output, or nil when the stage has ended or a step gave
// nothing.
func (j *nestedLoopJoin) nextProbed(ctx context.Context) (*vector.Batch, error) {
	if j.loop.batch != nil {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		return j.step()
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
	if j.always() && j.shared.rows == 1 && emitsPairs(j.node.Kind) {
		return j.besideOne(b), nil
	}
	l := &j.loop
	l.batch, l.active = b, explicit(b.Sel, b.Len)
	l.build, l.probe = 0, 0
	l.byRow = j.shared.rows > b.Rows()
	l.found = clearBits(l.found, b.Len)
	if j.compare != nil {
		l.unknown = clearBits(l.unknown, b.Len)
	}
	if j.always() && existenceOnly(j.node.Kind) && j.shared.rows > 0 { // any row is a partner
		for _, place := range l.active {
			l.found.Set(int(place))
		}
		return j.finish()
	}
	return nil, nil
}

// always reports whether every pair matches.
func (j *nestedLoopJoin) always() bool { return j.cond == nil && j.compare == nil }

// besideOne puts the only build row beside every row of a batch.
func (j *nestedLoopJoin) besideOne(b *vector.Batch) *vector.Batch {
	if j.marks != nil {
		j.marks.Set(0)
	}
	cols := j.emit.probeColumns(b)
	for i, c := range j.emit.shape.emit {
		if c.fromBuild {
			cols[i] = vector.Const(j.shared.store.at(c.index, 0), b.Len)
		}
	}
	b.Cols = cols
	return b
}

// step tries the next constants of the shorter side with the other one.
func (j *nestedLoopJoin) step() (*vector.Batch, error) {
	l := &j.loop
	switch {
	case l.build >= j.shared.rows || len(l.active) == 0 || l.byRow && l.probe >= len(l.active):
		return j.finish()
	case l.byRow:
		return j.stepProbeRow()
	}
	return j.stepBuildRow()
}

// stepBuildRow tries one build row with the active rows of the batch.
func (j *nestedLoopJoin) stepBuildRow() (*vector.Batch, error) {
	l, b := &j.loop, j.loop.batch
	row := uint32(l.build)
	l.build++
	column := func(c joinColumn) vector.Column {
		if c.fromBuild {
			return vector.Const(j.shared.store.at(c.index, int(row)), b.Len)
		}
		return b.Cols[c.index]
	}
	at, unknown, err := j.matches(l.active, b.Len, column)
	if err != nil {
		return nil, err
	}
	for _, place := range unknown {
		l.unknown.Set(int(place))
	}
	if j.node.Kind == physical.ProbeAnti {
		l.active = subtract(l.active, unknown)
	}
	if len(at) == 0 {
		return nil, nil
	}
	if j.marks != nil {
		j.marks.Set(int(row))
	}
	for _, place := range at {
		if j.node.Kind == physical.Inner {
			break // nobody asks
		}
		if err := j.note(place, row); err != nil {
			return nil, err
		}
	}
	switch {
	case existenceOnly(j.node.Kind):
		l.active = subtract(l.active, at)
		return nil, nil
	case j.node.Kind == physical.ProbeSingle:
		return nil, nil
	}
	return j.give(at, b.Len, column)
}

// stepProbeRow tries one probe row with a block of build rows.
func (j *nestedLoopJoin) stepProbeRow() (*vector.Batch, error) {
	l := &j.loop
	place, first := l.active[l.probe], l.build
	n := min(j.shared.rows-first, j.emit.env.Rows())
	if l.build += n; l.build >= j.shared.rows {
		l.build = 0
		l.probe++
	}
	column := func(c joinColumn) vector.Column {
		if c.fromBuild {
			return j.shared.store.cols[c.index].Slice(first, first+n)
		}
		return vector.Const(entryOf(&l.batch.Cols[c.index], int(place)), n)
	}
	at, unknown, err := j.matches(explicit(nil, n), n, column)
	if err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		l.unknown.Set(int(place))
	}
	for _, i := range at {
		if j.marks != nil {
			j.marks.Set(first + int(i))
		}
		if err := j.note(place, uint32(first)+i); err != nil {
			return nil, err
		}
	}
	settled := len(at) > 0 || len(unknown) > 0 && j.node.Kind == physical.ProbeAnti
	switch {
	case !settled || j.node.Kind == physical.ProbeSingle:
		return nil, nil
	case existenceOnly(j.node.Kind):
		if l.build > 0 { // the other blocks need not be looked at
			l.build = 0
			l.probe++
		}
		return nil, nil
	}
	return j.give(at, n, column)
}

// matches is the rows among sel, of a batch of n rows whose columns are made by
// column, on which the condition and the comparison are true, and those on which
// the condition is true and the comparison is NULL.
func (j *nestedLoopJoin) matches(sel vector.Selection, n int, column func(joinColumn) vector.Column) (at, unknown vector.Selection, err error) {
	if j.always() {
		return sel, nil, nil
	}
	pairs := vector.New(make([]vector.Column, len(j.emit.shape.residualInput)), n)
	defer pairs.Release()
	for i, c := range j.emit.shape.residualInput {
		pairs.Cols[i] = column(c)
	}
	pairs.Sel = sel
	if j.cond != nil {
		if err := j.cond.Apply(pairs); err != nil {
			return nil, nil, err
		}
	}
	rows := explicit(pairs.Sel, n)
	if j.compare == nil {
		return append(vector.Selection(nil), rows...), nil, nil
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	c, err := j.compare.Eval(pairs)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		if c.IsNull(int(row)) {
			unknown = append(unknown, row)
		} else if flat, i := c.At(int(row)); flat.Data[i] != 0 {
			at = append(at, row)
		}
	}
	return at, unknown, nil
}

// note remembers that the row at place found a partner.
func (j *nestedLoopJoin) note(place, row uint32) error {
	l := &j.loop
	if j.node.Kind == physical.ProbeSingle {
		if l.found.Get(int(place)) {
			return errSecondRow()
		}
		if len(l.single) < l.batch.Len {
			l.single = append(l.single, make([]uint32, l.batch.Len-len(l.single))...)
		}
		l.single[place] = row
	}
	l.found.Set(int(place))
	return nil
}

// give makes an output of the matching rows at of n.
func (j *nestedLoopJoin) give(at vector.Selection, n int, column func(joinColumn) vector.Column) (*vector.Batch, error) {
	out := j.loop.batch.Share()
	out.Cols, out.Len, out.Sel = make([]vector.Column, len(j.emit.shape.emit)), n, nil
	for i, c := range j.emit.shape.emit {
		out.Cols[i] = column(c)
	}
	var err error
	if out.Sel, err = ownSelection(j.emit.env, out, at); err != nil {
		out.Release()
		return nil, err
	}
	return out, nil
}

// finish ends the current batch with what comes out once all pairs were tried.
func (j *nestedLoopJoin) finish() (*vector.Batch, error) {
	l := &j.loop
	b := l.batch
	var found, lonely, unknown []uint32
	for _, place := range explicit(b.Sel, b.Len) {
		switch {
		case l.found.Get(int(place)):
			found = append(found, place)
		case j.compare != nil && l.unknown.Get(int(place)):
			unknown = append(unknown, place)
		default:
			lonely = append(lonely, place)
		}
	}
	var out *vector.Batch
	var err error
	switch kind := j.node.Kind; {
	case kind == physical.ProbeMark:
		out, err = j.emit.mark(b, found, unknown)
	case kind == physical.ProbeSingle:
		rows := make([]uint32, len(found))
		for i, place := range found {
			rows[i] = l.single[place]
		}
		out, err = j.emit.aligned(b, found, rows, true)
	case kind == physical.ProbeSemi && len(found) > 0:
		out, err = j.emit.narrow(b, found)
	case kind == physical.ProbeAnti && len(lonely) > 0:
		out, err = j.emit.narrow(b, lonely)
	case keepsUnmatchedProbe(kind) && len(lonely) > 0:
		out, err = j.emit.lonely(b, lonely)
	default:
		b.Release()
	}
	if err == nil {
		l.batch = nil
	}
	return out, err
}

// nextTail gives, for FullOuter, the build rows without a partner.
func (j *nestedLoopJoin) nextTail(ctx context.Context) (*vector.Batch, error) {
	if j.marks == nil {
		j.stage = joinDone
		return nil, nil
	}
	if j.passed <= nestedProbed {
		if err := j.arrive(ctx, nestedProbed); err != nil {
			return nil, err
		}
	}
	if len(j.tail) == 0 {
		rows, more := j.shared.tail.claim(j.shared.rows, false)
		if !more {
			j.stage = joinDone
		}
		j.tail = rows
		return nil, ctx.Err()
	}
	rows := j.tail[:min(len(j.tail), j.emit.env.Rows())]
	j.tail = j.tail[len(rows):]
	return j.emit.buildRows(rows)
}

func (j *nestedLoopJoin) Close() error {
	if j.closed {
		return nil
	}
	j.closed = true
	j.stage = joinDone
	j.loop.batch.Release()
	j.loop.batch = nil
	j.held.free()
	j.cond.Close()
	if j.compare != nil {
		j.compare.Close()
	}
	if !j.replicated {
		for ; j.passed < nestedBarriers; j.passed++ {
			j.shared.barriers[j.passed].Leave()
		}
	}
	err := errors.Join(j.probe.Close(), j.build.Close())
	if !j.replicated {
		j.shared.leave()
	}
	return err
}
