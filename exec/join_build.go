package exec

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// The meeting points of the instances of a join, in order.
const (
	joinFilled   = iota // every build row is in some instance's buffers
	joinCopied          // columns and keys stand in the shared store
	joinInserted        // the table is complete
	joinProbed          // every probe row has left its marks
	joinBarriers
)

// joinBuild is the build side of a hash join, shared by the instances of a group,
// or by the tasks of a fragment when it is replicated.
type joinBuild struct {
	*sharedBuild
	node  *physical.HashJoin
	shape *joinShape

	barriers [joinBarriers]*Barrier
	planned  Once
	sealed   Once

	index *joinIndex // by all keys
	// lists is, for NOT IN with correlation keys or a residual, the rows by the keys
	// before the last one: the list that a probe row is compared with.
	lists   *joinIndex
	unknown joinUnknowns
	store   *joinStore
	parts   []joinPart
	filters *filterBuild
	share   *memory.Account // of what was read, until the table is made

	tail tailRows

	facts     joinFacts   // of a partition: what is known of the whole
	spilling  atomic.Bool // the join goes on in partitions (join_spill.go)
	splitting sync.Once
	divided   *joinSplit   // nil unless spilling
	taken     atomic.Int64 // partitions that instances have taken
}

// joinPart is what one instance read of the build side.
type joinPart struct {
	buffers []columnBuffer // by slot
	keys    []columnBuffer // by key: of those that its words cannot give back, where they may have to
	rows    int
	writer  *partWriter // nil: nothing was spilled
}

// joinUnknowns is what NOT IN must know about NULLs on the build side.
type joinUnknowns struct {
	parts     []unknownPart
	anyRow    bool
	anyNull   bool
	nullRows  vector.Bitmap // by row: the last key is NULL; only with lists
	nullLists vector.Bitmap // by first row of a list: it holds a NULL; only with lists
	held      budget
}

type unknownPart struct {
	anyRow bool
	nulls  []uint32 // rows of the part whose last key is NULL; only with lists
}

func newJoinBuild(n *physical.HashJoin, shape *joinShape, env *Env, instances int) *joinBuild {
	s := &joinBuild{sharedBuild: newSharedBuild(instances), node: n, shape: shape}
	for i := range s.barriers {
		s.barriers[i] = NewBarrier(instances)
	}
	s.reset(env, instances)
	return s
}

// reset forgets everything that was read.
func (s *joinBuild) reset(env *Env, instances int) {
	types := make([]expr.Type, len(s.node.BuildKeys))
	for i, k := range s.node.BuildKeys {
		types[i] = k.Type()
	}
	s.share = env.share()
	s.index = newJoinIndex(types, s.node.NullEqual, instances, env.Account, s.share)
	if s.node.NullAware && (len(types) > 1 || s.node.Residual != nil) {
		s.lists = newJoinIndex(types[:len(types)-1], false, instances, env.Account, s.share)
	}
	s.unknown = joinUnknowns{parts: make([]unknownPart, instances), held: budget{account: env.Account}}
	s.parts = make([]joinPart, instances)
	s.tail.marks = make([]vector.Bitmap, instances)
	s.filters = newFilterBuild(s.node, instances, env)
	s.store = nil
}

// keysOnly reports whether only the existence of keys is asked for, never a row.
func (s *joinBuild) keysOnly() bool {
	if len(s.shape.stored) > 0 || len(s.shape.residual) > 0 {
		return false
	}
	return existenceOnly(s.node.Kind) || s.node.Kind == physical.Inner && s.node.BuildUnique
}

// keepsKeyless reports whether build rows with a NULL key are kept.
func (s *joinBuild) keepsKeyless() bool {
	return keepsUnmatchedBuild(s.node.Kind) || s.lists != nil
}

// fill reads the build side of one instance to its end.
func (s *joinBuild) fill(ctx context.Context, part int, input Operator, env *Env) error {
	keys, err := newEvaluators(s.node.BuildKeys, input.Schema(), evalOptions(env))
	if err != nil {
		return err
	}
	defer closeEvaluators(keys)
	s.index.open(part, s.share)
	if s.lists != nil {
		s.lists.open(part, s.share)
	}
	p := &s.parts[part]
	p.buffers = newColumnBuffers(len(s.shape.stored), s.share)
	if env.Spill != nil && !s.index.ints {
		p.keys = newColumnBuffers(len(keys), s.share)
	}
	cols := make([]vector.Column, len(keys))
	return Drain(ctx, input, func(b *vector.Batch) error {
		defer b.Release()
		for i, k := range keys {
			var err error
			if cols[i], err = k.Eval(b); err != nil {
				return err
			}
		}
		return s.takeOrSpill(ctx, part, b, cols, env)
	})
}

// take buffers the rows of a batch; cols are its keys.
func (s *joinBuild) take(part int, b *vector.Batch, cols []vector.Column, account *memory.Account) error {
	sel := explicit(b.Sel, b.Len)
	p := &s.parts[part]
	if s.node.NullAware && len(sel) > 0 {
		s.unknown.note(part, &cols[len(cols)-1], sel, p.rows, s.lists != nil)
	}
	if s.lists != nil {
		if _, err := s.lists.add(part, cols[:len(cols)-1], b.Len, sel, true); err != nil {
			return err
		}
	}
	kept, err := s.index.add(part, cols, b.Len, sel, s.keepsKeyless())
	if err != nil {
		return err
	}
	if err := s.filters.add(part, cols, b.Len, kept, account); err != nil {
		return err
	}
	for i := range p.keys {
		if !s.index.layout.Lossy(i) {
			continue
		}
		if err := p.keys[i].add(&cols[i], kept); err != nil {
			return err
		}
	}
	for slot, c := range s.shape.stored {
		if err := p.buffers[slot].add(&b.Cols[c], kept); err != nil {
			return err
		}
	}
	p.rows += len(kept)
	return nil
}

// plan sizes and allocates what is shared, when all parts are complete, or finds that
// it does not fit.
func (s *joinBuild) plan(env *Env) error {
	if env.Spill != nil {
		if s.spilling.Load() || !s.fits() {
			s.spilling.Store(true)
			return nil
		}
		s.share.Settle()
	}
	keysOnly := s.keysOnly()
	if err := s.index.choose(keysOnly, s.node.BuildUnique && !keysOnly); err != nil {
		return err
	}
	if s.lists != nil {
		if err := s.lists.choose(false, false); err != nil {
			return err
		}
	}
	parts := make([]storePart, len(s.parts))
	for i := range s.parts {
		parts[i] = storePart{rows: s.parts[i].rows, buffers: s.parts[i].buffers}
	}
	var err error
	s.store, err = newJoinStore(s.shape.storedFields, parts, budget{account: env.Account})
	return err
}

func (s *joinBuild) copyPart(part int) {
	s.store.copyPart(&s.store.part[part])
	s.index.copyKeys(part)
	if s.lists != nil {
		s.lists.copyKeys(part)
	}
}

func (s *joinBuild) insert(part int) {
	s.index.insert(part)
	if s.lists != nil {
		s.lists.insert(part)
	}
}

// seal finishes the table and publishes the runtime filters.
func (s *joinBuild) seal(env *Env) error {
	if err := s.index.seal(s.node.BuildUnique && !s.keysOnly()); err != nil {
		return err
	}
	if s.lists != nil {
		if err := s.lists.seal(false); err != nil {
			return err
		}
	}
	s.unknown.anyRow, s.unknown.anyNull = s.facts.anyRow, s.facts.anyNull
	if err := s.unknown.seal(s.lists); err != nil {
		return err
	}
	s.filters.publish(s.index)
	env.note(s.node, "%s of %d", s.index.table.kind(), s.index.keyed)
	return nil
}

// buildTogether is one instance's part of building the table with its siblings;
// arrive waits at a barrier.
func (s *joinBuild) buildTogether(ctx context.Context, env *Env, input Operator, arrive func(context.Context, int) error) error {
	part := env.Instance
	err := s.fill(ctx, part, input, env)
	if cerr := input.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return s.fail(err)
	}
	if err := arrive(ctx, joinFilled); err != nil {
		return err
	}
	if err := s.planned.Do(ctx, func() error { return s.plan(env) }); err != nil {
		return s.fail(err)
	}
	if s.spilling.Load() {
		if err := s.written(ctx, part, env); err != nil {
			return s.fail(err)
		}
		if err := arrive(ctx, joinCopied); err != nil {
			return err
		}
		return s.sealed.Do(ctx, func() error { return s.sealSpilled(env) })
	}
	s.copyPart(part)
	if err := arrive(ctx, joinCopied); err != nil {
		return err
	}
	s.insert(part)
	if err := arrive(ctx, joinInserted); err != nil {
		return err
	}
	if err := s.sealed.Do(ctx, func() error { return s.seal(env) }); err != nil {
		return s.fail(err)
	}
	return nil
}

// buildOnce builds the table for all tasks of a fragment, unless one has already.
func (s *joinBuild) buildOnce(ctx context.Context, env *Env, input Operator) error {
	build := func() error {
		err := s.fill(ctx, 0, input, env)
		if cerr := input.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			err = s.plan(env)
		}
		if err != nil {
			return err
		}
		if s.spilling.Load() {
			if err := s.written(ctx, 0, env); err != nil {
				return err
			}
			return s.sealSpilled(env)
		}
		s.copyPart(0)
		s.insert(0)
		return s.seal(env)
	}
	return s.once(ctx, input, build, func() {
		s.release()
		s.reset(env, 1)
		s.spilling.Store(false)
		s.splitting, s.divided = sync.Once{}, nil
	})
}

// leave says that an instance has closed; the last one frees everything.
func (s *joinBuild) leave() {
	if s.last() {
		s.release()
	}
}

// release gives all memory back. Columns given out before stay readable: the
// garbage collector keeps them.
func (s *joinBuild) release() {
	s.index.release()
	if s.lists != nil {
		s.lists.release()
	}
	s.unknown.held.free()
	s.filters.release()
	for i := range s.parts {
		s.parts[i].writer.close()
		releaseBuffers(s.parts[i].keys)
	}
	if s.divided != nil {
		s.divided.files.free()
		s.divided.probes.free()
	}
	if s.store != nil {
		s.store.release()
		return
	}
	for i := range s.parts {
		releaseBuffers(s.parts[i].buffers)
	}
}
