package exec

import (
	"sync/atomic"
	"unsafe"

	"github.com/skein-query/skein/exec/memory"
)

// budget is what one structure of an operator holds of the task's account. Without
// an account nothing is charged. Several instances may reserve at the same time.
type budget struct {
	account *memory.Account
	held    int64    // atomic
	closers []func() // of parts that keep accounts of their own
}

// owns makes free call close too.
func (b *budget) owns(close func()) { b.closers = append(b.closers, close) }

func (b *budget) reserve(n int64) error {
	if n <= 0 || b.account == nil {
		return nil
	}
	if err := b.account.Reserve(n); err != nil {
		return err
	}
	atomic.AddInt64(&b.held, n)
	return nil
}

// giveBack returns n bytes that were reserved, at most all of them.
func (b *budget) giveBack(n int64) {
	if n = min(n, atomic.LoadInt64(&b.held)); b.account != nil {
		b.account.Release(n)
		atomic.AddInt64(&b.held, -n)
	}
}

// free gives everything back, and is idempotent.
func (b *budget) free() {
	for _, f := range b.closers {
		f()
	}
	if held := atomic.SwapInt64(&b.held, 0); b.account != nil {
		b.account.Release(held)
	}
}

const firstGroups = 64

// grown is s with n elements, the new ones zero, reserved before it is allocated.
// Slices only ever grow, so that what lies behind len is zero.
func grown[T any](b *budget, s []T, n int) ([]T, error) {
	if n <= cap(s) {
		return s[:max(n, len(s))], nil
	}
	size := max(n, 2*cap(s), firstGroups)
	var t T
	if err := b.reserve(int64(size-cap(s)) * int64(unsafe.Sizeof(t))); err != nil {
		return s, err
	}
	out := make([]T, n, size)
	copy(out, s)
	return out, nil
}

// grownWith is grown with new elements set to a value.
func grownWith[T any](b *budget, s []T, n int, value T) ([]T, error) {
	from := len(s)
	s, err := grown(b, s, n)
	if err != nil {
		return s, err
	}
	for i := from; i < len(s); i++ {
		s[i] = value
	}
	return s, nil
}

// reserved is s with room for n elements.
func reserved[T any](b *budget, s []T, n int) ([]T, error) {
	if n <= cap(s) {
		return s, nil
	}
	from := len(s)
	s, err := grown(b, s, n)
	return s[:from], err
}
