package expr

// operators are the operators that the tables can tell; comparisons and special
// forms are made below. See overload for the notation.
const operators = `
+(int2, int2) int2 !
+(int4, int4) int4 !
+(int8, int8) int8 !
+(int2, int4) int4 !
+(int4, int2) int4 !
+(int2, int8) int8 !
+(int8, int2) int8 !
+(int4, int8) int8 !
+(int8, int4) int8 !
+(numeric, numeric) numeric !
+(float4, float4) float4 !
+(float8, float8) float8 !
+(float4, float8) float8 !
+(float8, float4) float8 !
+(date, int4) date !
+(int4, date) date !
+(date, time) timestamp !
+(time, date) timestamp !
+(date, interval) timestamp !
+(interval, date) timestamp !
+(time, interval) time
+(interval, time) time
+(timestamp, interval) timestamp !
+(interval, timestamp) timestamp !
+(timestamptz, interval) timestamptz !
+(interval, timestamptz) timestamptz !
+(interval, interval) interval !
+(int2) int2
+(int4) int4
+(int8) int8
+(numeric) numeric
+(float4) float4
+(float8) float8
-(int2, int2) int2 !
-(int4, int4) int4 !
-(int8, int8) int8 !
-(int2, int4) int4 !
-(int4, int2) int4 !
-(int2, int8) int8 !
-(int8, int2) int8 !
-(int4, int8) int8 !
-(int8, int4) int8 !
-(numeric, numeric) numeric !
-(float4, float4) float4 !
-(float8, float8) float8 !
-(float4, float8) float8 !
-(float8, float4) float8 !
-(date, int4) date !
-(date, date) int4 !
-(date, interval) timestamp !
-(time, time) interval
-(time, interval) time
-(timestamp, timestamp) interval
-(timestamptz, timestamptz) interval
-(timestamp, interval) timestamp !
-(timestamptz, interval) timestamptz !
-(interval, interval) interval !
*(int2, int2) int2 !
*(int4, int4) int4 !
*(int8, int8) int8 !
*(int2, int4) int4 !
*(int4, int2) int4 !
*(int2, int8) int8 !
*(int8, int2) int8 !
*(int4, int8) int8 !
*(int8, int4) int8 !
*(numeric, numeric) numeric !
*(float4, float4) float4 !
*(float8, float8) float8 !
*(float4, float8) float8 !
*(float8, float4) float8 !
*(interval, float8) interval !
*(float8, interval) interval !
/(int2, int2) int2 !
/(int4, int4) int4 !
/(int8, int8) int8 !
/(int2, int4) int4 !
/(int4, int2) int4 !
/(int2, int8) int8 !
/(int8, int2) int8 !
/(int4, int8) int8 !
/(int8, int4) int8 !
/(numeric, numeric) numeric !
/(float4, float4) float4 !
/(float8, float8) float8 !
/(float4, float8) float8 !
/(float8, float4) float8 !
/(interval, float8) interval !
%(int2, int2) int2 !
%(int4, int4) int4 !
%(int8, int8) int8 !
%(numeric, numeric) numeric !
^(float8, float8) float8 !
^(numeric, numeric) numeric !
neg(int2) int2 !
neg(int4) int4 !
neg(int8) int8 !
neg(numeric) numeric
neg(float4) float4
neg(float8) float8
neg(interval) interval !
&(int2, int2) int2
&(int4, int4) int4
&(int8, int8) int8
|(int2, int2) int2
|(int4, int4) int4
|(int8, int8) int8
#(int2, int2) int2
#(int4, int4) int4
#(int8, int8) int8
<<(int2, int4) int2
<<(int4, int4) int4
<<(int8, int4) int8
>>(int2, int4) int2
>>(int4, int4) int4
>>(int8, int4) int8
~(int2) int2
~(int4) int4
~(int8) int8
@(int2) int2 !
@(int4) int4 !
@(int8) int8 !
@(numeric) numeric
@(float4) float4
@(float8) float8
|/(float8) float8 !
||/(float8) float8
^@(text, text) bool
||(text, text) text
||(bytea, bytea) bytea
||(text, any) text
||(any, text) text
like(text, text) bool !
like(text, text, text) bool !
like(bytea, bytea) bool !
not like(text, text) bool !
not like(text, text, text) bool !
not like(bytea, bytea) bool !
ilike(text, text) bool !
ilike(text, text, text) bool !
not ilike(text, text) bool !
not ilike(text, text, text) bool !
~(text, text) bool !
~*(text, text) bool !
!~(text, text) bool !
!~*(text, text) bool !
`

// comparisons are the overloads of = <> < <= > >=: every kind with itself, and
// the mixed ones of PostgreSQL, for which both sides are cast to the wider.
func comparisons() []overload {
	var out []overload
	add := func(a, b Kind) { out = append(out, overload{args: []Kind{a, b}, result: Bool}) }
	for k := Bool; k <= Interval; k++ {
		add(k, k)
	}
	for _, family := range [][]Kind{{Int2, Int4, Int8}, {Float4, Float8}, {Date, Timestamp, TimestampTZ}} {
		for _, a := range family {
			for _, b := range family {
				if a != b {
					add(a, b)
				}
			}
		}
	}
	return out
}

func isArithmetic(name string) bool {
	switch name {
	case OpAdd, OpSub, OpMul, OpDiv, OpMod:
		return true
	}
	return false
}

func isComparisonName(name string) bool {
	switch name {
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
		return true
	}
	return false
}

// unify casts mixed number or date arguments of an operator to the wider kind, so
// that an engine needs each operator for equal kinds only.
func unify(args []Type) {
	if len(args) != 2 {
		return
	}
	if a, b := args[0].Kind, args[1].Kind; a != b && sameFamily(args[0], args[1]) {
		args[0], args[1] = Of(max(a, b)), Of(max(a, b))
	}
}

// sameFamily reports whether PostgreSQL has operators that mix the two types.
func sameFamily(a, b Type) bool {
	return a.IsInteger() && b.IsInteger() || isFloat(a.Kind) && isFloat(b.Kind) || isPoint(a.Kind) && isPoint(b.Kind)
}

func isFloat(k Kind) bool { return k == Float4 || k == Float8 }

// isPoint reports whether the kind is a date or timestamp; the wider is the later.
func isPoint(k Kind) bool { return k == Date || k == Timestamp || k == TimestampTZ }
