package expr

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
)

// rewrite asks PostgreSQL 15 (psql, found by PGHOST and its like).
var rewrite = flag.Bool("rewrite", false, "write the expectations of testdata anew from PostgreSQL")

// tableKinds are the argument types that are tried, by PostgreSQL's names.
var tableKinds = []string{"unknown", "bool", "int2", "int4", "int8", "numeric", "float4", "float8", "text", "bpchar",
	"bytea", "date", "time", "timestamp", "timestamptz", "interval"}

func kindNamed(name string) Type {
	switch name {
	case "unknown":
		return Type{}
	case "bpchar":
		return Of(Char)
	case "numeric":
		return NumericOf(10, 2)
	}
	return Of(kindWords[name])
}

func nameOfKind(t Type) string {
	for _, n := range tableKinds {
		if kindNamed(n).Kind == t.Kind {
			return n
		}
	}
	return t.String()
}

// typed is a NULL of a type, as SQL.
func typed(kind string) string {
	if kind == "unknown" {
		return "null"
	}
	return "null::" + kind
}

const resolutions = "testdata/resolve.txt"

// TestOverloadsAreChosenAsPostgreSQLDoes reads lines "name left: right=result …" for
// binary operators and functions of two arguments, "name: arg=result …" for those of
// one; what is not listed is an error in PostgreSQL.
func TestOverloadsAreChosenAsPostgreSQLDoes(t *testing.T) {
	if *rewrite {
		rewriteResolutions(t)
	}
	data, err := os.ReadFile(resolutions)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		head, tail, _ := strings.Cut(strings.TrimSpace(line), ":")
		words := strings.Fields(head)
		want := map[string]string{}
		for pair := range strings.FieldsSeq(tail) {
			arg, result, _ := strings.Cut(pair, "=")
			want[arg] = result
		}
		for _, last := range tableKinds {
			args := []Type{kindNamed(last)}
			if len(words) == 2 {
				args = []Type{kindNamed(words[1]), kindNamed(last)}
			}
			got := ""
			var sig Signature
			var err error
			if IsAggregate(words[0]) {
				sig, err = ResolveAggregate(words[0], args, false)
			} else {
				sig, err = Resolve(words[0], args)
			}
			if err == nil {
				got = nameOfKind(sig.Result)
			}
			if w := want[last]; w == "jsonb" || w == "timetz" {
				continue // types that we have not
			}
			if got != want[last] {
				t.Errorf("%s %s: got %q (%v), want %q", head, last, got, err, want[last])
			}
			for i := range sig.Args {
				if err == nil && !CanCast(args[i], sig.Args[i], Implicit) && args[i].Kind != sig.Args[i].Kind {
					t.Errorf("%s %s: argument %d cannot be cast to %s", head, last, i, sig.Args[i])
				}
			}
		}
	}
}

var (
	binaries = []string{"+", "-", "*", "/", "%", "^", "||", "=", "<", "&"}
	unaries  = []string{"abs", "ceil", "round", "sqrt", "sign", "ln", "length", "lower", "md5", "to_hex", "isfinite", "justify_days",
		"octet_length", "bit_length", "chr", "exp", "sin", "factorial", "reverse", "degrees",
		"sum", "avg", "count", "bool_and", "stddev", "bit_or"}
	pairs = []string{"mod", "power", "round", "substring", "left", "repeat", "date_trunc", "date_part", "age", "to_char", "timezone",
		"div", "gcd", "starts_with", "strpos", "atan2", "nullif", "coalesce", "greatest"}
)

func rewriteResolutions(t *testing.T) {
	t.Helper()
	var in bytes.Buffer
	ask := func(line, arg, sql string) {
		fmt.Fprintf(&in, "\\echo @@%s@%s\nselect 'TYPE ' || t.typname from (select pg_typeof(%s) as o) q join pg_type t on t.oid = q.o;\n", line, arg, sql)
	}
	for _, op := range binaries {
		for _, left := range tableKinds {
			for _, right := range tableKinds {
				ask(op+" "+left, right, "("+typed(left)+" "+op+" "+typed(right)+")")
			}
		}
	}
	for _, f := range pairs {
		for _, left := range tableKinds {
			for _, right := range tableKinds {
				ask(f+" "+left, right, f+"("+typed(left)+", "+typed(right)+")")
			}
		}
	}
	for _, f := range unaries {
		for _, arg := range tableKinds {
			ask(f, arg, f+"("+typed(arg)+")")
		}
	}
	cmd := exec.Command("psql", "-XAtq", "-v", "ON_ERROR_STOP=0")
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	line, arg, results := "", "", ""
	flush := func() {
		if line != "" {
			text.WriteString(line + ":" + results + "\n")
		}
		results = ""
	}
	scan := bufio.NewScanner(bytes.NewReader(out))
	for scan.Scan() {
		if rest, ok := strings.CutPrefix(scan.Text(), "@@"); ok {
			next, a, _ := strings.Cut(rest, "@")
			if next != line {
				flush()
			}
			line, arg = next, a
		} else if typ, ok := strings.CutPrefix(scan.Text(), "TYPE "); ok {
			results += " " + arg + "=" + typ
		}
	}
	flush()
	if err := os.WriteFile(resolutions, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

const casts = "testdata/cast.txt"

// TestCastsAreThoseOfPgCast reads lines "from to context": pg_cast's rows among our
// types.
func TestCastsAreThoseOfPgCast(t *testing.T) {
	if *rewrite {
		list := "'" + strings.Join(tableKinds[1:], "','") + "'"
		out, err := exec.Command("psql", "-XAtq", "-F", " ", "-c", `select s.typname, t.typname, castcontext from pg_cast c
			join pg_type s on s.oid = castsource join pg_type t on t.oid = casttarget
			where s.oid <> t.oid and s.typname in (`+list+`) and t.typname in (`+list+`) order by 1, 2`).Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(casts, out, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(casts)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(data)) {
		w := strings.Fields(line)
		listed[w[0]+" "+w[1]] = w[2]
	}
	for _, from := range tableKinds[1:] {
		for _, to := range tableKinds[1:] {
			a, b := kindNamed(from), kindNamed(to)
			if from == to {
				continue
			}
			want := listed[from+" "+to]
			if want == "" && b.IsString() {
				want = "a" // by the output function
			} else if want == "" && a.IsString() {
				want = "e" // by the input function
			}
			got := ""
			switch {
			case CanCast(a, b, Implicit):
				got = "i"
			case CanCast(a, b, Assignment):
				got = "a"
			case CanCast(a, b, Explicit):
				got = "e"
			}
			if got != want {
				t.Errorf("%s to %s: got %q, want %q", from, to, got, want)
			}
		}
	}
}

func TestUnknownNamesGetAHint(t *testing.T) {
	_, err := Resolve("lowr", []Type{Of(Text)})
	se, ok := err.(*sqlerr.Error)
	if !ok || se.Code != sqlerr.UndefinedFunction || se.Hint != `Did you mean "lower"?` {
		t.Errorf("%#v", err)
	}
	_, err = Resolve("+", []Type{Of(Int4), Of(Bool)})
	if se, ok = err.(*sqlerr.Error); !ok || se.Msg != "operator does not exist: integer + boolean" {
		t.Errorf("%#v", err)
	}
	_, err = Resolve("lower", []Type{Of(Int4), Of(Int4)})
	if se, ok = err.(*sqlerr.Error); !ok || se.Msg != "function lower(integer, integer) does not exist" {
		t.Errorf("%#v", err)
	}
}

func TestNumericResultsHaveRoomForEveryValue(t *testing.T) {
	n := NumericOf
	for _, c := range []struct {
		name    string
		args    []Type
		want    string
		canFail bool
	}{
		{"+", []Type{n(15, 2), n(15, 2)}, "numeric(16,2)", false},
		{"-", []Type{n(10, 0), n(15, 2)}, "numeric(16,2)", false},
		{"*", []Type{n(15, 2), n(16, 2)}, "numeric(31,4)", false},
		{"*", []Type{n(31, 4), n(16, 2)}, "numeric(38,6)", true},
		{"*", []Type{n(38, 30), n(38, 30)}, "numeric(38,38)", true},
		{"/", []Type{n(15, 2), n(15, 2)}, "numeric(38,16)", true},
		{"/", []Type{n(38, 20), n(15, 2)}, "numeric(38,20)", true},
		{"+", []Type{Of(Int4), n(15, 2)}, "numeric(16,2)", false},
		{"*", []Type{Of(Int8), n(15, 2)}, "numeric(34,2)", false},
		{"+", []Type{n(38, 2), n(1, 0)}, "numeric(38,2)", true},
	} {
		sig, err := Resolve(c.name, c.args)
		if err != nil || sig.Result.String() != c.want || sig.CanFail != c.canFail {
			t.Errorf("%s %v: %s, can fail %v, %v", c.name, c.args, sig.Result, sig.CanFail, err)
		}
	}
	for _, c := range []struct {
		name string
		arg  Type
		want string
	}{
		{"sum", Of(Int2), "bigint"}, {"sum", Of(Int4), "bigint"}, {"sum", Of(Int8), "numeric(38,0)"}, {"sum", n(15, 2), "numeric(38,2)"},
		{"avg", Of(Int4), "numeric(38,16)"}, {"avg", n(38, 20), "numeric(38,20)"}, {"avg", Of(Float4), "double precision"},
		{"min", n(15, 2), "numeric(15,2)"}, {"max", Type{Kind: Text, Length: 5}, "varchar(5)"}, {"count", Of(Text), "bigint"},
	} {
		sig, err := ResolveAggregate(c.name, []Type{c.arg}, false)
		if err != nil || sig.Result.String() != c.want {
			t.Errorf("%s(%s): %s %v", c.name, c.arg, sig.Result, err)
		}
	}
}

func TestCommonTypesHoldAllTheirBranches(t *testing.T) {
	for _, c := range []struct {
		types []Type
		want  string
	}{
		{[]Type{Of(Int4), Of(Int8)}, "bigint"},
		{[]Type{Of(Int4), NumericOf(5, 2)}, "numeric(12,2)"},
		{[]Type{NumericOf(5, 2), NumericOf(10, 4)}, "numeric(10,4)"},
		{[]Type{NumericOf(38, 2), NumericOf(38, 30)}, "numeric(38,2)"},
		{[]Type{Of(Int4), Of(Float8), NumericOf(5, 2)}, "double precision"},
		{[]Type{{}, {}}, "text"},
		{[]Type{{}, Of(Date)}, "date"},
		{[]Type{Of(Date), Of(Timestamp)}, "timestamp"},
		{[]Type{{Kind: Char, Length: 3}, Of(Text)}, "char(1)"}, // PostgreSQL: bpchar
		{[]Type{{Kind: Text, Length: 3}, {Kind: Text, Length: 5}}, "text"},
		{[]Type{{Kind: Text, Length: 3}, {Kind: Text, Length: 3}}, "varchar(3)"},
		{[]Type{Of(Int4), Of(Text)}, "!42804"},
		{[]Type{Of(Bool), Of(Int4)}, "!42804"},
	} {
		got, err := CommonType("UNION", c.types...)
		text := got.String()
		if err != nil {
			text = "!" + string(sqlerr.CodeOf(err))
		}
		if text != c.want {
			t.Errorf("%v: got %s, want %s", c.types, text, c.want)
		}
	}
}
