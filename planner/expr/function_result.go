package expr

// leastDivScale is the least scale of a quotient and of an average; see the design
// page, "Numeric".
const leastDivScale = 16

// resultType is the result of an overload with the given argument types: what the
// table cannot say is the precision and scale of numerics.
func resultType(name string, kind Kind, args []Type) Type {
	if kind == anyKind {
		return args[0]
	}
	switch {
	case kind == List && args[0].Kind == List:
		return args[0]
	case kind == List:
		return ListOf(Of(args[0].Kind))
	case kind != Numeric:
		return Of(kind)
	}
	var a, b Type
	if len(args) > 0 {
		a = args[0]
	}
	if len(args) > 1 {
		b = args[1]
	}
	switch name {
	case OpAdd, OpSub:
		if len(args) == 1 {
			return a
		}
		scale := int(max(a.Scale, b.Scale))
		whole := max(int(a.Precision)-int(a.Scale), int(b.Precision)-int(b.Scale))
		return NumericOf(whole+scale+1, scale)
	case OpMul:
		return NumericOf(int(a.Precision)+int(b.Precision), int(a.Scale)+int(b.Scale))
	case OpDiv:
		return NumericOf(MaxPrecision, max(int(a.Scale), int(b.Scale), leastDivScale))
	case OpMod, "mod":
		scale := int(max(a.Scale, b.Scale))
		return NumericOf(max(int(a.Precision)-int(a.Scale), int(b.Precision)-int(b.Scale))+scale, scale)
	case "gcd", "lcm":
		scale := int(max(a.Scale, b.Scale))
		whole := max(int(a.Precision)-int(a.Scale), int(b.Precision)-int(b.Scale))
		if name == "lcm" {
			whole = MaxPrecision - scale
		}
		return NumericOf(whole+scale, scale)
	case "div", "factorial":
		return NumericOf(MaxPrecision, 0)
	case "ceil", "ceiling", "floor", "round", "trunc":
		if len(args) == 2 { // round(x, n): n is not known here, see Refine
			return NumericOf(int(a.Precision)+1, int(a.Scale))
		}
		return NumericOf(int(a.Precision)-int(a.Scale)+1, 0)
	case "sign":
		return NumericOf(1, 0)
	case "sqrt", "exp", "ln", "log", "log10", "power", "pow", "^":
		scale := leastDivScale
		for _, t := range args {
			scale = max(scale, int(t.Scale))
		}
		return NumericOf(MaxPrecision, scale)
	case FnExtract:
		return NumericOf(22, 6)
	case "list product exact":
		return NumericOf(MaxPrecision, 0)
	case "decimal and", "decimal or", "decimal xor":
		return NumericOf(MaxPrecision, 0)
	case "to_number", FnNumericIn, FnNumericTry:
		return NumericOf(MaxPrecision, 10)
	}
	return a
}

// Refine is a signature whose numeric result has the scale that literal arguments
// decide: of extract by its field, of round and trunc by their digits. args are
// the call's, already cast to sig.Args.
func Refine(sig Signature, args []Expr) Signature {
	if sig.Result.Kind != Numeric || len(args) != 2 {
		return sig
	}
	switch sig.Name {
	case FnExtract:
		if lit, ok := args[0].(*Literal); ok {
			sig.Result = extractType(lit.Value.S)
		}
	case "round", "trunc":
		lit, ok := args[1].(*Literal)
		if !ok || lit.Value.Null {
			break
		}
		a := sig.Args[0]
		whole := int(a.Precision) - int(a.Scale) + 1
		scale := int(min(max(lit.Value.I, 0), MaxPrecision))
		sig.Result = NumericOf(whole+scale, min(scale, max(MaxPrecision-whole, int(a.Scale))))
	}
	return sig
}

// extractType is the numeric that a field has in PostgreSQL.
func extractType(field string) Type {
	switch field {
	case "second", "seconds", "sec", "secs":
		return NumericOf(8, 6)
	case "millisecond", "milliseconds", "ms", "msec", "msecs", "mseconds":
		return NumericOf(8, 3)
	case "epoch", "julian":
		return NumericOf(22, 6)
	}
	return NumericOf(10, 0)
}
