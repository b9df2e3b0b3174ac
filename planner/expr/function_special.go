package expr

import (
	"slices"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// resolveSpecial resolves the forms that take any types: logic, IS, COALESCE and
// its like, parts of nested values; comparisons of nested values.
func resolveSpecial(name string, args []Type) (_ Signature, ok bool, err error) {
	sig := Signature{Name: name, Args: args, Result: Of(Bool)}
	switch name {
	case OpAnd, OpOr:
		sig.Lazy = true
		return resolveTruth(sig)
	case OpNot:
		sig.Strict = true
		return resolveTruth(sig)
	case OpIsTrue, OpIsNotTrue, OpIsFalse, OpIsNotFalse:
		return resolveTruth(sig)
	case OpIsNull, OpIsNotNull:
	case OpIsDistinct, OpIsNotDistinct:
		eq, err := Resolve(OpEq, args)
		if err != nil {
			return sig, true, err
		}
		sig.Args = eq.Args
	case FnNullIf:
		eq, err := Resolve(OpEq, args)
		if err != nil {
			return sig, true, err
		}
		// PostgreSQL's mixed comparisons take the first argument as it is, and so it is
		// the result; the comparison casts for itself.
		sig.Args = eq.Args
		if sameFamily(args[0], eq.Args[0]) {
			sig.Args = slices.Clone(eq.Args)
			sig.Args[0] = args[0]
		}
		sig.Result = sig.Args[0]
	case FnCoalesce, FnGreatest, FnLeast:
		t, err := CommonType(map[string]string{FnCoalesce: "COALESCE", FnGreatest: "GREATEST", FnLeast: "LEAST"}[name], args...)
		if err != nil {
			return sig, true, err
		}
		sig.Args, sig.Result, sig.Lazy = repeated(t, len(args)), t, name == FnCoalesce
	case FnField, FnElement:
		return resolvePart(sig)
	case FnList, FnStruct, FnMap:
		return resolveWhole(sig)
	default:
		if isComparisonName(name) && len(args) == 2 && args[0].IsNested() && args[0].Kind == args[1].Kind {
			sig.Strict = true
			return sig, true, nil
		}
		return sig, false, nil
	}
	return sig, true, nil
}

// resolveTruth resolves what takes booleans only.
func resolveTruth(sig Signature) (Signature, bool, error) {
	for _, t := range sig.Args {
		if t.Kind != Bool && t.Kind != Unknown {
			return sig, true, sqlerr.New(sqlerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s",
				strings.ToUpper(sig.Name), bare(t))
		}
	}
	sig.Args = repeated(Of(Bool), len(sig.Args))
	return sig, true, nil
}

func repeated(t Type, n int) []Type {
	out := make([]Type, n)
	for i := range out {
		out[i] = t
	}
	return out
}

// resolveWhole resolves what makes nested values of their parts. The names of a struct's
// fields are of the call's type.
func resolveWhole(sig Signature) (Signature, bool, error) {
	switch {
	case sig.Name == FnStruct:
		n := &Nested{}
		for _, t := range sig.Args {
			n.Fields = append(n.Fields, Field{Type: t, Nullable: true})
		}
		sig.Result = Type{Kind: Struct, Nested: n}
		return sig, true, nil
	case len(sig.Args) == 0, sig.Name == FnMap && len(sig.Args)%2 != 0:
		return sig, true, noSuchFunction(sig.Name, sig.Args)
	case sig.Name == FnList:
		t, err := CommonType("ARRAY", sig.Args...)
		sig.Args, sig.Result = repeated(t, len(sig.Args)), ListOf(t)
		return sig, true, err
	}
	var of [2][]Type
	for i, t := range sig.Args {
		of[i%2] = append(of[i%2], t)
	}
	k, err := CommonType("MAP", of[0]...)
	if err != nil {
		return sig, true, err
	}
	v, err := CommonType("MAP", of[1]...)
	sig.CanFail = true // a key is not NULL
	sig.Result = Type{Kind: Map, Nested: &Nested{Fields: []Field{{Name: "key", Type: k}, {Name: "value", Type: v, Nullable: true}}}}
	sig.Args = slices.Repeat([]Type{k, v}, len(sig.Args)/2)
	return sig, true, err
}

// resolvePart resolves struct fields and list subscripts; the field is known by
// the literal only, so its Result is the binder's to set.
func resolvePart(sig Signature) (Signature, bool, error) {
	sig.Strict = true
	if len(sig.Args) != 2 || !sig.Args[0].IsNested() {
		return sig, true, noSuchFunction(sig.Name, sig.Args)
	}
	t := sig.Args[0]
	switch {
	case sig.Name == FnElement && t.Kind == List:
		sig.Args, sig.Result = []Type{t, Of(Int4)}, t.Nested.Elem
	case sig.Name == FnElement && t.Kind == Map:
		sig.Args, sig.Result = []Type{t, t.Nested.Fields[0].Type}, t.Nested.Fields[1].Type
	case sig.Name == FnField && t.Kind == Struct:
		sig.Args, sig.Result = []Type{t, Of(Int4)}, Of(Unknown)
	default:
		return sig, true, noSuchFunction(sig.Name, sig.Args)
	}
	return sig, true, nil
}
