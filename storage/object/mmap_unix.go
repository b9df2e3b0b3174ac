//go:build unix

package object

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a file for reading, or gives nil where that is not possible.
func mapFile(f *os.File, sizeBytes int64) []byte {
	if sizeBytes <= 0 || int64(int(sizeBytes)) != sizeBytes {
		return nil
	}
	m, err := unix.Mmap(int(f.Fd()), 0, int(sizeBytes), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil
	}
	return m
}

func unmapFile(m []byte) {
	if m != nil {
		_ = unix.Munmap(m)
	}
}
