package expr

import (
	"maps"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Volatility says when a function may be evaluated: PostgreSQL's three classes.
type Volatility uint8

// The classes.
const (
	Immutable Volatility = iota // same arguments, same result: folded at plan time
	Stable                      // fixed within a query (now()): the coordinator replaces it by a literal
	Volatile                    // every row anew (random())
)

// Signature is what the planner and the engine agree on about one overload.
type Signature struct {
	Name       string // canonical name, as in Call.Name
	Args       []Type // the types the arguments must be cast to
	Result     Type
	Strict     bool // NULL in gives NULL out
	CanFail    bool // some argument value gives an error: never evaluate on rows already rejected
	Lazy       bool // arguments after the first are evaluated only where needed (and, or, coalesce)
	Volatility Volatility
}

// Resolve chooses the overload of a function or operator for argument types, by
// PostgreSQL's rules (chapters 10.2 and 10.3). Arguments of Kind Unknown are
// literals without a type of their own: each gets the type the overload asks for.
// Errors are undefined_function and ambiguous_function, without a place.
//
// The result does not know argument values; Refine does better where a literal
// decides the scale of a numeric.
func Resolve(name string, args []Type) (Signature, error) {
	if sig, ok, err := resolveSpecial(name, args); ok || err != nil {
		return sig, err
	}
	all := overloads()[name]
	if len(all) == 0 {
		return Signature{}, noSuchFunction(name, args)
	}
	o, err := choose(name, all, args)
	if err != nil {
		return Signature{}, err
	}
	return o.signature(name, args), nil
}

// SignatureOf is the signature of a bound call. A call that does not resolve, as
// an engine's own might, counts as able to fail and not strict.
func SignatureOf(e *Call) Signature {
	args := make([]Type, len(e.Args))
	for i, a := range e.Args {
		args[i] = a.Type()
	}
	sig, err := Resolve(e.Name, args)
	if err != nil {
		return Signature{Name: e.Name, Args: args, Result: e.Typ, CanFail: true}
	}
	return sig
}

// CanFail reports whether evaluating e can end in an error for some row: such an
// expression is not evaluated on rows that something else rejects.
func CanFail(e Expr) bool {
	fails := false
	Walk(e, func(n Expr) bool {
		switch n := n.(type) {
		case *Cast:
			fails = fails || !n.Try && castCanFail(n.Arg.Type(), n.To)
		case *Call:
			fails = fails || SignatureOf(n).CanFail && !harmless(n)
		}
		return !fails
	})
	return fails
}

// harmless reports whether the literals of a call keep it from failing: a
// division by a constant other than 0 and -1, a well-formed constant pattern, a
// length that is not negative, a field that the type has.
func harmless(e *Call) bool {
	if len(e.Args) < 2 {
		return false
	}
	switch e.Name {
	case FnExtract, "date_part", "date_trunc":
		field, ok := e.Args[0].(*Literal)
		return ok && hasField(strings.ToLower(field.Value.S), e.Args[1].Type().Kind)
	}
	last, ok := e.Args[len(e.Args)-1].(*Literal)
	if !ok || last.Value.Null {
		return ok
	}
	v := last.Value
	switch e.Name {
	case OpDiv, OpMod, "mod", "div":
		if last.Typ.IsInteger() {
			return v.I != 0 && v.I != -1
		}
		a := e.Args[0].Type()
		whole := int(a.Precision) - int(a.Scale) + int(last.Typ.Scale)
		return last.Typ.Kind == Numeric && (v.I != 0 || v.Hi != 0) && whole <= int(e.Typ.Precision)-int(e.Typ.Scale)
	case OpLike, OpNotLike, OpILike, OpNotILike:
		return len(e.Args) == 2 && !strings.HasSuffix(strings.ReplaceAll(v.S, `\\`, ""), `\`)
	case OpRegex, OpRegexI, OpNotRegex, OpNotRegexI:
		return len(e.Args) == 2 && plainPattern(v.S)
	case "substring", "substr":
		return len(e.Args) == 3 && last.Typ.Kind == Int4 && v.I >= 0
	case "split_part":
		return v.I != 0
	}
	return false
}

// plainPattern reports whether a regular expression is well-formed for sure: it is in
// RE2's syntax and has no escapes but those of punctuation and of classes, which mean
// the same in PostgreSQL's.
func plainPattern(pattern string) bool {
	for rest := pattern; ; {
		_, escaped, found := strings.Cut(rest, `\`)
		if !found {
			break
		}
		if escaped == "" || !strings.ContainsRune(`dDwWsS.*+?()[]{}|^$/-\`, rune(escaped[0])) {
			return false
		}
		rest = escaped[1:]
	}
	_, err := syntax.Parse(pattern, syntax.Perl)
	return err == nil
}

// hasField reports whether times of a kind have a field for sure.
func hasField(field string, k Kind) bool {
	switch field {
	case "year", "quarter", "month", "week", "day", "decade", "century", "millennium":
		return isPoint(k)
	case "dow", "doy", "isodow", "isoyear", "epoch":
		return isPoint(k)
	case "hour", "minute", "second":
		return k == Timestamp || k == TimestampTZ || k == Time
	}
	return false
}

// VolatilityOf is the worst volatility in e.
func VolatilityOf(e Expr) Volatility {
	worst := Immutable
	Walk(e, func(n Expr) bool {
		if c, ok := n.(*Call); ok {
			worst = max(worst, SignatureOf(c).Volatility)
		}
		return true
	})
	return worst
}

// FunctionNames are the names of all functions and aggregates, sorted, without
// operators and special forms.
func FunctionNames() []string {
	var out []string
	for name := range overloads() {
		if name[0] >= 'a' && name[0] <= 'z' && !strings.Contains(name, " ") && name != OpNeg {
			out = append(out, name)
		}
	}
	for name := range aggregates() {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	out = slices.AppendSeq(out, maps.Keys(windowFunctions))
	out = append(out, FnCoalesce, FnNullIf, FnGreatest, FnLeast)
	slices.Sort(out)
	return out
}

// FunctionGroups are the names of functions as JDBC sorts them, without operators and
// special forms: aggregates count as functions of numbers.
func FunctionGroups() (numbers, texts, times, system []string) {
	for _, group := range []struct {
		table string
		into  *[]string
	}{{mathFunctions + aggregateFunctions, &numbers}, {textFunctions, &texts}, {timeFunctions, &times}, {otherFunctions, &system}} {
		for line := range strings.Lines(group.table) {
			name, _, _ := strings.Cut(strings.TrimSpace(line), "(")
			if name != "" && name[0] >= 'a' && name[0] <= 'z' && !strings.Contains(name, " ") && name != OpNeg {
				*group.into = append(*group.into, name)
			}
		}
		slices.Sort(*group.into)
		*group.into = slices.Compact(*group.into)
	}
	return numbers, texts, times, append(system, FnCoalesce, FnNullIf, FnGreatest, FnLeast)
}

func noSuchFunction(name string, args []Type) error {
	if isOperator(name) {
		return sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s", operatorText(name, args)).
			WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	}
	hint := "No function matches the given name and argument types. You might need to add explicit type casts."
	if overloads()[name] == nil && aggregates()[name] == nil {
		if near := sqlerr.DidYouMean(name, FunctionNames()); near != "" {
			hint = near
		}
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "function %s(%s) does not exist", name, typeList(args)).WithHint("%s", hint)
}

func ambiguous(name string, args []Type) error {
	if isOperator(name) {
		return sqlerr.New(sqlerr.AmbiguousFunction, "operator is not unique: %s", operatorText(name, args)).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
	}
	return sqlerr.New(sqlerr.AmbiguousFunction, "function %s(%s) is not unique", name, typeList(args)).
		WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
}

func isOperator(name string) bool {
	c := name[0]
	return !(c >= 'a' && c <= 'z' || c == '_' || c >= 'A' && c <= 'Z') || isInfix(name) || name == OpNeg
}

func operatorText(name string, args []Type) string {
	if name == OpNeg {
		name = "-"
	}
	if len(args) == 2 {
		return bare(args[0]) + " " + strings.ToUpper(name) + " " + bare(args[1])
	}
	return name + " " + typeList(args)
}

// bare is a type's name without modifiers, as PostgreSQL's messages give it.
func bare(t Type) string {
	switch t.Kind {
	case Numeric:
		return "numeric"
	case Text:
		return "text"
	case Char:
		return "character"
	case Timestamp:
		return "timestamp without time zone"
	case TimestampTZ:
		return "timestamp with time zone"
	case Time:
		return "time without time zone"
	}
	return t.String()
}

func typeList(args []Type) string {
	parts := make([]string, len(args))
	for i, t := range args {
		parts[i] = bare(t)
	}
	return strings.Join(parts, ", ")
}

// Signatures is every overload of every function and operator in the tables, in
// the order of names, numerics as numeric(10,2): for catalogs, and for tests that
// an engine knows them all.
func Signatures() []Signature {
	var out []Signature
	all := overloads()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, o := range all[name] {
			args := make([]Type, len(o.args))
			for i := range args {
				switch k := o.arg(i); k {
				case anyKind:
					args[i] = Of(Int4)
				case Numeric:
					args[i] = NumericOf(10, 2)
				case List:
					args[i] = ListOf(Of(Int4))
				default:
					args[i] = Of(k)
				}
			}
			out = append(out, o.signature(name, args))
		}
	}
	return out
}
