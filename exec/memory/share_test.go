package memory

import "testing"

const mib = 1 << 20

func TestSharesLeaveRoomForOthers(t *testing.T) {
	l := NewLedger(400 * mib)
	whole := l.NewAccount("query")
	first, second := whole.Share(), whole.Share()
	grow := func(a *Account) int64 {
		for a.Reserve(mib) == nil {
		}
		return a.UsedBytes() / mib
	}
	if got := grow(first); got != 150 {
		t.Errorf("the first share holds %d MiB, not half of three quarters of 400", got)
	}
	if got := grow(second); got != 75 {
		t.Errorf("the second holds %d MiB, not half of what is left", got)
	}
	if first.Fits(76*mib) || !first.Fits(75*mib) {
		t.Error("a share that is full does not fit what the headroom leaves")
	}
	if err := whole.Reserve(100 * mib); err != nil {
		t.Errorf("who cannot spill is refused the headroom: %v", err)
	}
	third := whole.Share()
	if got := grow(third); got != 6 {
		t.Errorf("a share of a full ledger holds %d MiB, not a 64th", got)
	}
	first.Settle()
	if err := first.Reserve(10 * mib); err != nil {
		t.Errorf("a settled share is refused: %v", err)
	}
	if left := whole.Close(); left != l.PeakBytes() || l.UsedBytes() != 0 {
		t.Errorf("%d bytes were given back, %d are left", left, l.UsedBytes())
	}
}

func TestSharesMakeOthersGiveBackWhatCanBeDoneWithout(t *testing.T) {
	l := NewLedger(400 * mib)
	cache := l.NewAccount("cache")
	if err := cache.Reserve(200 * mib); err != nil {
		t.Fatal(err)
	}
	l.OnPressure(func(n int64) { cache.Release(min(n, cache.UsedBytes())) })
	whole := l.NewAccount("query")
	if share := whole.Share(); share.Reserve(100*mib) != nil || cache.UsedBytes() > 100*mib {
		t.Errorf("a share is refused while a cache holds %d bytes", cache.UsedBytes())
	}
	if !whole.Share().Fits(190*mib) || cache.UsedBytes() > 10*mib {
		t.Errorf("it does not fit, while a cache holds %d bytes", cache.UsedBytes())
	}
}

func TestLimitedSharesAreRefusedBeyondIt(t *testing.T) {
	l := NewLedger(0)
	l.LimitShares(10)
	share := l.NewAccount("query").Share()
	if share.Reserve(11) == nil || share.Reserve(10) != nil || share.TryReserve(1) || share.Fits(1) {
		t.Error("the limit is not held")
	}
}
