package exec

import "math/bits"

// radixSort sorts rows by the first used bits, at most 64, digit by digit from the last
// on (Knuth, "The Art of Computer Programming", volume 3, section 5.2.5), and reports
// whether that was worth it: a digit costs about as much as two of the comparisons that
// each row would take part in. b pays for as much memory again for a while.
func radixSort(rows []sortRow, used int, b *budget) bool {
	const digit = 8
	passes := (used + digit - 1) / digit
	if used > 64 || len(rows) < 64 || 2*passes > bits.Len(uint(len(rows))) {
		return false
	}
	temporary := budget{account: b.account}
	defer temporary.free()
	if temporary.reserve(int64(len(rows))*24) != nil {
		return false
	}
	var counts [8][1 << digit]uint32
	for i := range rows {
		for p, w := 0, rows[i].hi>>(64-used); p < passes; p, w = p+1, w>>digit {
			counts[p][w&(1<<digit-1)]++
		}
	}
	from, to := rows, make([]sortRow, len(rows))
	for p := range passes {
		shift := 64 - used + p*digit
		next := &counts[p]
		if int(next[from[0].hi>>shift&(1<<digit-1)]) == len(rows) {
			continue // all have the same digit
		}
		at := uint32(0)
		for d, n := range next {
			next[d] = at
			at += n
		}
		for i := range from {
			d := from[i].hi >> shift & (1<<digit - 1)
			to[next[d]] = from[i]
			next[d]++
		}
		from, to = to, from
	}
	if &from[0] != &rows[0] {
		copy(rows, from)
	}
	return true
}
