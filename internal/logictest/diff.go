package logictest

import (
	"fmt"
	"strings"
)

// maxDiffLines and maxDiffRows bound a failure's text and the work for it.
const (
	maxDiffLines = 60
	maxDiffRows  = 2000
)

// diff shows where two lists of rows differ, - what was expected and + what
// came, with one equal row around each place. It is "" when they are equal.
func diff(want, got [][]Value, types []string) string {
	type edit struct {
		mark byte
		text string
	}
	equal := func(i, j int) bool { return equalRows(want[i], got[j], types) }
	var edits []edit
	start := 0
	for start < len(want) && start < len(got) && equal(start, start) {
		start++
	}
	if start == len(want) && start == len(got) {
		return ""
	}
	if start > 0 {
		edits = append(edits, edit{' ', encodeRow(want[start-1], types)})
	}
	keep := longestCommon(len(want)-start, len(got)-start, func(i, j int) bool { return equal(start+i, start+j) })
	i, j := start, start
	for _, k := range append(keep, [2]int{len(want) - start, len(got) - start}) {
		for ; i < start+k[0]; i++ {
			edits = append(edits, edit{'-', encodeRow(want[i], types)})
		}
		for ; j < start+k[1]; j++ {
			edits = append(edits, edit{'+', encodeRow(got[j], types)})
		}
		if i < len(want) && j < len(got) {
			edits = append(edits, edit{' ', encodeRow(want[i], types)})
			i, j = i+1, j+1
		}
	}
	var b strings.Builder
	lines := 0
	for n, e := range edits {
		near := e.mark != ' ' || n > 0 && edits[n-1].mark != ' ' || n+1 < len(edits) && edits[n+1].mark != ' '
		if !near {
			continue
		}
		if lines++; lines > maxDiffLines {
			fmt.Fprintf(&b, "  … (%d rows expected, %d came)\n", len(want), len(got))
			break
		}
		fmt.Fprintf(&b, "%c %s\n", e.mark, e.text)
	}
	return b.String()
}

// longestCommon gives the index pairs of a longest common subsequence; none
// when the lists are too long for the quadratic table.
func longestCommon(n, m int, equal func(i, j int) bool) [][2]int {
	if n > maxDiffRows || m > maxDiffRows {
		return nil
	}
	length := make([][]int32, n+1)
	length[n] = make([]int32, m+1)
	for i := n - 1; i >= 0; i-- {
		length[i] = make([]int32, m+1)
		for j := m - 1; j >= 0; j-- {
			if equal(i, j) {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case equal(i, j):
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
