package bitpack

import "github.com/skein-query/skein/internal/simd"

// The kernels with masks take all of out.
//
//go:noescape
func unpack8AVX512(out []uint8, data *byte, p *plan512, top uint32) bool

//go:noescape
func unpack16AVX512(out []uint16, data *byte, p *plan512, top uint32) bool

//go:noescape
func unpack32AVX512(out []uint32, data *byte, p *plan512, top uint32) bool

// Those without take whole steps, of 32, 16 and 8 values.
//
//go:noescape
func unpack8AVX2(out *uint8, steps int, data *byte, p *plan256, top uint32) bool

//go:noescape
func unpack16AVX2(out *uint16, steps int, data *byte, p *plan256, top uint32) bool

//go:noescape
func unpack32AVX2(out *uint32, steps int, data *byte, p *plan256, top uint32) bool

// vector8 unpacks a first part of out, a multiple of 8 values or all, and reports how
// many and whether they are below limit. len(out) and limit are not 0.
func vector8(level simd.Level, out []uint8, data []byte, width int, limit uint32) (done int, ok bool) {
	_ = data[(len(out)*width-1)/8]
	top := min(limit-1, 1<<8-1)
	if level == simd.AVX512 {
		return len(out), unpack8AVX512(out, &data[0], plans512[0][width], top)
	}
	if steps := steps256(level, len(out)/32, len(data), 4*width, 3*width+16); steps > 0 {
		return 32 * steps, unpack8AVX2(&out[0], steps, &data[0], plans256[0][width], top)
	}
	return 0, true
}

func vector16(level simd.Level, out []uint16, data []byte, width int, limit uint32) (done int, ok bool) {
	_ = data[(len(out)*width-1)/8]
	top := min(limit-1, 1<<16-1)
	if level == simd.AVX512 {
		return len(out), unpack16AVX512(out, &data[0], plans512[1][width], top)
	}
	if steps := steps256(level, len(out)/16, len(data), 2*width, width+width/2+16); steps > 0 {
		return 16 * steps, unpack16AVX2(&out[0], steps, &data[0], plans256[1][width], top)
	}
	return 0, true
}

func vector32(level simd.Level, out []uint32, data []byte, width int, limit uint32) (done int, ok bool) {
	_ = data[(len(out)*width-1)/8]
	if p := plans512[2][width]; level == simd.AVX512 && p != nil {
		return len(out), unpack32AVX512(out, &data[0], p, limit-1)
	}
	p := plans256[2][width]
	if steps := steps256(level, len(out)/8, len(data), width, width/2+16); p != nil && steps > 0 {
		return 8 * steps, unpack32AVX2(&out[0], steps, &data[0], p, limit-1)
	}
	return 0, true
}

// steps256 is how many steps of AVX2, of step bytes each and of which the loads reach
// so far, can be loaded from n bytes.
func steps256(level simd.Level, most, n, step, reach int) int {
	if level == simd.Scalar || n < reach {
		return 0
	}
	return min(most, (n-reach)/step+1)
}
