package expr

import "github.com/skein-query/skein/internal/sqlerr"

// aggregateFunctions are the aggregates. See overload for the notation; all skip
// NULLs but count(*) and array_agg.
const aggregateFunctions = `
count() int8
count(any) int8
sum(int2) int8 !
sum(int4) int8 !
sum(int8) numeric !
sum(numeric) numeric !
sum(float4) float4
sum(float8) float8
sum(interval) interval !
avg(int2) numeric !
avg(int4) numeric !
avg(int8) numeric !
avg(numeric) numeric !
avg(float4) float8
avg(float8) float8
avg(interval) interval !
min(any) any
max(any) any
any_value(any) any
bool_and(bool) bool
bool_or(bool) bool
every(bool) bool
bit_and(int2) int2
bit_and(int4) int4
bit_and(int8) int8
bit_or(int2) int2
bit_or(int4) int4
bit_or(int8) int8
bit_xor(int2) int2
bit_xor(int4) int4
bit_xor(int8) int8
string_agg(text, text) text
string_agg(bytea, bytea) bytea
array_agg(any) list
percentile_cont(float8, float8) float8 !
percentile_disc(any, float8) any !
median(float8) float8
mode(any) any
stddev(int2) numeric !
stddev(int4) numeric !
stddev(int8) numeric !
stddev(numeric) numeric !
stddev(float8) float8
stddev_samp(int2) numeric !
stddev_samp(int4) numeric !
stddev_samp(int8) numeric !
stddev_samp(numeric) numeric !
stddev_samp(float8) float8
stddev_pop(int2) numeric !
stddev_pop(int4) numeric !
stddev_pop(int8) numeric !
stddev_pop(numeric) numeric !
stddev_pop(float8) float8
variance(int2) numeric !
variance(int4) numeric !
variance(int8) numeric !
variance(numeric) numeric !
variance(float8) float8
var_samp(int2) numeric !
var_samp(int4) numeric !
var_samp(int8) numeric !
var_samp(numeric) numeric !
var_samp(float8) float8
var_pop(int2) numeric !
var_pop(int4) numeric !
var_pop(int8) numeric !
var_pop(numeric) numeric !
var_pop(float8) float8
corr(float8, float8) float8
covar_pop(float8, float8) float8
covar_samp(float8, float8) float8
regr_count(float8, float8) int8
regr_avgx(float8, float8) float8
regr_avgy(float8, float8) float8
regr_sxx(float8, float8) float8
regr_syy(float8, float8) float8
regr_sxy(float8, float8) float8
regr_slope(float8, float8) float8
regr_intercept(float8, float8) float8
regr_r2(float8, float8) float8
`

// IsOrderedSet reports whether an aggregate takes its order by WITHIN GROUP: its first
// argument is what is ordered.
func IsOrderedSet(name string) bool {
	return name == "percentile_cont" || name == "percentile_disc" || name == "mode"
}

// IsAggregate reports whether name is an aggregate.
func IsAggregate(name string) bool { return aggregates()[name] != nil }

// ResolveAggregate chooses the overload of an aggregate; no args is count(*).
func ResolveAggregate(name string, args []Type, distinct bool) (Signature, error) {
	all := aggregates()[name]
	if all == nil {
		return Signature{}, noSuchFunction(name, args)
	}
	if distinct && len(args) == 0 {
		return Signature{}, sqlerr.New(sqlerr.SyntaxError, "DISTINCT specified, but %s(*) has no argument", name)
	}
	o, err := choose(name, all, args)
	if err != nil {
		return Signature{}, err
	}
	sig := o.signature(name, args)
	sig.Strict = name != "array_agg"
	if t := sig.Args; len(t) > 0 {
		sig.Result = aggregateType(name, o.result, t[0])
		if (name == "min" || name == "max") && (t[0].Kind == Bool || t[0].IsNested() && t[0].Kind != List) {
			return Signature{}, noSuchFunction(name, args)
		}
	}
	return sig, nil
}

// aggregateType is the result over a first argument of type t.
func aggregateType(name string, kind Kind, t Type) Type {
	switch {
	case kind == List:
		return ListOf(t)
	case kind == anyKind:
		return t
	case kind != Numeric:
		return Of(kind)
	case name == "sum":
		return NumericOf(MaxPrecision, int(t.Scale))
	}
	return NumericOf(MaxPrecision, max(int(t.Scale), leastDivScale))
}
