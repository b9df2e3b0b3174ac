//go:build !amd64

package kernel

import (
	"bytes"
	"unsafe"
)

func indexAVX512(s *byte, n int, text *byte, k int) int {
	return bytes.Index(unsafe.Slice(s, n), unsafe.Slice(text, k))
}

func indexAVX2(s *byte, n int, text *byte, k int) int { return indexAVX512(s, n, text, k) }
