//go:build unix

package spill

import (
	"os"
	"syscall"
)

// tryLock takes the lock of a file, which ends when the process does, if nobody has it.
func tryLock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
