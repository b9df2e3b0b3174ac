//go:build !amd64

package kernel

import "github.com/skein-query/skein/internal/simd"

func positions(simd.Level, []uint64, uint32, []uint32) int { return 0 }

func rangeMasks[T Integer](simd.Level, []T, uint64, uint64, []uint64) bool { return false }

func codeMasks[C Code](simd.Level, []C, []uint8, []uint64) bool { return false }

func probeMasks[T Integer](simd.Level, []T, uint64, uint64, []uint64, []uint64) bool { return false }

func orRows[T int16 | int32 | int64](simd.Level, []T, []uint32) (or uint64, done int) { return 0, 0 }
