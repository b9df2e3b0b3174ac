package expr

import (
	"fmt"
	"strings"
	"sync"
)

// overload is one line of the function tables:
//
//	name(type, type, …) result flags
//
// The type "any" takes every type as it is; "…" behind the last type takes any
// number more of it. Flags:
//
//	!  can fail          ?  not strict
//	stable, volatile     (else immutable)
type overload struct {
	args       []Kind
	variadic   bool
	result     Kind
	notStrict  bool
	canFail    bool
	volatility Volatility
}

// anyKind stands for every type in a table.
const anyKind Kind = 255

// overloads is every function and operator by name.
var overloads = sync.OnceValue(func() map[string][]overload {
	out := map[string][]overload{}
	for _, table := range []string{textFunctions, mathFunctions, timeFunctions, otherFunctions, standardFunctions, operators} {
		for line := range strings.Lines(table) {
			if line = strings.TrimSpace(line); line != "" {
				name, o := parseOverload(line)
				out[name] = append(out[name], o)
			}
		}
	}
	for _, op := range []string{OpEq, OpNe, OpLt, OpLe, OpGt, OpGe} {
		out[op] = comparisons()
	}
	return out
})

// aggregates is every aggregate by name.
var aggregates = sync.OnceValue(func() map[string][]overload {
	out := map[string][]overload{}
	for line := range strings.Lines(aggregateFunctions) {
		if line = strings.TrimSpace(line); line != "" {
			name, o := parseOverload(line)
			out[name] = append(out[name], o)
		}
	}
	return out
})

var kindWords = map[string]Kind{"bool": Bool, "int2": Int2, "int4": Int4, "int8": Int8, "numeric": Numeric,
	"float4": Float4, "float8": Float8, "text": Text, "char": Char, "bytea": Bytea, "date": Date, "time": Time,
	"timestamp": Timestamp, "timestamptz": TimestampTZ, "interval": Interval, "list": List, "any": anyKind}

// parseOverload reads a line of a table; a line it cannot read is a mistake in
// this package, which every test of it finds.
func parseOverload(line string) (string, overload) {
	head, tail, ok := strings.Cut(line, ") ")
	name, args, ok2 := strings.Cut(head, "(")
	words := strings.Fields(tail)
	if !ok || !ok2 || len(words) == 0 {
		panic("expr: bad line in a function table: " + line)
	}
	var o overload
	for word := range strings.SplitSeq(args, ",") {
		word = strings.TrimSpace(word)
		if rest, more := strings.CutSuffix(word, "…"); more {
			word, o.variadic = rest, true
		}
		if word != "" {
			o.args = append(o.args, kindOf(word, line))
		}
	}
	o.result = kindOf(words[0], line)
	for _, flag := range words[1:] {
		switch flag {
		case "!":
			o.canFail = true
		case "?":
			o.notStrict = true
		case "stable":
			o.volatility = Stable
		case "volatile":
			o.volatility = Volatile
		default:
			panic(fmt.Sprintf("expr: flag %q in %s", flag, line))
		}
	}
	return name, o
}

func kindOf(word, line string) Kind {
	k, ok := kindWords[word]
	if !ok {
		panic(fmt.Sprintf("expr: type %q in %s", word, line))
	}
	return k
}

// arg is the kind of argument i.
func (o *overload) arg(i int) Kind {
	if i >= len(o.args) {
		return o.args[len(o.args)-1]
	}
	return o.args[i]
}

// takes reports whether the overload can be called with n arguments.
func (o *overload) takes(n int) bool {
	return n == len(o.args) || o.variadic && n >= len(o.args)
}

// signature is the overload applied to argument types that fit it.
func (o *overload) signature(name string, args []Type) Signature {
	sig := Signature{Name: name, Args: make([]Type, len(args)), Strict: !o.notStrict, CanFail: o.canFail,
		Volatility: o.volatility}
	for i, t := range args {
		sig.Args[i] = argType(o.arg(i), t)
	}
	if isArithmetic(name) || isComparisonName(name) {
		unify(sig.Args)
	}
	shareNumeric(args, sig.Args)
	sig.Result = resultType(name, o.result, sig.Args)
	if o.result == Numeric && isArithmetic(name) && name != OpDiv && name != OpMod {
		sig.CanFail = sig.Result.Precision >= MaxPrecision // below, the type has room for every result
	}
	return sig
}

// argType is the type an argument of type t is cast to for a parameter of kind k.
func argType(k Kind, t Type) Type {
	switch {
	case k == anyKind && t.Kind == Unknown:
		return Of(Text)
	case k == anyKind, k == t.Kind:
		return t
	case k == Numeric:
		return NumericFor(t)
	}
	return Of(k)
}

// shareNumeric gives untyped literals beside a numeric its scale or ten digits,
// whichever is more.
func shareNumeric(from, to []Type) {
	scale := 0
	for i, t := range to {
		if t.Kind == Numeric && from[i].Kind != Unknown {
			scale = max(scale, int(t.Scale))
		}
	}
	for i, t := range to {
		if t.Kind == Numeric && from[i].Kind == Unknown {
			to[i] = NumericOf(MaxPrecision, max(scale, 10))
		}
	}
}
