package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// findInits finds init functions: work that no caller asked for.
func findInits(t *tree, allow *exceptions) []string {
	var faults []string
	for _, p := range t.packages {
		for _, f := range p.files {
			for _, d := range f.ast.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if ok && fn.Recv == nil && fn.Name.Name == "init" && !f.generated && !allow.allows("init", f.path) {
					faults = append(faults, t.at(fn.Pos())+": init() runs behind everyone's back; make a table, a constructor or sync.OnceValue")
				}
			}
		}
	}
	return faults
}

// findVariables finds package-level variables that can change. One is taken for
// constant when it is a table or an error made where it is declared, and nothing
// in its package assigns to it, to a part of it, or takes its address.
func findVariables(t *tree, allow *exceptions) []string {
	var faults []string
	for _, p := range t.packages {
		var files []*ast.File
		for _, f := range p.files {
			if !f.test && !f.generated {
				files = append(files, f.ast)
			}
		}
		uses := usesOf(t.fset, p.path, files)
		written := writtenVariables(files, uses)
		for _, f := range files {
			for _, spec := range variables(f) {
				for i, name := range spec.Names {
					subject := p.path + "." + name.Name
					why := ""
					switch {
					case name.Name == "_":
					case written[uses.Defs[name]]:
						why = "is written to"
					case len(spec.Values) == 0:
						why = "has no value, so it is there to be written to"
					case !constantLike(spec.Values[min(i, len(spec.Values)-1)]):
						why = "is not plainly a table or an error"
					}
					if why != "" && !allow.allows("variable", subject) {
						faults = append(faults, fmt.Sprintf("%s: package-level %s %s%s", t.at(name.Pos()), subject, why, otherwise("variable", subject)))
					}
				}
			}
		}
	}
	return faults
}

// variables are the package-level variables of a file but those that go:embed
// fills.
func variables(f *ast.File) []*ast.ValueSpec {
	var specs []*ast.ValueSpec
	for _, d := range f.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, s := range gen.Specs {
			spec := s.(*ast.ValueSpec)
			if !embeds(gen.Doc) && !embeds(spec.Doc) {
				specs = append(specs, spec)
			}
		}
	}
	return specs
}

func embeds(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

// constantLike reports whether a value is one that is made once: literals and
// what is computed from them. Pointers, channels and empty maps are there to be
// filled; so is the zero value of a struct.
func constantLike(e ast.Expr) bool {
	switch n := e.(type) {
	case *ast.CompositeLit:
		return len(n.Elts) > 0
	case *ast.CallExpr:
		switch fn := n.Fun.(type) {
		case *ast.Ident:
			return fn.Name != "new" && fn.Name != "make"
		case *ast.FuncLit:
			return true // computed on the spot
		case *ast.SelectorExpr:
			return true
		case *ast.IndexExpr, *ast.IndexListExpr:
			return true
		}
		return false
	case *ast.UnaryExpr:
		return n.Op != token.AND && constantLike(n.X)
	case *ast.BinaryExpr:
		return constantLike(n.X) && constantLike(n.Y)
	case *ast.BasicLit, *ast.Ident, *ast.SelectorExpr, *ast.FuncLit:
		return true
	}
	return false
}

// usesOf resolves the names of a package as far as that goes without its imports:
// its own variables are all that is asked for.
func usesOf(fset *token.FileSet, path string, files []*ast.File) *types.Info {
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: noImporter{}, Error: func(error) {}, FakeImportC: true}
	_, _ = conf.Check(path, fset, files, info) // errors are expected: nothing is imported
	return info
}

type noImporter struct{}

func (noImporter) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not imported", path)
}

// writtenVariables are the objects that are assigned to after their declaration,
// as a whole or in part, or whose address is taken.
func writtenVariables(files []*ast.File, info *types.Info) map[types.Object]bool {
	written := map[types.Object]bool{}
	mark := func(e ast.Expr) {
		if id := root(e); id != nil && info.Uses[id] != nil {
			written[info.Uses[id]] = true
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					mark(e)
				}
			case *ast.IncDecStmt:
				mark(n.X)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					mark(n.X)
				}
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "delete" || fn.Name == "clear") && len(n.Args) > 0 {
					mark(n.Args[0])
				}
			}
			return true
		})
	}
	return written
}

// root is the name at the beginning of a chain of selectors and indexes.
func root(e ast.Expr) *ast.Ident {
	for {
		switch n := e.(type) {
		case *ast.Ident:
			return n
		case *ast.SelectorExpr:
			e = n.X
		case *ast.IndexExpr:
			e = n.X
		case *ast.SliceExpr:
			e = n.X
		case *ast.StarExpr:
			e = n.X
		case *ast.ParenExpr:
			e = n.X
		default:
			return nil
		}
	}
}
