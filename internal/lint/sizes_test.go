package lint

import (
	"fmt"
	"go/ast"
	"regexp"
)

const (
	maxFileLines     = 600 // above it the header says why
	maxFuncLines     = 70
	maxTestFuncLines = 120 // tables of cases are long and easy
	maxMethods       = 5
)

// saysWhyLong is what a header of a long file has to say in some words.
var saysWhyLong = regexp.MustCompile(`(?is)\b(long|lines)\b.*\bbecause\b`)

// findSizes finds files and functions that are too long.
func findSizes(t *tree, allow *exceptions) []string {
	var faults []string
	for _, p := range t.packages {
		for _, f := range p.files {
			if f.generated {
				continue
			}
			if n := f.lines(); n > maxFileLines && !saysWhyLong.MatchString(header(f)) {
				faults = append(faults, fmt.Sprintf("%s: %d lines; divide it, or let its first comment say that it is long because …", f.path, n))
			}
			limit := maxFuncLines
			if f.test {
				limit = maxTestFuncLines
			}
			for _, d := range f.ast.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				subject := p.path + "." + funcName(fn)
				n := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1
				if n > limit && !allow.allows("function", subject) {
					faults = append(faults, fmt.Sprintf("%s: %s has %d lines, more than %d%s", t.at(fn.Pos()), subject, n, limit, otherwise("function", subject)))
				}
			}
		}
	}
	return faults
}

// header is the comments that stand before a file's first declaration.
func header(f *file) string {
	text := ""
	for _, c := range f.ast.Comments {
		if len(f.ast.Decls) > 0 && c.Pos() > f.ast.Decls[0].Pos() {
			break
		}
		text += c.Text()
	}
	return text
}

// funcName is Name or Type.Name.
func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	typ := fn.Recv.List[0].Type
	for {
		switch n := typ.(type) {
		case *ast.StarExpr:
			typ = n.X
		case *ast.IndexExpr:
			typ = n.X
		case *ast.IndexListExpr:
			typ = n.X
		case *ast.Ident:
			return n.Name + "." + fn.Name.Name
		default:
			return fn.Name.Name
		}
	}
}

// findInterfaces finds interfaces that ask for too much.
func findInterfaces(t *tree, allow *exceptions) []string {
	var faults []string
	for _, p := range t.packages {
		for _, f := range p.files {
			if f.generated || f.test {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok {
					return true
				}
				i, ok := spec.Type.(*ast.InterfaceType)
				if !ok || i.Methods.NumFields() <= maxMethods {
					return true
				}
				subject := p.path + "." + spec.Name.Name
				if !allow.allows("interface", subject) {
					faults = append(faults, fmt.Sprintf("%s: %s has %d methods, more than %d%s", t.at(spec.Pos()), subject, i.Methods.NumFields(), maxMethods, otherwise("interface", subject)))
				}
				return true
			})
		}
	}
	return faults
}
