package lint

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// imports is the table of imports.txt.
type imports struct {
	edges   map[string]map[string]bool // package → what it may import → used
	tests   map[string]map[string]bool // the same for its tests, beside edges
	never   []ban
	modules map[string][]string // module → packages, "tests" for every test
}

// ban is a rule of the design that no edge may break.
type ban struct {
	from     string
	to, save []string
}

// parseImports reads the sections [edges], [tests], [never] and [modules], each of
// lines "name: names" that go on while they are indented.
func parseImports(text string) (*imports, error) {
	t := &imports{edges: map[string]map[string]bool{}, tests: map[string]map[string]bool{}, modules: map[string][]string{}}
	section, name := "", ""
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(strings.TrimSpace(line), "[]")
			continue
		}
		words := line
		if line[0] != ' ' && line[0] != '\t' {
			var ok bool
			if name, words, ok = strings.Cut(line, ":"); !ok {
				return nil, fmt.Errorf("imports.txt:%d: want \"name: names\"", i+1)
			}
		}
		if !t.add(section, name, strings.Fields(words)) {
			return nil, fmt.Errorf("imports.txt:%d: there is no section %q", i+1, section)
		}
	}
	return t, nil
}

func (t *imports) add(section, name string, words []string) bool {
	switch section {
	case "edges", "tests":
		table := map[string]map[string]map[string]bool{"edges": t.edges, "tests": t.tests}[section]
		if table[name] == nil {
			table[name] = map[string]bool{}
		}
		for _, w := range words {
			table[name][w] = false
		}
	case "never":
		b := ban{from: name}
		for _, w := range words {
			if saved, ok := strings.CutPrefix(w, "!"); ok {
				b.save = append(b.save, saved)
			} else {
				b.to = append(b.to, w)
			}
		}
		t.never = append(t.never, b)
	case "modules":
		t.modules[name] = append(t.modules[name], words...)
	default:
		return false
	}
	return true
}

// matches reports whether a package is pattern, or below it when that ends in
// "/...".
func matches(pattern, pkg string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == below || strings.HasPrefix(pkg, below+"/")
	}
	return pkg == pattern
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

// findImports finds imports that the table does not allow, and what it allows
// without need.
func findImports(t *tree, table *imports) []string {
	var faults []string
	for _, p := range t.packages {
		if t.text[p.path+"/go.mod"] != nil { // a module of its own, with its own dependencies
			continue
		}
		missing := map[bool]map[string]bool{false: {}, true: {}} // by whether tests import it
		for _, f := range p.files {
			for _, spec := range f.ast.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					continue // the parser has checked it
				}
				fault, edge := table.check(p.path, f.test, path)
				if fault != "" {
					faults = append(faults, t.at(spec.Pos())+": "+fault)
				}
				if edge != "" {
					missing[f.test][edge] = true
				}
			}
		}
		faults = append(faults, newEdges(p.path, missing)...)
	}
	return append(faults, table.unused()...)
}

// newEdges are the faults of edges that are not in the table, all of a package in
// one, so that they can be judged and added together.
func newEdges(from string, missing map[bool]map[string]bool) []string {
	var faults []string
	for _, test := range []bool{false, true} {
		to := slices.Sorted(maps.Keys(missing[test]))
		if len(to) == 0 {
			continue
		}
		who, section := from, "edges"
		if test {
			who, section = "a test of "+from, "tests"
		}
		faults = append(faults, fmt.Sprintf("%s: new imports: if the design allows them, add this to [%s] of internal/lint/imports.txt:\n%s: %s",
			who, section, from, strings.Join(to, " ")))
	}
	return faults
}

// check is what is wrong with an import: a fault, or an edge that is not in the
// table; both empty when nothing is.
func (t *imports) check(from string, test bool, path string) (fault, edge string) {
	to, ours := strings.CutPrefix(path, module+"/")
	if !test {
		for _, b := range t.never {
			if matches(b.from, from) && matchesAny(b.to, to) && !matchesAny(b.save, to) {
				return fmt.Sprintf("%s must not import %s: see [never] in internal/lint/imports.txt", from, to), ""
			}
		}
	}
	switch first, _, _ := strings.Cut(path, "/"); {
	case ours && !t.knows(from, test, to):
		return "", to
	case !ours && strings.Contains(first, "."):
		return t.outside(from, test, path), ""
	}
	return "", ""
}

// knows reports whether an edge is in the table, and marks it as used.
func (t *imports) knows(from string, test bool, to string) bool {
	if _, ok := t.edges[from][to]; ok {
		if !test {
			t.edges[from][to] = true
		}
		return true
	}
	if !test {
		return false
	}
	if _, ok := t.tests[from][to]; ok {
		t.tests[from][to] = true
		return true
	}
	return from == to // an external test package
}

func (t *imports) outside(from string, test bool, path string) string {
	for _, m := range slices.Backward(slices.Sorted(maps.Keys(t.modules))) { // the longer path first
		if !matches(m+"/...", path) {
			continue
		}
		if matchesAny(t.modules[m], from) || test && slices.Contains(t.modules[m], "tests") {
			return ""
		}
		return fmt.Sprintf("%s imports %s, which is kept to %s (internal/lint/imports.txt, [modules])", from, path, strings.Join(t.modules[m], ", "))
	}
	return fmt.Sprintf("%s imports %s of a module that is not in internal/lint/imports.txt, [modules]; a new dependency is a decision, and stands in the README too", from, path)
}

func (t *imports) unused() []string {
	var faults []string
	for section, table := range map[string]map[string]map[string]bool{"edges": t.edges, "tests": t.tests} {
		for _, from := range slices.Sorted(maps.Keys(table)) {
			for _, to := range slices.Sorted(maps.Keys(table[from])) {
				if !table[from][to] {
					faults = append(faults, fmt.Sprintf("internal/lint/imports.txt: nothing needs %q in [%s] any more; delete it", from+": "+to, section))
				}
			}
		}
	}
	slices.Sort(faults)
	return faults
}
