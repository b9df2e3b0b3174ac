package snappy

import "golang.org/x/sys/cpu"

// fast says whether block can run here: BMI2 and AVX2, which every x86-64 processor
// of the last ten years has.
var fast = cpu.X86.HasBMI2 && cpu.X86.HasAVX2

// block decompresses the elements of src and gives the number of bytes written, -1
// when src is corrupt or dst is full before it ends.
//
//go:noescape
func block(dst, src []byte, tags *[256]uint16) int

// tags has for each tag byte of a copy its length (bits 0 to 7) and the upper bits
// of its offset that stand in the tag (bits 8 to 10).
var tags = func() *[256]uint16 {
	var t [256]uint16
	for tag := range 256 {
		switch tag & 3 {
		case 1:
			t[tag] = uint16(tag>>2&7+4) | uint16(tag>>5)<<8
		case 2, 3:
			t[tag] = uint16(tag>>2 + 1)
		}
	}
	return &t
}()

// elements decompresses the elements of a block.
func elements(dst, src []byte) error {
	if block(dst, src, tags) != len(dst) {
		return ErrCorrupt
	}
	return nil
}
