//go:build !amd64.v3

package snappy

import "github.com/klauspost/compress/snappy"

// repeats says whether a copy from 0 back is taken for a repeat of S2.
const repeats = true

// decode decompresses a block whose header has been checked. A copy from 0 back is
// S2's repeat to klauspost's decoder, where the format knows none: such a block is
// no error here.
func decode(dst, src []byte, _ int) error {
	out, err := snappy.Decode(dst, src)
	if err != nil || len(out) != len(dst) || len(out) > 0 && &out[0] != &dst[0] {
		return ErrCorrupt
	}
	return nil
}
