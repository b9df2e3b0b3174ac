package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// findSkips finds tests that are left out without a word.
func findSkips(t *tree, _ *exceptions) []string {
	var faults []string
	for _, p := range t.packages {
		for _, f := range p.files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || !f.test {
					return true
				}
				fn, ok := call.Fun.(*ast.SelectorExpr)
				if ok && (fn.Sel.Name == "SkipNow" || fn.Sel.Name == "Skip" && len(call.Args) == 0) {
					faults = append(faults, t.at(call.Pos())+": a test is skipped without a reason; use Skip(\"why\")")
				}
				return true
			})
		}
	}
	return faults
}

// maxBinaryBytes is how large a file of a test's data may be.
const maxBinaryBytes = 256 << 10

// findBinaries finds what was built and is no part of the source, and data that is too
// large for it.
func findBinaries(t *tree, _ *exceptions) []string {
	var faults []string
	for p, size := range t.binary {
		if !strings.Contains("/"+p, "/testdata/") {
			faults = append(faults, p+": a binary file outside of testdata")
		} else if size > maxBinaryBytes {
			faults = append(faults, fmt.Sprintf("%s: %d bytes, at most %d are kept in the repository", p, size, maxBinaryBytes))
		}
	}
	return faults
}

// findUnformatted finds files that gofmt would change.
func findUnformatted(t *tree, _ *exceptions) []string {
	var faults []string
	for _, p := range t.packages {
		for _, f := range p.files {
			if want, err := format.Source(f.src); err == nil && !bytes.Equal(want, f.src) {
				faults = append(faults, f.path+": run gofmt -w")
			}
		}
	}
	return faults
}

// machinePath matches paths of somebody's machine.
var machinePath = regexp.MustCompile(`(^|[\s"'` + "`" + `=(:])/(work|root|home/\w+|Users/\w+|tmp/venv)/`)

// findPaths finds paths that exist on one machine only.
func findPaths(t *tree, allow *exceptions) []string {
	var faults []string
	for _, p := range slices.Sorted(maps.Keys(t.text)) {
		for i, line := range bytes.Split(t.text[p], []byte("\n")) {
			if m := machinePath.Find(line); m != nil && !allow.allows("path", p) {
				faults = append(faults, fmt.Sprintf("%s:%d: %q is a path of one machine", p, i+1, m))
			}
		}
	}
	return faults
}
