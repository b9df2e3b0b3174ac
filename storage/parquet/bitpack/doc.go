// Package bitpack spreads bit-packed values, the codes and levels of Parquet pages
// (Encodings.md, "Bit-packed", least significant bit first), to bytes, 16 and 32
// bits, and checks in the same pass that each is below a limit: a code that is not
// in the dictionary must not get further than this.
//
// On x86-64 the loops are assembly, chosen by what the processor has:
//
//   - AVX-512 VBMI: VPERMB brings to each eight bytes of a vector those that hold
//     its values, VPMULTISHIFTQB takes from them eight fields of eight bits at any
//     bit, a mask cuts what is too much. Loads and stores have masks, so that a run
//     ends in the same loop. Only 31 bits do not fit: two values and their offset
//     can need 68 bits.
//   - AVX2: VPSHUFB brings to each lane of 16 or 32 bits the bytes that hold its
//     value, a multiplication or a variable shift moves it to its place, packing
//     makes it narrow. Values of up to 25 bits; the ends of runs are scalar.
//
// Invariants:
//
//  1. Nothing outside out and data is read or written.
//  2. Values and verdict are the same at every level; what stands in out after a
//     false verdict is not.
//
// Reading order: unpack.go, scalar.go, plan.go, unpack_amd64.s.
package bitpack
