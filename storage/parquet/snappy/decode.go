package snappy

import (
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/snappy"
)

// ErrCorrupt says that the input is no Snappy block, or one of another length.
var ErrCorrupt = errors.New("snappy: corrupt block")

// DecodedLen is the length of the block that src holds, as its header says it.
func DecodedLen(src []byte) (int, error) {
	n, _, err := header(src)
	return n, err
}

// Decode decompresses src into dst, which must be as long as DecodedLen says and
// must not overlap src.
func Decode(dst, src []byte) error {
	n, k, err := header(src)
	if err != nil {
		return err
	}
	if n != len(dst) {
		return ErrCorrupt
	}
	if fast {
		return elements(dst, src[k:])
	}
	return portable(dst, src)
}

// portable decodes where there is no assembly. A copy from 0 back is S2's repeat to
// klauspost's decoder, where the format knows none: such a block is no error here.
func portable(dst, src []byte) error {
	out, err := snappy.Decode(dst, src)
	if err != nil || len(out) != len(dst) || len(out) > 0 && &out[0] != &dst[0] {
		return ErrCorrupt
	}
	return nil
}

// header is the length of the decompressed block, and that of the header itself.
func header(src []byte) (n, size int, err error) {
	v, k := binary.Uvarint(src)
	if k <= 0 || v > 1<<32-1 {
		return 0, 0, ErrCorrupt
	}
	return int(v), k, nil
}
