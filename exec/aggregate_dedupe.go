package exec

import (
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
)

// cachedGroup is how many entries a group may have on average for its values to stay
// in the processor's cache.
const cachedGroup = 1 << 15

// source is sorted pairs and how their strings are found among those of all.
type source struct {
	*pairs
	strings *key.Translation // nil: their ids are those of all

	entries, gids []uint32 // found distinct, to be given to the plain aggregate
}

// runRef is entries [from, to) of a source.
type runRef struct {
	source   uint32
	from, to uint32
}

// dedupe gives what is distinct of own and merged pairs to the plain aggregate, group
// by group: the entries of one group stand in a few runs.
func (f *feeder) dedupe() error {
	temporary := budget{account: f.b.account}
	defer temporary.free()
	sources, total := f.sources()
	m, err := newMarks(f.set.layout, sources, total, &temporary)
	if err != nil {
		return err
	}
	if m.stamps == nil && f.set.unique && !f.sorted && total > f.groups*cachedGroup {
		return f.insertAll(sources[1:])
	}
	if err := f.sort(); err != nil {
		return err
	}
	runs, bounds, err := f.runs(&temporary)
	if err != nil {
		return err
	}
	for g := range f.groups {
		if err := f.group(uint32(g), runs[bounds[g]:bounds[g+1]], sources, m); err != nil {
			return err
		}
	}
	for i := range sources {
		if err := f.flush(&sources[i]); err != nil {
			return err
		}
	}
	return nil
}

// sources is the own pairs and the merged ones, and how many entries they have of the
// groups here.
func (f *feeder) sources() (out []source, total int) {
	out, total = []source{{pairs: f.set}}, f.set.n
	for _, m := range f.merged {
		s, n := source{pairs: m.set}, 0
		for _, g := range m.at {
			n += int(m.set.bounds[g+1] - m.set.bounds[g])
		}
		if s.layout.HasStrings() {
			s.strings = key.NewTranslation(m.set.strings, f.strings, n)
		}
		out, total = append(out, s), total+n
	}
	return out, total
}

// insertAll looks the merged pairs up in the table of the own ones: groups so large
// that their values are in no cache are best looked up where most of them are.
func (f *feeder) insertAll(sources []source) error {
	var words []uint64
	var gids, entries []uint32
	for i := range sources {
		s, m := &sources[i], &f.merged[i]
		for j, g := range m.at {
			for lo, end := s.bounds[g], s.bounds[g+1]; lo < end; lo += vector.MaxRows {
				hi := min(end, lo+vector.MaxRows)
				var err error
				if words, err = s.translated(lo, hi, words); err != nil {
					return err
				}
				gids = resize(&gids, int(hi-lo))
				for k := range gids {
					gids[k] = m.to[j]
				}
				before := f.set.n
				if err := f.set.insert(words, gids); err != nil {
					return err
				}
				entries = entries[:0]
				for _, row := range f.set.fresh {
					entries = append(entries, lo+row)
				}
				if err := f.set.takeLooks(s.pairs, entries, before); err != nil {
					return err
				}
			}
		}
	}
	return f.all(f.set)
}

// translated is the words of some entries with the ids that strings have here.
func (s *source) translated(from, to uint32, scratch []uint64) ([]uint64, error) {
	width := s.layout.Words()
	words := s.words[int(from)*width : int(to)*width]
	if s.strings == nil {
		return words, nil
	}
	words = append(scratch[:0], words...)
	return words, s.layout.Translate(words, s.strings)
}

// runs is the runs of entries, by group: those of group g are [bounds[g], bounds[g+1]).
func (f *feeder) runs(b *budget) (runs []runRef, bounds []uint32, err error) {
	n := f.groups
	for _, m := range f.merged {
		n += len(m.to)
	}
	if runs, err = grown(b, runs, n); err != nil {
		return nil, nil, err
	}
	if bounds, err = grown(b, bounds, f.groups+2); err != nil {
		return nil, nil, err
	}
	each := func(visit func(g uint32, r runRef)) {
		for g := 0; g < f.groups && f.set.n > 0; g++ {
			visit(uint32(g), runRef{0, f.set.bounds[g], f.set.bounds[g+1]})
		}
		for i, m := range f.merged {
			for j, g := range m.at {
				visit(m.to[j], runRef{uint32(i + 1), m.set.bounds[g], m.set.bounds[g+1]})
			}
		}
	}
	next := bounds[1:] // of group g at g; in the end that is where it ends
	each(func(g uint32, _ runRef) { next[g+1]++ })
	for g := range f.groups {
		next[g+1] += next[g]
	}
	each(func(g uint32, r runRef) {
		runs[next[g]] = r
		next[g]++
	})
	return runs, bounds, nil
}

// group finds the distinct entries of a group.
func (f *feeder) group(g uint32, runs []runRef, sources []source, m *marks) error {
	n := 0
	for _, r := range runs {
		n += int(r.to - r.from)
	}
	distinct := len(runs) == 1 && sources[runs[0].source].unique
	if f.counts != nil && (distinct || n == 1) {
		f.counts.n[g] += int64(n)
		return nil
	}
	if err := m.begin(g, n); err != nil {
		return err
	}
	for _, r := range runs {
		s := &sources[r.source]
		for lo := r.from; lo < r.to; lo += vector.MaxRows {
			fresh, err := m.fresh(s, lo, min(r.to, lo+vector.MaxRows))
			if err != nil {
				return err
			}
			if f.counts != nil {
				f.counts.n[g] += int64(len(fresh))
				continue
			}
			for _, at := range fresh {
				s.entries, s.gids = append(s.entries, lo+at), append(s.gids, g)
				if len(s.entries) < vector.MaxRows {
					continue
				}
				if err := f.flush(s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (f *feeder) flush(s *source) error {
	if len(s.entries) == 0 {
		return nil
	}
	err := f.give(s.pairs, s.entries, s.gids)
	s.entries, s.gids = s.entries[:0], s.gids[:0]
	return err
}
