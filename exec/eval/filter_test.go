package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// table is columns of random values with NULLs, of every encoding, for conditions
// named a (int4), b (numeric(15,2)), c (text), d (date), e (float8).
type table struct {
	fields []expr.Field
	values [][]expr.Value
	cols   []vector.Column
}

var tableTypes = []expr.Type{expr.Of(expr.Int4), expr.NumericOf(15, 2), expr.Of(expr.Text), expr.Of(expr.Date), expr.Of(expr.Float8)}

func randomTable(r *rand.Rand, n int) *table {
	t := &table{}
	for i, typ := range tableTypes {
		t.fields = append(t.fields, expr.Field{Name: string(rune('a' + i)), Type: typ, Nullable: true})
		distinct := make([]expr.Value, 6)
		for j := range distinct {
			switch typ.Kind {
			case expr.Text:
				distinct[j] = expr.Str(strings.Repeat("ab%_", j) + "x")
			case expr.Numeric:
				distinct[j] = expr.Decimal64(int64(j*50 - 100))
			case expr.Float8:
				distinct[j] = expr.Float(float64(j) - 2.5)
			default:
				distinct[j] = expr.Int(int64(j - 2))
			}
		}
		nulls := r.IntN(2) == 0
		values := make([]expr.Value, n)
		codes := make([]uint8, n)
		for row := range values {
			codes[row] = uint8(r.IntN(len(distinct)))
			values[row] = distinct[codes[row]]
			if nulls && r.IntN(4) == 0 {
				values[row] = expr.Null
			}
		}
		col := ColumnOf(values, typ)
		if r.IntN(2) == 0 {
			d := &vector.Dict{Values: ColumnOf(distinct, typ)}
			col = vector.Column{Kind: col.Kind, Width: 1, Len: n, Valid: col.Valid, Data: codes, Dict: d}
		}
		t.values, t.cols = append(t.values, values), append(t.cols, col)
	}
	return t
}

// marks are constants that stand for the columns $a, $b … while a condition is
// parsed.
var marks = []string{"987654321::int4", "'9876543.21'::numeric(15,2)", "'column c'::text", "date '1850-01-01'", "'9.87654321'::float8"}

// bound parses a condition over the columns $a, $b …
func bound(t *testing.T, text string) expr.Expr {
	t.Helper()
	for i := range tableTypes {
		name := string(rune('a' + i))
		text = strings.ReplaceAll(text, "$"+name, marks[i])
	}
	e, err := parseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if l, ok := x.(*expr.Literal); ok {
			for i, typ := range tableTypes {
				mark, err := parseExpr(marks[i])
				if err != nil {
					t.Fatal(err)
				}
				if expr.Equal(l, mark) {
					return &expr.Column{ID: expr.ColumnID(i), Typ: typ, Nullable: true, Name: string(rune('a' + i))}
				}
			}
		}
		return x
	})
}

var conditions = []string{
	"$a = 1", "$a <> 1", "$a < 1", "$a >= 0 and $a < 2", "2 > $a", "$a between 0 and 1 and $b > 0.5",
	"$b = 0.5", "$b > 0.255", "$b <= 1", "$b <> 0.5", "$b between -0.5 and 1.00",
	"$c = 'x'", "$c <> 'x'", "$c < 'ab%_ab%_x'", "$c like 'ab%'", "$c not like '%ab%'", "$c in ('x', 'ab%_x')", "$c not in ('x', null)",
	"$d >= date '1970-01-01' and $d < date '1970-01-03'", "extract(year from $d) = 1970", "$d + 1 = date '1970-01-02'",
	"$e > 0.5", "$e = 0.5", "$a in (0, 1, 2)", "$a not in (0, 1)", "$b in (0.5, 1)",
	"$a = 1 or $b > 0", "$a = 1 or $c = 'x' or $d = date '1970-01-01'", "not $a = 1", "not ($a = 1 or $b > 0)",
	"$a is null", "$a is not null", "$c is null or $c = 'x'", "coalesce($c, 'x') = 'x'", "coalesce($a, 0) < 1",
	"$a is distinct from 1", "$c is not distinct from null", "($a = 1) is not true", "case when $a > 0 then $b > 0 else $c = 'x' end",
	"10 / nullif($a, 0) > 4", "$a <> 0 and 10 / $a > 4", "$a + $a > 1", "length($c) > 3", "upper($c) = 'X'",
	"$a = 1 and null::bool", "$a = 1 or null::bool", "$a > 5", "$a < 5", "true", "false", "null::bool",
	"greatest($a, 1) = 1", "$b * 2 = 1", "substring($c, 1, 2) = 'ab' and $a > 0",
}

func TestFiltersPassTheRowsWhoseConditionIsTrue(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, text := range conditions {
		cond := bound(t, text)
		for round := range 12 {
			n := r.IntN(150)
			tab := randomTable(r, n)
			var sel vector.Selection
			if round%2 == 1 {
				sel = vector.Selection{}
				for i := range n {
					if r.IntN(2) == 0 {
						sel = append(sel, uint32(i))
					}
				}
			}
			want := vector.Selection{}
			for _, row := range rows(sel, n) {
				v, err := Constant(atRow(cond, tab, int(row)))
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if v.True() {
					want = append(want, row)
				}
			}
			checkFilter(t, text, cond, tab, n, sel, want)
			checkPredicate(t, text, cond, tab, n, sel, want)
		}
	}
}

func rows(sel vector.Selection, n int) vector.Selection {
	if sel == nil {
		return vector.All(n)
	}
	return sel
}

// atRow is the condition with the columns replaced by one row's values.
func atRow(e expr.Expr, tab *table, row int) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			return expr.NewLiteral(tab.values[c.ID][row], c.Typ)
		}
		return x
	})
}

func checkFilter(t *testing.T, text string, cond expr.Expr, tab *table, n int, sel, want vector.Selection) {
	t.Helper()
	account := memory.NewLedger(0).NewAccount("test")
	f, err := NewFilter(expr.Conjuncts(cond), tab.fields, Options{Pool: memory.NewPoisonPool(), Account: account})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for range 3 { // again: dictionaries are remembered
		b := vector.New(slices.Clone(tab.cols), n)
		old := slices.Clone(sel)
		b.Sel = sel
		if err := f.Apply(b); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := rows(b.Sel, n); !slices.Equal(got, want) {
			t.Fatalf("%s over %d rows, sel %v: got %v, want %v", text, n, sel, got, want)
		}
		if !slices.Equal(old, sel) {
			t.Fatalf("%s changed the selection it was given", text)
		}
		b.Release()
	}
}

// checkPredicate checks Select, that Dictionary passes what Select does, and that
// no passing row is outside the Bounds.
func checkPredicate(t *testing.T, text string, cond expr.Expr, tab *table, n int, sel, want vector.Selection) {
	t.Helper()
	p, err := NewPredicate(cond, tab.fields, Options{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var cols []vector.Column
	for _, i := range p.Columns() {
		cols = append(cols, tab.cols[i])
	}
	got, err := p.Select(cols, n, sel)
	if err != nil || !slices.Equal(rows(got, n), want) {
		t.Fatalf("predicate %s: got %v %v, want %v", text, got, err, want)
	}
	for _, bound := range p.Bounds() {
		for _, row := range want {
			if v := tab.values[bound.Column][row]; !inBound(bound, v) {
				t.Fatalf("%s: row %d with %v passes but is outside %+v", text, row, v, bound)
			}
		}
	}
	if len(cols) != 1 || cols[0].Dict == nil {
		return
	}
	pass, err := p.Dictionary(&cols[0].Dict.Values)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range want {
		if !cols[0].IsNull(int(row)) && !pass.Get(cols[0].Code(int(row))) {
			t.Fatalf("%s: row %d passes, its entry does not", text, row)
		}
	}
}

func inBound(b Bound, v expr.Value) bool {
	if v.Null {
		return !b.NotNull
	}
	if b.HasLo && (Compare(v, b.Lo, b.Type) < 0 || b.LoOpen && Compare(v, b.Lo, b.Type) == 0) {
		return false
	}
	if b.HasHi && (Compare(v, b.Hi, b.Type) > 0 || b.HiOpen && Compare(v, b.Hi, b.Type) == 0) {
		return false
	}
	return b.In == nil || slices.ContainsFunc(b.In, func(w expr.Value) bool { return Compare(v, w, b.Type) == 0 })
}

func TestBoundsSayWhatCanBePruned(t *testing.T) {
	for _, c := range []struct{ cond, want string }{
		{"$a = 1", "a [1,1] in 1 not null"},
		{"$a > 1 and $a <= 5", "a (1,5] not null"},
		{"3 > $a", "a (-,3) not null"},
		{"$b > 0.255", "b [0.25,-) not null"},
		{"$b >= 1", "b [1.00,-) not null"},
		{"$b < 0.255", "b (-,0.25] not null"},
		{"$a in (3, 1, 2)", "a [1,3] in 1 2 3 not null"},
		{"$c like 'abc%'", "c [abc,abd) not null"},
		{"$c like 'abc'", "c [abc,abc] in abc not null"},
		{"$c like 'a_c%'", "c [a,b) not null"},
		{"$c like '%abc'", "c (-,-) not null"},
		{"$a = 1 or $a = 7", "a [1,7] in 1 7 not null"},
		{"$a = 1 or $b = 7", ""},
		{"($a = 1 and $b = 2) or ($a = 3 and $b = 4)", "a [1,3] in 1 3 not null; b [2.00,4.00] in 2.00 4.00 not null"},
		{"$a is not null", "a (-,-) not null"},
		{"$a is null", ""},
		{"$a + 1 = 2", ""},
		{"$a in (1, 2, 3) and $a in (2, 3, 4) and $a < 3", "a [2,3) in 2 3 not null"},
		{"$d between date '1995-01-01' and date '1996-12-31'", "d [1995-01-01,1996-12-31] not null"},
	} {
		if got := boundsText(predicateBounds(t, bound(t, c.cond))); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.cond, got, c.want)
		}
	}
}

func predicateBounds(t *testing.T, cond expr.Expr) []Bound {
	t.Helper()
	p, err := NewPredicate(cond, randomTable(rand.New(rand.NewPCG(1, 1)), 1).fields, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Bounds()
}

func boundsText(bounds []Bound) string {
	var parts []string
	for _, b := range bounds {
		lo, hi, open, shut := "-", "-", "(", ")"
		if b.HasLo {
			lo = expr.FormatValue(b.Lo, b.Type)
			if !b.LoOpen {
				open = "["
			}
		}
		if b.HasHi {
			hi = expr.FormatValue(b.Hi, b.Type)
			if !b.HiOpen {
				shut = "]"
			}
		}
		s := fmt.Sprintf("%c %s%s,%s%s", 'a'+b.Column, open, lo, hi, shut)
		if b.In != nil {
			s += " in"
			for _, v := range b.In {
				s += " " + expr.FormatValue(v, b.Type)
			}
		}
		if b.NotNull {
			s += " not null"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

func TestErrorsAreRaisedOnlyForRowsThatComeToThem(t *testing.T) {
	fields := []expr.Field{{Name: "a", Type: expr.Of(expr.Int4)}}
	dict := &vector.Dict{Values: ColumnOf([]expr.Value{expr.Int(0), expr.Int(1), expr.Int(2)}, expr.Of(expr.Int4))}
	column := func(codes ...uint8) vector.Column {
		return vector.Column{Kind: vector.Int32, Width: 1, Len: len(codes), Data: codes, Dict: dict}
	}
	cond := bound(t, "10 / $a = 10")
	f, err := NewFilter([]expr.Expr{cond}, fields, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b := vector.New([]vector.Column{column(1, 2, 1, 2)}, 4)
		if err := f.Apply(b); err != nil || !slices.Equal(b.Sel, vector.Selection{0, 2}) {
			t.Fatalf("entry 0 is used by no row, yet %v %v", b.Sel, err)
		}
		b = vector.New([]vector.Column{column(0, 2, 1, 2)}, 4)
		b.Sel = vector.Selection{1, 2}
		if err := f.Apply(b); err != nil || !slices.Equal(b.Sel, vector.Selection{2}) {
			t.Fatalf("entry 0 is used by no selected row, yet %v %v", b.Sel, err)
		}
		b = vector.New([]vector.Column{column(0, 2, 1, 2)}, 4)
		if err := f.Apply(b); sqlerr.CodeOf(err) != sqlerr.DivisionByZero {
			t.Fatalf("a selected row divides by zero, yet %v", err)
		}
	}
	both, err := NewFilter([]expr.Expr{cond, bound(t, "$a > 0")}, fields, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := vector.New([]vector.Column{column(0, 2, 1, 2)}, 4)
	if err := both.Apply(b); err != nil || !slices.Equal(b.Sel, vector.Selection{2}) {
		t.Fatalf("what cannot fail runs first, yet %v %v", b.Sel, err)
	}
}

func TestErrorsPointAtTheirExpression(t *testing.T) {
	place := sqlerr.Span{Start: 7, End: 12}
	e := &expr.Call{Name: "/", Typ: expr.Of(expr.Int4), Span: place, Args: []expr.Expr{
		expr.NewLiteral(expr.Int(1), expr.Of(expr.Int4)), &expr.Column{Typ: expr.Of(expr.Int4)}}}
	v, err := New(e, []expr.Field{{Type: expr.Of(expr.Int4)}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Eval(vector.New([]vector.Column{ColumnOf([]expr.Value{expr.Int(0)}, expr.Of(expr.Int4))}, 1))
	if se, ok := err.(*sqlerr.Error); !ok || se.Span != place || se.Code != sqlerr.DivisionByZero {
		t.Fatalf("%#v", err)
	}
}
