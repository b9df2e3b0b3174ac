package lint

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// emptyNames say nothing about what is in a package or file.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "base", "misc", "types", "v1", "v2"}

// findNames finds packages and files with names that say nothing.
func findNames(t *tree, allow *exceptions) []string {
	var faults []string
	for _, p := range t.packages {
		if slices.Contains(emptyNames, path.Base(p.path)) && !allow.allows("name", p.path) {
			faults = append(faults, fmt.Sprintf("%s: the package's name says nothing; name it for what is in it", p.path))
		}
		for _, f := range p.files {
			stem := strings.TrimSuffix(strings.TrimSuffix(f.name, ".go"), "_test")
			if slices.Contains(emptyNames, stem) && !allow.allows("name", f.path) {
				faults = append(faults, fmt.Sprintf("%s: the file's name says nothing; name it for what is in it", f.path))
			}
		}
	}
	return faults
}

// maxDocLines is what a reader takes in before the code.
const maxDocLines = 60

// findUndocumented finds packages without a doc.go that says what they are for.
func findUndocumented(t *tree, allow *exceptions) []string {
	var faults []string
	for _, p := range t.packages {
		if allow.allows("document", p.path) {
			continue
		}
		if fault := docFault(p); fault != "" {
			faults = append(faults, fmt.Sprintf("%s: %s", p.path, fault))
		}
	}
	return faults
}

func docFault(p *pkg) string {
	i := slices.IndexFunc(p.files, func(f *file) bool { return f.name == "doc.go" })
	if i < 0 {
		return "there is no doc.go; it says purpose, invariants, what the package must not know, reading order"
	}
	f := p.files[i]
	want := "Package " + f.ast.Name.Name + " "
	if f.ast.Name.Name == "main" {
		want = "Command " + path.Base(p.path) + " "
	}
	switch text := f.ast.Doc.Text(); {
	case !strings.HasPrefix(strings.ReplaceAll(text, "\n", " "), want) && !strings.HasPrefix(text, path.Base(p.path)+" "):
		return fmt.Sprintf("the comment of doc.go does not begin with %q", want)
	case strings.Count(text, "\n") > maxDocLines:
		return fmt.Sprintf("the comment of doc.go has more than %d lines", maxDocLines)
	}
	for _, other := range p.files {
		if other != f && !other.test && !other.generated && other.ast.Doc.Text() != "" && !isDirective(other.ast.Doc) {
			return fmt.Sprintf("%s has a package comment too; doc.go is its place", other.name)
		}
	}
	return ""
}

// isDirective reports whether a comment is for tools only.
func isDirective(c *ast.CommentGroup) bool {
	return !slices.ContainsFunc(c.List, func(l *ast.Comment) bool { return !strings.HasPrefix(l.Text, "//go:") })
}
