package kernel

// indexAVX512 is Index for a text of 2 to 64 bytes, and at most n.
//
//go:noescape
func indexAVX512(s *byte, n int, text *byte, k int) int

// indexAVX2 is Index for a text of at least 2 bytes with at least 32 places in s.
//
//go:noescape
func indexAVX2(s *byte, n int, text *byte, k int) int
