// Package key turns the key columns of batches into fixed-width words and hashes,
// so that hash tables compare integers and hold no Go pointers.
//
// A Layout says how keys of given types are packed into 64-bit words: narrow types
// share a word, a nullable key adds one bit, a string is the 32-bit id that a
// Strings interner gave it. An Encoder (one per instance) packs batches into a
// Block of rows in order of the selection.
//
//	boolean                       1 bit
//	smallint                      16 bits
//	integer, date, real           32 bits; real: -0 is 0, every NaN the same
//	bigint, time, timestamps,
//	numeric up to 18 digits       64 bits
//	double precision              64 bits; as real
//	wider numerics                128 bits, whether a batch brings 64 or 128
//	interval                      128 bits: microseconds, a month is 30 days, a day 24 hours
//	text, bytea                   32 bits: an id of Strings; 0 is NULL
//	char(n)                       the same, without trailing blanks
//	list, struct, map             the same, of their serialised form
//
// Invariants:
//
//  1. Two rows have equal words exactly when their keys are not distinct (IS NOT
//     DISTINCT FROM), provided both were encoded with one Layout and one Strings.
//  2. A row's hash depends on its values only: not on ids, encodings of columns,
//     batches or the process. Two interners give different ids but equal hashes.
//  3. A Layout is immutable. Strings may be written by several Encoders at a time
//     (each locks it once per batch); Lookup reads without lock and may begin only
//     when nobody writes any more.
//  4. A dictionary's entries are interned at most once per Encoder while it is in
//     use, and only those that rows use.
//
// Lossy keys (floats, intervals, char(n), nested values) cannot be given back as
// they came in; Layout.Lossy says which, and who shows them keeps a value.
//
// The package knows no operators. Reading order: layout.go, strings.go, encode.go,
// decode.go.
package key
