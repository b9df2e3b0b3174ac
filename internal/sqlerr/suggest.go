package sqlerr

import (
	"fmt"
	"strings"
)

// Nearest is the candidate closest to name by edit distance (Levenshtein, with
// transpositions counted as two edits), ignoring case; "" when none is close
// enough to be a likely slip: at most a third of the longer name, at most three.
func Nearest(name string, candidates []string) string {
	best, bestDist := "", 4
	lower := strings.ToLower(name)
	for _, c := range candidates {
		d := distance(lower, strings.ToLower(c))
		if d < bestDist && d*3 <= max(len(name), len(c)) {
			best, bestDist = c, d
		}
	}
	return best
}

// DidYouMean is the hint for an unknown name, "" when no candidate is near.
func DidYouMean(name string, candidates []string) string {
	if n := Nearest(name, candidates); n != "" {
		return fmt.Sprintf("Did you mean %q?", n)
	}
	return ""
}

func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 1 << 20
	}
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
		}
		prev, cur = cur, prev
	}
	return prev[len(b)]
}
