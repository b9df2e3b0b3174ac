package exec

import (
	"context"
	"errors"
	"io"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// blockJoin joins a partition that no hash divides, for most of its build rows have one
// key: the build side is read block by block, as much as there is room for, and the
// whole probe side is joined with each (nested passes).
//
// A pass gives out the pairs, and the build rows that found no partner, which is final:
// it sees all probe rows. What is said of a probe row needs all passes; until then two
// bits a row tell whether it has a partner, and whether its IN is unknown so far (an IN
// over several blocks is the OR of those over each). So the rows of a pass carry the
// number of their probe row.
type blockJoin struct {
	split        *joinSplit
	env          *Env // without files: a pass has room
	build, probe SpillFile
	facts        joinFacts
	pairs        bool               // passes give out pairs, or build rows
	node         *physical.HashJoin // of a pass
	emit         joinEmitter        // of probe rows, behind the passes

	at       int // first build batch of the next pass
	pass     *hashJoin
	block    *blockReader
	matched  vector.Bitmap // by number of the probe row
	unknown  vector.Bitmap
	held     budget
	last     *numberedReader // of the probe rows that come behind the passes
	finished bool
}

// newBlockJoin joins the files of a partition in env, which is the join's alone.
func newBlockJoin(s *joinSplit, build, probe SpillFile, facts joinFacts, env *Env) (Operator, error) {
	own := *env
	own.Spill = nil
	j := &blockJoin{split: s, env: &own, build: build, probe: probe, facts: facts, held: budget{account: env.Account}}
	j.pairs = emitsPairs(s.node.Kind) || s.node.Kind == physical.BuildSemi || s.node.Kind == physical.BuildAnti
	j.node = j.passNode()
	shape := newJoinShape(s.node.Kind, s.probe, s.build, s.node.Schema(), s.node.Emit, s.node.Residual, nil)
	j.emit = joinEmitter{env: &own, shape: shape}
	return j, nil
}

// passNode is the join of a block: its probe side has the row's number behind it.
func (j *blockJoin) passNode() *physical.HashJoin {
	n := *j.split.node
	number := len(j.split.probe)
	move := func(c int) int {
		if c >= number {
			return c + 1
		}
		return c
	}
	if n.Residual != nil {
		n.Residual = renumbered(n.Residual, move)
	}
	n.Emit = nil
	if j.pairs {
		for _, c := range j.split.node.Emit {
			n.Emit = append(n.Emit, move(c))
		}
	}
	switch n.Kind {
	case physical.ProbeOuter, physical.ProbeSingle:
		n.Kind = physical.Inner
	case physical.FullOuter:
		n.Kind = physical.BuildOuter
	case physical.ProbeSemi, physical.ProbeAnti:
		n.Kind = physical.ProbeMark
	}
	if n.Kind != physical.BuildSemi && n.Kind != physical.BuildAnti {
		n.Emit = append(n.Emit, number)
	}
	n.Probe = &physical.Values{Fields: numberedFields(j.split.probe)}
	n.BuildUnique = false
	return &n
}

func numberedFields(fields []expr.Field) []expr.Field {
	return append(append([]expr.Field{}, fields...), expr.Field{Type: expr.Of(expr.Int8)})
}

func (j *blockJoin) Schema() []expr.Field { return j.split.node.Schema() }

func (j *blockJoin) Next(ctx context.Context) (*vector.Batch, error) {
	for !j.finished {
		var b *vector.Batch
		var err error
		if j.last == nil {
			b, err = j.nextOfPass(ctx)
		} else {
			b, err = j.nextOfRest(ctx)
		}
		if b != nil || err != nil {
			return b, err
		}
	}
	return nil, io.EOF
}

// nextOfPass gives the next output of the passes; nil when there is none yet.
func (j *blockJoin) nextOfPass(ctx context.Context) (*vector.Batch, error) {
	if j.pass == nil {
		if j.at > 0 && j.at >= j.build.Batches() {
			return nil, j.passed()
		}
		return nil, j.open()
	}
	b, err := j.pass.Next(ctx)
	if errors.Is(err, io.EOF) {
		j.at = max(j.block.at, 1) // one pass even over nothing
		err = j.pass.Close()
		j.pass = nil
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return j.note(b)
}

// blockPart is the part of the room that a block of rows may take: the table and what
// it is made of take the rest.
const blockPart, leastBlock = 4, 64 << 10

func (j *blockJoin) open() (err error) {
	room := max(j.env.Account.Share().Room()/blockPart, leastBlock)
	j.block = &blockReader{spillReader: *newSpillReader(j.build, j.split.build, j.env), left: room}
	j.block.at = j.at
	probe := &numberedReader{spillReader: *newSpillReader(j.probe, numberedFields(j.split.probe), j.env)}
	env := *j.env
	env.Group = NewGroup(1)
	env.Fragment = env.Group
	j.pass, err = joinOf(j.node, probe, j.block, j.facts, &env)
	return err
}

// note takes the numbers out of a pass's output and remembers what it says.
func (j *blockJoin) note(b *vector.Batch) (*vector.Batch, error) {
	kind := j.split.node.Kind
	if kind == physical.BuildSemi || kind == physical.BuildAnti {
		return b, nil
	}
	if !j.pairs {
		defer b.Release()
		mark := &b.Cols[1]
		for _, row := range b.Selected() {
			at := int(numberAt(&b.Cols[0], int(row)))
			if err := j.reach(at); err != nil {
				return nil, err
			}
			switch flat, i := mark.At(int(row)); {
			case mark.IsNull(int(row)):
				j.unknown.Set(at)
			case flat.Bools()[i] != 0:
				j.matched.Set(at)
			}
		}
		return nil, nil
	}
	numbers := b.Cols[len(b.Cols)-1]
	if keepsUnmatchedProbe(kind) {
		for _, row := range b.Selected() {
			if numbers.IsNull(int(row)) { // a build row on its own
				continue
			}
			at := int(numberAt(&numbers, int(row)))
			if err := j.reach(at); err != nil {
				return nil, err
			}
			if kind == physical.ProbeSingle && j.matched.Get(at) {
				b.Release()
				return nil, errSecondRow()
			}
			j.matched.Set(at)
		}
	}
	b.Cols = b.Cols[:len(b.Cols)-1]
	return b, nil
}

func numberAt(c *vector.Column, row int) int64 {
	c, row = c.At(row)
	return c.Int64s()[row]
}

// reach makes the bitmaps long enough for a row.
func (j *blockJoin) reach(row int) error {
	if row < len(j.matched)*64 {
		return nil
	}
	words := max(vector.Words(row+1), 2*len(j.matched))
	if err := j.held.reserve(int64(words-len(j.matched)) * 16); err != nil {
		return err
	}
	for _, b := range []*vector.Bitmap{&j.matched, &j.unknown} {
		longer := make(vector.Bitmap, words)
		copy(longer, *b)
		*b = longer
	}
	return nil
}

// passed goes on to the probe rows, where something is said of each.
func (j *blockJoin) passed() error {
	if j.pairs && !keepsUnmatchedProbe(j.split.node.Kind) {
		j.finished = true
		return nil
	}
	j.last = &numberedReader{spillReader: *newSpillReader(j.probe, numberedFields(j.split.probe), j.env)}
	return nil
}

// nextOfRest gives the next probe rows by what the passes have said of them; nil when a
// batch gives none.
func (j *blockJoin) nextOfRest(ctx context.Context) (*vector.Batch, error) {
	b, err := j.last.Next(ctx)
	if errors.Is(err, io.EOF) {
		j.finished = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := j.reach(int(j.last.next)); err != nil {
		b.Release()
		return nil, err
	}
	var matched, unknown, lonely []uint32
	numbers := &b.Cols[len(b.Cols)-1]
	for _, row := range b.Selected() {
		switch at := int(numberAt(numbers, int(row))); {
		case j.matched.Get(at):
			matched = append(matched, row)
		case j.unknown.Get(at):
			unknown = append(unknown, row)
		default:
			lonely = append(lonely, row)
		}
	}
	out, err := j.rest(b, matched, unknown, lonely)
	if out == nil {
		b.Release()
	}
	return out, err
}

func (j *blockJoin) rest(b *vector.Batch, matched, unknown, lonely []uint32) (*vector.Batch, error) {
	switch j.split.node.Kind {
	case physical.ProbeMark:
		return j.emit.mark(b, matched, unknown)
	case physical.ProbeSemi:
		lonely = matched
	}
	switch {
	case len(lonely) == 0:
		return nil, nil
	case j.pairs:
		return j.emit.lonely(b, lonely)
	}
	return j.emit.narrow(b, lonely)
}

func (j *blockJoin) Close() error {
	j.finished = true
	var err error
	if j.pass != nil {
		err = j.pass.Close()
		j.pass = nil
	}
	if j.last != nil {
		err = errors.Join(err, j.last.Close())
	}
	j.held.free()
	return err
}

// blockReader ends when the batches it has given out take so many bytes.
type blockReader struct {
	spillReader
	left int64
}

func (r *blockReader) Next(ctx context.Context) (*vector.Batch, error) {
	if r.left <= 0 && r.rest == nil {
		return nil, io.EOF
	}
	b, err := r.spillReader.Next(ctx)
	if err != nil {
		return nil, err
	}
	for i := range b.Cols {
		r.left -= columnBytes(&b.Cols[i])
	}
	return b, nil
}

// numberedReader puts the number of a row, counted over the file, behind its columns.
type numberedReader struct {
	spillReader
	next int64
}

func (r *numberedReader) Next(ctx context.Context) (*vector.Batch, error) {
	b, err := r.spillReader.Next(ctx)
	if err != nil {
		return nil, err
	}
	numbers := make([]int64, b.Len)
	for i := range numbers {
		numbers[i] = r.next + int64(i)
	}
	r.next += int64(b.Len)
	b.Cols = append(b.Cols, vector.Flat(eval.Layout(expr.Of(expr.Int8)), numbers, nil))
	return b, nil
}
