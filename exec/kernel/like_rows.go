package kernel

import "github.com/skein-query/skein/exec/vector"

// farthest is how many bytes may stand between two strings that are searched as one.
// Pages have four between theirs; what is far apart is searched string by string.
const farthest = 32

// MatchRows says for each row whether its string matches (not: whether it does not).
// views has a string a row, or one for all.
//
// A pattern that begins with a percent sign and a piece without wildcards is searched
// for in many strings at once: views over a page stand in its order, so the piece is
// looked for in the bytes from the first to the last, and most strings are passed over
// without being looked at.
func (l *Like) MatchRows(views []vector.View, buffers [][]byte, not bool, sel vector.Selection, out []uint8) {
	n := len(sel)
	if sel == nil {
		n = len(out)
	}
	if len(views) == 1 && len(out) != 1 {
		v := bit(l.Match(views[0].Bytes(buffers)) != not)
		for i := range n {
			out[rowAt(sel, i)] = v
		}
		return
	}
	free := l.searchable()
	for i := 0; i < n; {
		row := rowAt(sel, i)
		v := &views[row]
		if free && !v.Inline() {
			end, bytes := run(views, sel, i, n)
			l.matchRun(views, sel, i, end, buffers[v.Buffer()][:bytes], not, out)
			i = end
			continue
		}
		out[row] = bit(l.Match(v.Bytes(buffers)) != not)
		i++
	}
}

func rowAt(sel vector.Selection, i int) int {
	if sel == nil {
		return i
	}
	return int(sel[i])
}

// searchable reports whether the first piece may stand anywhere and is plain text.
func (l *Like) searchable() bool {
	return !l.start && !l.fold && len(l.pieces) > 0 && l.pieces[0].any == nil && (len(l.pieces) > 1 || !l.end)
}

// run gives the end of the rows from number i on whose strings stand one after the
// other, close together, in the buffer of the first; and of the last one's bytes.
// Strings in the views themselves are taken along.
func run(views []vector.View, sel vector.Selection, i, n int) (end, bytes int) {
	v := &views[rowAt(sel, i)]
	buffer, at := v.Buffer(), uint64(v.Offset())+uint64(v.Len)
	for i++; i < n; i++ {
		v := &views[rowAt(sel, i)]
		if v.Inline() {
			continue
		}
		from := uint64(v.Offset())
		if v.Buffer() != buffer || from-at > farthest { // wraps when it is before
			break
		}
		at = from + uint64(v.Len)
	}
	return i, int(at)
}

// matchRun is MatchRows for the rows of a run, whose strings are in buf. The next
// place of the first piece is known to be at or behind hit; where that is in none of
// the strings it is looked for again, from the next string on.
func (l *Like) matchRun(views []vector.View, sel vector.Selection, i, end int, buf []byte, not bool, out []uint8) {
	text := l.pieces[0].text
	hit := -1
	for ; i < end; i++ {
		row := rowAt(sel, i)
		v := &views[row]
		if v.Inline() {
			out[row] = bit(l.Match(v.Bytes(nil)) != not)
			continue
		}
		from := int(v.Offset())
		to := from + int(v.Len)
		if hit < from {
			if hit = Index(buf[from:], text); hit < 0 {
				hit = len(buf)
			} else {
				hit += from
			}
		}
		match := hit+len(text) <= to && l.matchFrom(1, buf[hit+len(text):to])
		out[row] = bit(match != not)
	}
}
