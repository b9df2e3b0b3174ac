// Package kernel is pure functions over column slices: comparison, arithmetic,
// selection, lookup, hashing, pattern matching, 128-bit integers.
//
// Invariants:
//
//  1. A kernel knows slices and selections, no batches, no SQL types and no
//     errors: where a row can fail it gives back the row, or a flag.
//  2. sel == nil means all rows 0..len-1. Results of a map stand at the row's own
//     place, so out is as long as the input; rows outside sel are not written.
//  3. Selecting kernels write into out, which has room for every input row, and
//     give back the filled part. out may be the memory of sel: a row is read before
//     its place can be written.
//  4. Generic functions range over plain integer and float types only, so that
//     each instance is compiled for its type.
//  5. Floats are compared by OrderedKey, 128-bit integers by Less128: nothing
//     else knows PostgreSQL's order of NaN.
//
// A kernel with a twin in assembly keeps its name and chooses by the processor
// (docs/adr/0016); the twin stands in name_amd64.s beside name.go.
//
// The package imports exec/vector and internal/simd and nothing else of the module.
// Reading order: compare.go, select.go, arithmetic.go, int128.go, decimal.go,
// bool.go, lookup.go, mask.go, set.go, hash.go, like.go, like_rows.go, index.go.
package kernel
