package memory

import (
	"sync/atomic"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Ledger bounds the memory of one worker.
type Ledger struct {
	limitBytes int64
	shareBytes int64 // see LimitShares
	used       atomic.Int64
	peak       atomic.Int64
	reclaim    atomic.Pointer[func(bytes int64)]
}

// NewLedger makes a ledger with a limit in bytes; a limit of zero or less means
// no limit.
func NewLedger(limitBytes int64) *Ledger { return &Ledger{limitBytes: limitBytes} }

// UsedBytes is what all accounts hold now.
func (l *Ledger) UsedBytes() int64 { return l.used.Load() }

// PeakBytes is the most that was ever held at once.
func (l *Ledger) PeakBytes() int64 { return l.peak.Load() }

// LimitBytes is the bound, zero or less when there is none.
func (l *Ledger) LimitBytes() int64 { return l.limitBytes }

// OnPressure sets what is called, in the goroutine that asks, before a reservation of
// so many bytes is refused: it gives back what can be done without. It may be called
// several times at once, and is not when it asks itself (see TryReserve).
func (l *Ledger) OnPressure(reclaim func(bytes int64)) { l.reclaim.Store(&reclaim) }

func (l *Ledger) reserve(n int64) bool {
	if l.tryReserve(n) {
		return true
	}
	f := l.reclaim.Load()
	if f == nil || n > l.limitBytes {
		return false
	}
	(*f)(n)
	return l.tryReserve(n)
}

func (l *Ledger) tryReserve(n int64) bool {
	used := l.used.Add(n)
	if l.limitBytes > 0 && used > l.limitBytes {
		l.used.Add(-n)
		return false
	}
	for {
		peak := l.peak.Load()
		if used <= peak || l.peak.CompareAndSwap(peak, used) {
			return true
		}
	}
}

// Account is what one task or cache holds of a ledger. It may be used from
// several goroutines.
type Account struct {
	ledger *Ledger
	parent *Account // of a part: it is charged as well
	name   string
	used   atomic.Int64
	peak   atomic.Int64
	closed atomic.Bool
	share  atomic.Bool // see Share
}

// NewAccount opens an account; the name stands in the error of a refusal.
func (l *Ledger) NewAccount(name string) *Account { return &Account{ledger: l, name: name} }

// Part is an account whose bytes the account a counts as its own: what one operator of
// a query holds. It needs no closing.
func (a *Account) Part() *Account { return &Account{ledger: a.ledger, parent: a, name: a.name} }

// Reserve asks for n more bytes before they are allocated. A refusal is an
// sqlerr of code out_of_memory: the caller spills or gives the error on.
func (a *Account) Reserve(n int64) error {
	if n <= 0 {
		return nil
	}
	if a.share.Load() && !a.mayHold(n) {
		return a.refusal(n)
	}
	if a.parent != nil {
		if err := a.parent.Reserve(n); err != nil {
			return err
		}
	} else if !a.ledger.reserve(n) {
		return a.refusal(n)
	}
	a.note(n)
	return nil
}

func (a *Account) refusal(n int64) error {
	return sqlerr.New(sqlerr.OutOfMemory, "out of memory: %s needs %d more bytes, %d of %d are in use",
		a.name, n, a.ledger.UsedBytes(), a.ledger.limitBytes).
		WithHint("Raise --memory, or let the query touch less data at once.")
}

// TryReserve is Reserve for what can be done without: nothing is given back for its
// sake, and a refusal is no error.
func (a *Account) TryReserve(n int64) bool {
	switch {
	case n <= 0:
		return true
	case a.share.Load() && !a.mayHold(n):
		return false
	case a.parent != nil:
		if !a.parent.TryReserve(n) {
			return false
		}
	case !a.ledger.tryReserve(n):
		return false
	}
	a.note(n)
	return true
}

func (a *Account) note(n int64) {
	used := a.used.Add(n)
	for {
		peak := a.peak.Load()
		if used <= peak || a.peak.CompareAndSwap(peak, used) {
			return
		}
	}
}

// Release gives n bytes back.
func (a *Account) Release(n int64) {
	if n <= 0 || a.closed.Load() {
		return
	}
	a.used.Add(-n)
	if a.parent != nil {
		a.parent.Release(n)
		return
	}
	a.ledger.used.Add(-n)
}

// UsedBytes is what the account holds now.
func (a *Account) UsedBytes() int64 { return a.used.Load() }

// PeakBytes is the most the account ever held.
func (a *Account) PeakBytes() int64 { return a.peak.Load() }

// Close gives back everything the account still holds and returns how much that
// was. Releases that come later are ignored. Close is idempotent.
func (a *Account) Close() int64 {
	if a.closed.Swap(true) {
		return 0
	}
	left := a.used.Swap(0)
	if a.parent != nil {
		a.parent.Release(left)
	} else {
		a.ledger.used.Add(-left)
	}
	return left
}
