package snappy

import (
	"encoding/binary"
	"errors"
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
	return decode(dst, src, k)
}

// header is the length of the decompressed block, and that of the header itself.
func header(src []byte) (n, size int, err error) {
	v, k := binary.Uvarint(src)
	if k <= 0 || v > 1<<32-1 {
		return 0, 0, ErrCorrupt
	}
	return int(v), k, nil
}
