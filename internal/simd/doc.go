// Package simd says which vector instructions this processor has, in the three
// steps in which kernels are written: none, AVX2, AVX-512.
//
// A package with kernels in assembly reads Best once and chooses by it (see
// docs/adr/0016-simd.md); its tests run every step up to Best. GODEBUG takes
// features away, for tests and for who doubts a kernel: cpu.avx2=off leaves the
// scalar twins, cpu.avx512bw=off leaves AVX2.
package simd
