//go:build !amd64

package bitpack

import "github.com/skein-query/skein/internal/simd"

func vector8(simd.Level, []uint8, []byte, int, uint32) (int, bool)   { return 0, true }
func vector16(simd.Level, []uint16, []byte, int, uint32) (int, bool) { return 0, true }
func vector32(simd.Level, []uint32, []byte, int, uint32) (int, bool) { return 0, true }
