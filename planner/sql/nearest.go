package sql

// nearestWord is the keyword one slip away from word, two for long words: a letter
// too many, missing, wrong, or two swapped. Keywords are short, so the slips are
// counted more finely than sqlerr.Nearest does for names: form means from.
func nearestWord(word string, words []string) string {
	if len(word) < 3 || len(word) > 20 {
		return ""
	}
	best, least := "", 2
	if len(word) >= 7 {
		least = 3
	}
	for _, w := range words {
		if d := slips(word, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// slips is the optimal string alignment distance of a and b.
func slips(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
