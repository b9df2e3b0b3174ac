package exec

import (
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// filterBuild collects what a hash join's runtime filters need beside its index,
// and publishes them.
type filterBuild struct {
	wanted []wantedFilter
	held   budget
	to     *FilterSet // where they are published
}

// wantedFilter is one runtime filter while the build side is read. A single
// integer key is taken from the index; other keys are collected.
type wantedFilter struct {
	physical.RuntimeFilter
	typ      expr.Type
	fromInts bool         // the index has the keys
	strings  *key.Strings // string keys: the distinct ones
	parts    []filterPart
}

type filterPart struct {
	ints      chunks
	low, high int64
	n         int
	encoder   *key.Encoder
	block     key.Block
	held      budget
}

// newFilterBuild decides which filters may be made at all: dropping probe rows
// without a partner must be right for the kind of join, and the table must hold
// the whole build side, not the share of one task; unless the probe rows go with it.
func newFilterBuild(n *physical.HashJoin, instances int, env *Env) *filterBuild {
	f := &filterBuild{held: budget{account: env.Account}}
	whole := env.Fragment == nil || env.Fragment == env.Group || n.Replicated || n.BuildLeads()
	if f.to = env.Filters; n.Replicated {
		f.to = env.Filters.forAll()
	}
	if env.Filters == nil || !whole || !needsProbeMatch(n.Kind) || n.NullEqual {
		return f
	}
	for _, r := range n.RuntimeFilters {
		w := wantedFilter{RuntimeFilter: r, typ: n.BuildKeys[r.Key].Type()}
		w.fromInts = len(n.BuildKeys) == 1 && integerLike(w.typ)
		isText := w.typ.IsString() || w.typ.Kind == expr.Bytea
		if !integerLike(w.typ) && !isText {
			continue
		}
		w.parts = make([]filterPart, instances)
		if isText {
			w.strings = key.NewSharedStrings(env.Account, instances)
		}
		for i := range w.parts {
			w.parts[i].low, w.parts[i].high = 1<<63-1, -1<<63
			if isText {
				layout := key.NewLayout([]expr.Type{w.typ}, []bool{false})
				w.parts[i].encoder = key.NewEncoder(layout, w.strings)
			}
		}
		f.wanted = append(f.wanted, w)
	}
	return f
}

// add takes the keys of the rows sel of a batch of n rows.
func (f *filterBuild) add(part int, cols []vector.Column, n int, sel vector.Selection, account *memory.Account) error {
	for i := range f.wanted {
		w := &f.wanted[i]
		if w.fromInts {
			continue
		}
		p, c := &w.parts[part], &cols[w.Key]
		p.held.account = account
		if w.strings != nil {
			if err := p.encoder.Encode([]vector.Column{*c}, n, sel, &p.block); err != nil {
				return err
			}
			continue
		}
		usable := sel
		if c.Valid != nil {
			usable = withoutNulls(nil, c, sel)
		}
		data, err := p.ints.take(len(usable)*8, &p.held)
		if err != nil {
			return err
		}
		values := typed[int64](data)
		readInts(typed[uint64](data), c, usable)
		for _, v := range values {
			p.low, p.high = min(p.low, v), max(p.high, v)
		}
		p.n += len(values)
	}
	return nil
}

// publish makes the filters when the index is sealed. A filter for which there is
// no memory is left out: it is never needed for the answer.
func (f *filterBuild) publish(x *joinIndex) {
	for i := range f.wanted {
		w := &f.wanted[i]
		if w.strings != nil {
			if filter := newTextFilter(w.typ, w.strings, f.held.reserve); filter != nil {
				f.to.Publish(w.ID, filter)
			}
		} else if filter := f.newInts(w, x); filter != nil {
			f.to.Publish(w.ID, filter)
		}
		w.release()
	}
}

func (f *filterBuild) newInts(w *wantedFilter, x *joinIndex) *intFilter {
	keys := intKeys{low: 1<<63 - 1, high: -1 << 63}
	if !w.fromInts {
		for i := range w.parts {
			p := &w.parts[i]
			keys.low, keys.high, keys.n = min(keys.low, p.low), max(keys.high, p.high), keys.n+p.n
		}
		keys.each = func(visit func(int64)) {
			for i := range w.parts {
				w.parts[i].ints.each(func(piece []byte) {
					for _, v := range typed[int64](piece) {
						visit(v)
					}
				})
			}
		}
		return newIntFilter(w.typ, keys, f.held.reserve)
	}
	t := &x.table
	if t.slots == nil && x.keyed > 0 {
		return f.fromDirect(w.typ, t)
	}
	keys.n = x.keyed
	keys.each = func(visit func(int64)) {
		t.eachHead(func(row uint32) { visit(int64(t.words[row])) })
	}
	if x.keyed > 0 {
		keys.each(func(v int64) { keys.low, keys.high = min(keys.low, v), max(keys.high, v) })
	}
	return newIntFilter(w.typ, keys, f.held.reserve)
}

// fromDirect makes the filter of a bitmap or dense array, whose places are the
// filter's bits already.
func (f *filterBuild) fromDirect(typ expr.Type, t *joinTable) *intFilter {
	filter := &intFilter{typ: typ, low: int64(t.low), high: int64(t.low + t.span - 1), bitmap: t.bits}
	if t.bits == nil {
		words := vector.Words(len(t.dense))
		if f.held.reserve(int64(words)*8) != nil {
			return nil
		}
		filter.bitmap = make(vector.Bitmap, words)
		for word := range filter.bitmap {
			set := uint64(0)
			for bit, row := range t.dense[word*64 : min(word*64+64, len(t.dense))] {
				present := uint64(0)
				if row != 0 {
					present = 1
				}
				set |= present << bit
			}
			filter.bitmap[word] = set
		}
	}
	filter.keys = filter.bitmap.Count(int(t.span))
	return filter
}

func (w *wantedFilter) release() {
	for i := range w.parts {
		w.parts[i].held.free()
	}
	w.parts = nil
	if w.strings != nil {
		w.strings.Close()
	}
}

func (f *filterBuild) release() {
	for i := range f.wanted {
		f.wanted[i].release()
	}
	f.held.free()
}
