package exec

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// aggregate chooses how an aggregate over frames is computed.
func (w *windowBuild) aggregate(c expr.Window, frame windowFrame) (windowCall, windowCut, error) {
	args := make([]windowArg, len(c.Args))
	for i, e := range c.Args {
		args[i], _ = newWindowArg(e, len(w.input)) // call has seen to them
	}
	var filter *windowArg
	if c.Filter != nil {
		f, err := newWindowArg(c.Filter, len(w.input))
		if err != nil {
			return nil, 0, err
		}
		filter = &f
	}
	if sums := w.sum(c, frame, args, filter); sums != nil {
		return sums, frame.cut(), nil
	}
	if call := w.moving(c, frame, args, filter); call != nil {
		return call, frame.cut(), nil
	}
	parts, finish, err := aggregateParts(c, len(w.input))
	if err != nil {
		return nil, 0, err
	}
	if frame.frame.IsWhole() {
		return &windowWhole{parts: parts, finish: finish, filter: filter, env: w.env}, cutAtPartitions, nil
	}
	if c.Func == "string_agg" || c.Func == "array_agg" {
		return &windowCollect{windowFrame: frame, args: args, filter: filter, list: c.Func == "array_agg"}, cutAtPartitions, nil
	}
	return &windowTree{windowFrame: frame, parts: parts, finish: finish, filter: filter, env: w.env}, frame.cut(), nil
}

// sum is the call as a windowSum, nil when it is none.
func (w *windowBuild) sum(c expr.Window, frame windowFrame, args []windowArg, filter *windowArg) *windowSum {
	s := &windowSum{windowFrame: frame, fn: c.Func, filter: filter, result: c.Typ, b: budget{account: w.env.Account}}
	switch {
	case c.Func == "count" && len(args) == 0:
		return s
	case c.Func == "count" && len(args) == 1:
	case (c.Func == "sum" || c.Func == "avg") && isExact(args[0].typ) && !args[0].typ.IsWide():
		if c.Func == "avg" {
			s.finish = finishAvg(args[0].typ, c.Typ)
		}
	default:
		return nil
	}
	s.arg, s.typ = &args[0], args[0].typ
	return s
}

// moving is the call as one that follows the ends of frames row by row, nil when it is none.
func (w *windowBuild) moving(c expr.Window, frame windowFrame, args []windowArg, filter *windowArg) windowCall {
	if frame.frame.IsWhole() || frame.frame.Exclude != expr.ExcludeNone || len(args) != 1 {
		return nil
	}
	kind := eval.Layout(args[0].typ)
	switch c.Func {
	case "min", "max":
		switch kind {
		case vector.Int16, vector.Int32, vector.Int64, vector.Float32, vector.Float64:
			return newWindowExtreme(frame, args[0], filter, kind, c.Func == "max")
		}
	case "sum", "avg":
		if !frame.grows() || kind != vector.Float32 && kind != vector.Float64 {
			return nil
		}
		f := &windowFloats{windowFrame: frame, feed: windowFeed{arg: args[0], filter: filter}, call: sumFloat{kind: eval.Layout(c.Typ)}}
		if c.Func == "avg" {
			f.call.kind, f.finish = vector.Float64, finishAvg(args[0].typ, c.Typ)
		}
		return f
	}
	return nil
}

// windowPart is one state that an aggregate's value is made of.
type windowPart struct {
	make func(b *budget) accumulator
	args []windowArg
}

// aggregateParts is an aggregate's states and how its value comes from them.
func aggregateParts(c expr.Window, width int) ([]windowPart, finisher, error) {
	call := expr.Aggregate{Func: c.Func, Args: c.Args, Typ: c.Typ, Span: c.Span}
	plan, err := planAggregate(&physical.Aggregate{Aggs: []expr.Aggregate{call}, Names: []string{""}})
	if err != nil {
		return nil, nil, err
	}
	m := plan.measures[0]
	parts := make([]windowPart, len(m.states))
	for i, number := range m.states {
		s := plan.states[number]
		parts[i].make = s.make
		for _, a := range s.args {
			arg, err := newWindowArg(plan.stages[s.stage].args[a], width)
			if err != nil {
				return nil, nil, err
			}
			parts[i].args = append(parts[i].args, arg)
		}
	}
	return parts, m.finish, nil
}

// addPage adds rows of a page to a state, each to its group.
func (p *windowPart) addPage(to accumulator, b *windowBlock, page int, sel vector.Selection, gids []uint32, s *scratch) error {
	if len(sel) == 0 {
		return nil
	}
	in := &addition{sel: sel, n: len(sel), gids: gids, scratch: s, cols: make([]vector.Column, len(p.args))}
	for i := range p.args {
		var err error
		if in.cols[i], err = p.args[i].of(b, page); err != nil {
			return err
		}
	}
	return to.add(in)
}

// finished is the value of states.
func finished(states []accumulator, groups int, finish finisher) (vector.Column, error) {
	var cols []vector.Column
	for _, s := range states {
		c, err := s.columns(0, groups)
		if err != nil {
			return vector.Column{}, err
		}
		cols = append(cols, c...)
	}
	return finish(cols)
}

// selectedRows is the rows of a page that pass a filter.
func selectedRows(filter *windowArg, b *windowBlock, page int) (vector.Selection, error) {
	n := b.pages[page].n
	pass, err := passing(filter, b, page)
	if err != nil || pass == nil {
		return vector.All(n), err
	}
	sel := make(vector.Selection, 0, n)
	for i := range n {
		if pass.Get(i) {
			sel = append(sel, uint32(i))
		}
	}
	return sel, nil
}

// windowWhole is an aggregate over whole partitions: those of a block are groups.
type windowWhole struct {
	parts  []windowPart
	finish finisher
	filter *windowArg
	env    *Env
	b      *budget
	values vector.Column // by partition
}

func (w *windowWhole) begin(b *windowBlock) error {
	w.b = &budget{account: w.env.Account}
	states := make([]accumulator, len(w.parts))
	for i := range w.parts {
		states[i] = w.parts[i].make(w.b)
		if err := states[i].grow(len(b.parts)); err != nil {
			return err
		}
	}
	s := &scratch{}
	for page := range b.pages {
		sel, err := selectedRows(w.filter, b, page)
		if err != nil {
			return err
		}
		gids := make([]uint32, len(sel))
		v := windowView{windowBlock: b, number: page, start: b.pages[page].start, n: b.pages[page].n}
		at := 0
		v.partitions(func(r windowRun) {
			for ; at < len(sel) && int(sel[at]) < r.to; at++ {
				gids[at] = uint32(r.index)
			}
		})
		for i := range w.parts {
			if err := w.parts[i].addPage(states[i], b, page, sel, gids, s); err != nil {
				return err
			}
		}
	}
	var err error
	w.values, err = finished(states, len(b.parts), w.finish)
	return err
}

func (w *windowWhole) column(v *windowView) (vector.Column, error) {
	at := make([]uint32, v.n)
	v.partitions(func(r windowRun) {
		for i := r.from; i < r.to; i++ {
			at[i] = uint32(r.index)
		}
	})
	return vector.Gather(&w.values, at), nil
}

func (w *windowWhole) end(*windowBlock) error {
	w.close()
	return nil
}

func (w *windowWhole) close() {
	if w.b != nil {
		w.b.free()
	}
	w.values = vector.Column{}
}

// windowCollect is string_agg and array_agg over frames that are not whole partitions:
// what comes out holds every row of every frame, so it is put together frame by frame.
type windowCollect struct {
	windowFrame
	args   []windowArg
	filter *windowArg
	list   bool
}

func (*windowCollect) begin(*windowBlock) error { return nil }
func (*windowCollect) end(*windowBlock) error   { return nil }

func (w *windowCollect) column(v *windowView) (vector.Column, error) {
	rows, err := w.rows(v)
	if err != nil {
		return vector.Column{}, err
	}
	offsets, has := make([]int, v.n+1), make([]bool, v.n)
	var at []int
	for i := range v.n {
		rows.ranges(i, func(low, high int) {
			for pos := low; pos < high && err == nil; pos++ {
				var take bool
				if take, err = w.takes(v, pos); take {
					at = append(at, pos)
				}
			}
		})
		if err != nil {
			return vector.Column{}, err
		}
		offsets[i+1] = len(at)
		has[i] = offsets[i+1] > offsets[i]
	}
	if w.list {
		return w.lists(v, at, offsets, has)
	}
	return w.texts(v, at, offsets, has)
}

// takes reports whether a row of a frame counts.
func (w *windowCollect) takes(v *windowView, pos int) (bool, error) {
	page := v.at(pos)
	row := pos - v.pages[page].start
	if !w.list {
		c, err := w.args[0].of(v.windowBlock, page)
		if err != nil || c.IsNull(row) {
			return false, err
		}
	}
	if w.filter == nil {
		return true, nil
	}
	c, err := w.filter.of(v.windowBlock, page)
	if err != nil {
		return false, err
	}
	values, i := c.At(row)
	return !c.IsNull(row) && values.Data[i]&1 != 0, nil
}

func (w *windowCollect) lists(v *windowView, at, offsets []int, has []bool) (vector.Column, error) {
	narrow := make([]int32, len(offsets))
	for i, o := range offsets {
		if narrow[i] = int32(o); int(narrow[i]) != o {
			return vector.Column{}, sqlerr.New(sqlerr.ProgramLimitExceeded, "the lists of %d rows have more than 2^31 elements", v.n)
		}
	}
	value := windowValue{arg: w.args[0]}
	child := vector.Column{}
	var err error
	if len(at) > 0 {
		child, err = value.pick(v, at, nil)
	} else {
		child, err = value.none(v)
	}
	return vector.Column{Kind: vector.List, Len: v.n, Valid: validOf(has), Data: vector.BytesOf(narrow), Children: []vector.Column{child}}, err
}

func (w *windowCollect) texts(v *windowView, at, offsets []int, has []bool) (vector.Column, error) {
	var cols [2]vector.Column
	if len(at) > 0 {
		for i := range cols {
			value := windowValue{arg: w.args[i]}
			var err error
			if cols[i], err = value.pick(v, at, nil); err != nil {
				return vector.Column{}, err
			}
		}
	}
	var out vector.StringBuilder
	var text []byte
	for i := range v.n {
		text = text[:0]
		for j := offsets[i]; j < offsets[i+1]; j++ {
			if j > offsets[i] {
				text = appendText(text, &cols[1], j)
			}
			text = appendText(text, &cols[0], j)
		}
		out.Append(text)
	}
	return out.Column(validOf(has)), nil
}

func (w *windowCollect) close() { w.windowFrame.close() }
