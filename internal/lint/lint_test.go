package lint

import (
	_ "embed"
	"os"
	"testing"
)

//go:embed imports.txt
var importsText string

//go:embed exceptions.txt
var exceptionsText string

// rules are the rules that need no table.
var rules = []struct {
	name string
	find func(t *tree, allow *exceptions) []string
}{
	{"names", findNames},
	{"documents", findUndocumented},
	{"sizes", findSizes},
	{"interfaces", findInterfaces},
	{"inits", findInits},
	{"variables", findVariables},
	{"skips", findSkips},
	{"binaries", findBinaries},
	{"format", findUnformatted},
	{"paths", findPaths},
}

func TestTreeKeepsItsRules(t *testing.T) {
	tree, err := readTree(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("imports", func(t *testing.T) {
		table, err := parseImports(importsText)
		if err != nil {
			t.Fatal(err)
		}
		report(t, findImports(tree, table))
	})
	allow, err := parseExceptions(exceptionsText)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) { report(t, r.find(tree, allow)) })
	}
	t.Run("exceptions", func(t *testing.T) { report(t, allow.unused()) })
}

func report(t *testing.T, faults []string) {
	t.Helper()
	for _, f := range faults {
		t.Error(f)
	}
}
