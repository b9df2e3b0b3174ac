package simd

import "golang.org/x/sys/cpu"

// Level is a set of vector instructions; each has those below it.
type Level uint8

// The levels.
const (
	Scalar Level = iota // no assembly at all
	AVX2                // AVX2, BMI1, BMI2, POPCNT: x86-64 of 2013
	AVX512              // AVX-512 F, BW, DQ, VL and VBMI: x86-64 of 2019
)

// Best is the highest level that this processor and its system have.
func Best() Level {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasBMI1 || !x.HasBMI2 || !x.HasPOPCNT:
		return Scalar
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VBMI:
		return AVX512
	}
	return AVX2
}

// Levels are those that can run here, Scalar first: what tests go through.
func Levels() []Level {
	return []Level{Scalar, AVX2, AVX512}[:Best()+1]
}

// String names the level as benchmarks and tests do.
func (l Level) String() string {
	return [...]string{"scalar", "avx2", "avx512"}[l]
}
