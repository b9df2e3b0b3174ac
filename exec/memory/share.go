package memory

// A share is the account of an operator that can do with less memory, because it
// writes to files what it has no room for. It is refused before the ledger is full:
//
//   - A quarter of the ledger (headroom) is left to those who cannot: scans, batches
//     on their way, buffers of files.
//   - Of what others leave of the rest it may hold one half, so that one operator does
//     not take everything and leave nothing to those that begin after it.
//   - A small amount (leastShare) it gets wherever the ledger has it: with less, nothing
//     comes of writing to files either.
const (
	headroomPart = 4
	// leastPart is the part of the ledger that any share may hold, within bounds.
	leastPart, leastShare, mostLeast = 64, 1 << 20, 16 << 20
)

// Share is a part of the account for what its holder can write to files: see above.
func (a *Account) Share() *Account {
	s := a.Part()
	s.share.Store(true)
	return s
}

// Settle makes an ordinary account of a share: its holder cannot spill any more.
func (a *Account) Settle() { a.share.Store(false) }

// LimitShares is for tests: shares are refused from so many bytes on, whatever room
// there is; 0 is no limit.
func (l *Ledger) LimitShares(bytes int64) { l.shareBytes = bytes }

// Room is how much a share may hold in all, as things are.
func (a *Account) Room() int64 {
	l := a.ledger
	if l.shareBytes > 0 {
		return l.shareBytes
	}
	if l.limitBytes <= 0 {
		return 1 << 62
	}
	others := l.used.Load() - a.used.Load()
	return max(l.soft()-others, 0) / 2
}

// Fits reports whether the share's holder may take n bytes more for good: unlike while
// it grows, it may use all that is left besides the headroom. What can be done without
// is given back first.
func (a *Account) Fits(n int64) bool {
	l := a.ledger
	switch {
	case l.shareBytes > 0:
		return a.used.Load()+n <= l.shareBytes
	case l.limitBytes <= 0 || a.used.Load()+n <= l.least():
		return true
	}
	over := func() int64 { return l.used.Load() + n - l.soft() }
	if over() > 0 {
		l.reclaimed(over())
	}
	return over() <= 0
}

// Crowded reports whether the holder of an account that is not refused should spill
// what it has: it holds most of what a share might, and more than a little. Only with a
// whole of part of the room it does, for what grows by doubling.
func (a *Account) Crowded(part float64) bool {
	l, used := a.ledger, a.used.Load()
	switch {
	case l.shareBytes > 0:
		return used > l.shareBytes
	case l.limitBytes <= 0 || used <= l.least():
		return false
	}
	over := func() bool { return float64(used) > part*float64(a.Room()) }
	if over() {
		l.reclaimed(2 * used)
	}
	return over()
}

// Affords reports whether the holder of an account may take n bytes for speed, which
// leaves others their room.
func (a *Account) Affords(n int64) bool {
	l, want := a.ledger, a.used.Load()+n
	return l.shareBytes > 0 && want <= l.shareBytes || l.shareBytes == 0 && (want <= l.least() || want <= a.Room())
}

func (l *Ledger) soft() int64 { return l.limitBytes - l.limitBytes/headroomPart }

func (l *Ledger) least() int64 { return min(max(l.limitBytes/leastPart, leastShare), mostLeast) }

// mayHold reports whether a share may grow by n bytes.
func (a *Account) mayHold(n int64) bool {
	l := a.ledger
	want := a.used.Load() + n
	switch {
	case l.shareBytes > 0:
		return want <= l.shareBytes
	case l.limitBytes <= 0 || want <= l.least():
		return true
	}
	if short := want - a.Room(); short > 0 {
		l.reclaimed(2 * short)
	}
	return want <= a.Room()
}

// reclaimed asks for n bytes back.
func (l *Ledger) reclaimed(n int64) {
	if f := l.reclaim.Load(); f != nil {
		(*f)(n)
	}
}
