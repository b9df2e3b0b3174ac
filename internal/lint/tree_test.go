package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// module is the path that the tree's packages are imported by.
const module = "github.com/skein-query/skein"

// tree is the files of the repository.
type tree struct {
	fset     *token.FileSet
	packages []*pkg            // by path
	text     map[string][]byte // every file that is not binary, by path
	binary   map[string]int    // bytes of every one that is, by path
}

// pkg is a folder with Go files.
type pkg struct {
	path  string // from the root: "exec/eval"
	files []*file
}

// file is a Go file.
type file struct {
	name      string // within its folder
	path      string
	src       []byte
	ast       *ast.File
	test      bool
	generated bool
}

// lines is the number of lines of the file.
func (f *file) lines() int { return bytes.Count(f.src, []byte("\n")) }

// notOurs are folders that make and git fill.
var notOurs = []string{".git", ".cache", "bin", "data"}

// readTree reads all files below the root of fsys.
func readTree(fsys fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), text: map[string][]byte{}, binary: map[string]int{}}
	byPath := map[string]*pkg{}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if slices.Contains(notOurs, p) || strings.HasSuffix(p, "__pycache__") {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() || p == ".git": // of a second work tree: a file
			return nil
		}
		src, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		if bytes.IndexByte(src[:min(len(src), 8000)], 0) < 0 {
			t.text[p] = src
		} else {
			t.binary[p] = len(src)
		}
		if path.Ext(p) != ".go" || strings.Contains(p, "testdata/") {
			return nil
		}
		dir := path.Dir(p)
		if byPath[dir] == nil {
			byPath[dir] = &pkg{path: dir}
			t.packages = append(t.packages, byPath[dir])
		}
		f := &file{name: path.Base(p), path: p, src: src, test: strings.HasSuffix(p, "_test.go")}
		if f.ast, err = parser.ParseFile(t.fset, p, src, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return fmt.Errorf("parse: %w", err)
		}
		f.generated = ast.IsGenerated(f.ast)
		byPath[dir].files = append(byPath[dir].files, f)
		return nil
	})
	slices.SortFunc(t.packages, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	return t, err
}

// at is the place of a node, for faults.
func (t *tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}
