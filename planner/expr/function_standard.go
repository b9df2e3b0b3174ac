package expr

// standardFunctions are functions of Substrait's extensions that differ from
// PostgreSQL's: arithmetic as IEEE 754 has it, without errors, bits of decimals, and functions that give
// lists. Their names have blanks, so that no SQL calls them; plans of others do. See
// overload for the notation. The first argument of "ieee call" and "ieee round" is the
// name of a function and of a rounding.
const standardFunctions = `
ieee add(float4, float4) float4
ieee add(float8, float8) float8
ieee subtract(float4, float4) float4
ieee subtract(float8, float8) float8
ieee multiply(float4, float4) float4
ieee multiply(float8, float8) float8
ieee divide(float4, float4) float4
ieee divide(float8, float8) float8
ieee call(text, float8) float8
ieee call(text, float8, float8) float8
ieee round(text, float8, int4) float8
decimal and(numeric, numeric) numeric
decimal or(numeric, numeric) numeric
decimal xor(numeric, numeric) numeric
regexp find(text, text, int8, int8, int8) text !
regexp count(text, text, int8) int8 !
unicode lower(text) text
unicode upper(text) text
regexp put(text, text, text, int8, int8) text !
string split(text, text) list ?
regexp split(text, text) list !
list sort(list, text) list
regexp all(text, text, int8, int8) list !
regexp place(text, text, int8, int8) int8 !
swap case(text) text
unicode swap case(text) text
title case(text) text
unicode title case(text) text
list index(any, list) int8
list product(list) float8
list product exact(list) numeric !
list quantiles(list, int8, text, text) list !
round time(timestamp, text, text, int8, timestamp) timestamp !
strptime zoned(text, text, text) timestamptz !
`

// TakesList reports whether a function without a nested result computes value by value all
// the same, since it reads lists.
func TakesList(name string) bool {
	return name == "list index" || name == "list product" || name == "list product exact"
}
