package eval

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// rewrite asks PostgreSQL 15 (psql, found by PGHOST and its like; a cluster made
// with initdb --locale=C --encoding=UTF8, time zone UTC) for every expectation.
var rewrite = flag.Bool("rewrite", false, "write the expectations of testdata anew from PostgreSQL")

// sample is one line of testdata: an expression and what PostgreSQL makes of it, a
// value or "!" and a SQLSTATE. "#differs" behind it says that we mean to differ.
type sample struct {
	line       int
	text, want string
	differs    string // what we give instead, empty when we agree
}

func readSamples(t *testing.T, path string) []sample {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []sample
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		p := strings.Split(line, "\t")
		s := sample{line: i + 1, text: p[0]}
		if len(p) > 1 {
			s.want = p[1]
		}
		if len(p) > 2 {
			s.differs = strings.TrimPrefix(p[2], "differs: ")
		}
		out = append(out, s)
	}
	return out
}

func TestExpressionsGiveWhatPostgreSQLGives(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	total := 0
	for _, path := range files {
		if *rewrite {
			rewriteFile(t, path)
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			for _, s := range readSamples(t, path) {
				total++
				want := s.want
				if s.differs != "" {
					want = s.differs
				}
				e, err := parseExpr(s.text)
				if err != nil {
					if got := "!" + string(sqlerr.CodeOf(err)); got != want {
						t.Errorf("%s:%d: %s\n got %s (%v)\nwant %s", path, s.line, s.text, got, err, want)
					}
					continue
				}
				for _, shape := range shapesOf(e) {
					got := shape.run()
					if !agree(got, want, e.Type()) {
						t.Errorf("%s:%d: %s (%s, %s)\n got %s\nwant %s", path, s.line, s.text, shape.name, e.Type(), got, want)
						break
					}
				}
			}
		})
	}
	if total < 500 {
		t.Errorf("only %d expressions", total)
	}
}

// agree compares what we print with what PostgreSQL does: numerics rounded to the
// smaller scale, floats to within two units of the last place.
func agree(got, want string, t expr.Type) bool {
	if got == want {
		return true
	}
	switch t.Kind {
	case expr.Float4, expr.Float8:
		a, err1 := strconv.ParseFloat(got, 64)
		b, err2 := strconv.ParseFloat(want, 64)
		return err1 == nil && err2 == nil && math.Abs(a-b) <= 5e-16*max(math.Abs(a), math.Abs(b))
	case expr.Numeric:
		return sameNumeric(got, want)
	}
	return false
}

func sameNumeric(a, b string) bool {
	x, ok1 := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if !ok1 || !ok2 {
		return false
	}
	_, fa, _ := strings.Cut(a, ".")
	_, fb, _ := strings.Cut(b, ".")
	n := min(len(fa), len(fb))
	return x.FloatString(n) == y.FloatString(n)
}

// shape is one way to evaluate an expression.
type shape struct {
	name string
	run  func() string
}

// shapesOf is the expression as a constant, and with its literals as columns: flat,
// as dictionaries one by one, behind a selection and beside NULLs.
func shapesOf(e expr.Expr) []shape {
	show := func(v expr.Value, err error) string {
		if err != nil {
			return "!" + string(sqlerr.CodeOf(err))
		}
		if e.Type().Kind == expr.Char { // as text, which is how the expectation was asked for
			v.S = strings.TrimRight(v.S, " ")
		}
		return expr.FormatValue(v, e.Type())
	}
	shapes := []shape{{"constant", func() string { return show(Constant(e)) }},
		{"folded", func() string {
			f, err := Fold(e)
			if err != nil {
				return show(expr.Value{}, err)
			}
			return show(Constant(f))
		}}}
	lits := literalsOf(e)
	row := func(name string, make func(lit *expr.Literal) vector.Column, only int, sel vector.Selection, n, at int) {
		shapes = append(shapes, shape{name, func() string { return show(overColumns(e, lits, make, only, sel, n, at)) }})
	}
	if len(lits) == 0 {
		return shapes
	}
	row("flat", func(l *expr.Literal) vector.Column {
		return ColumnOf([]expr.Value{l.Value, l.Value, l.Value}, l.Typ)
	}, -1, nil, 3, 1)
	for i := range lits {
		row(fmt.Sprintf("dictionary %d", i), dictionaryOf, i, nil, 6, 3)
		row(fmt.Sprintf("column %d", i), func(l *expr.Literal) vector.Column {
			return ColumnOf([]expr.Value{l.Value, l.Value}, l.Typ)
		}, i, nil, 2, 1)
	}
	row("selection", func(l *expr.Literal) vector.Column {
		return ColumnOf([]expr.Value{{}, l.Value, {}}, l.Typ)
	}, -1, vector.Selection{1}, 3, 1)
	row("nulls", func(l *expr.Literal) vector.Column {
		return ColumnOf([]expr.Value{expr.Null, expr.Null, l.Value}, l.Typ)
	}, -1, vector.Selection{2}, 3, 2)
	return shapes
}

// dictionaryOf is a column over a dictionary that has a zero value nobody uses.
func dictionaryOf(l *expr.Literal) vector.Column {
	d := &vector.Dict{Values: ColumnOf([]expr.Value{{}, l.Value}, l.Typ)}
	return vector.Column{Kind: d.Values.Kind, Width: 1, Len: 6, Data: []byte{1, 1, 1, 1, 1, 1}, Dict: d}
}

// literalsOf is the literals of e that are not NULL, but for those that SQL wants
// constant.
func literalsOf(e expr.Expr) []*expr.Literal {
	var out []*expr.Literal
	expr.Walk(e, func(n expr.Expr) bool {
		if l, ok := n.(*expr.Literal); ok && !l.Value.Null && l.Typ.Kind != expr.Unknown {
			out = append(out, l)
		}
		return true
	})
	return out
}

// overColumns evaluates e with its literals (or one of them) replaced by columns, in
// memory that is poisoned when released, and gives row at.
func overColumns(e expr.Expr, lits []*expr.Literal, make func(*expr.Literal) vector.Column, only int, sel vector.Selection, n, at int) (expr.Value, error) {
	var fields []expr.Field
	var cols []vector.Column
	e = expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		l, ok := x.(*expr.Literal)
		if !ok {
			return x
		}
		for i, lit := range lits {
			if lit == l && (only < 0 || only == i) {
				fields = append(fields, expr.Field{Type: l.Typ, Nullable: true})
				cols = append(cols, make(l))
				return &expr.Column{ID: expr.ColumnID(len(cols) - 1), Typ: l.Typ, Nullable: true}
			}
		}
		return x
	})
	pool := memory.NewPoisonPool()
	ledger := memory.NewLedger(0)
	account := ledger.NewAccount("test")
	ev, err := New(e, fields, Options{Pool: pool, Account: account})
	if err != nil {
		return expr.Value{}, err
	}
	b := vector.New(cols, n)
	b.Sel = sel
	col, err := ev.Eval(b)
	if err != nil {
		b.Release()
		if used := account.UsedBytes(); used != 0 {
			return expr.Value{}, fmt.Errorf("after an error %d bytes are still held", used)
		}
		return expr.Value{}, err
	}
	v := ValueAt(&col, at, e.Type())
	if col.Len != n {
		return v, fmt.Errorf("%d rows of %d", col.Len, n)
	}
	v.S = strings.Clone(v.S)
	b.Release()
	return v, nil
}

// rewriteFile asks psql for the value of every expression of a file.
func rewriteFile(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	var in bytes.Buffer
	in.WriteString("set time zone 'UTC';\n\\pset null NULL\n")
	for i, line := range lines {
		if text, _, _ := strings.Cut(line, "\t"); text != "" && text[0] != '#' {
			fmt.Fprintf(&in, "\\echo @@%d\nselect (%s)::text;\n", i, text)
		}
	}
	cmd := exec.Command("psql", "-XAtq", "-v", "VERBOSITY=sqlstate", "-v", "ON_ERROR_STOP=0")
	cmd.Stdin = &in
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out.String())
	}
	at := -1
	scan := bufio.NewScanner(&out)
	for scan.Scan() {
		line := scan.Text()
		if rest, ok := strings.CutPrefix(line, "@@"); ok {
			at, _ = strconv.Atoi(rest)
			continue
		}
		if at < 0 {
			continue
		}
		if i := strings.Index(line, "ERROR:  "); i >= 0 {
			line = "!" + line[i+len("ERROR:  "):]
		}
		text, rest, _ := strings.Cut(lines[at], "\t")
		_, differs, _ := strings.Cut(rest, "\t")
		lines[at] = text + "\t" + line
		if differs != "" {
			lines[at] += "\t" + differs
		}
		at = -1
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}
