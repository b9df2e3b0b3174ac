package memory

import (
	"bytes"
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
)

func TestLedgerRefusesWhatExceedsItsLimit(t *testing.T) {
	l := NewLedger(100)
	a, b := l.NewAccount("a"), l.NewAccount("b")
	if err := a.Reserve(60); err != nil {
		t.Fatal(err)
	}
	if err := b.Reserve(41); sqlerr.CodeOf(err) != sqlerr.OutOfMemory {
		t.Fatalf("41 bytes beside 60 of 100: %v", err)
	}
	if err := b.Reserve(40); err != nil {
		t.Fatal(err)
	}
	if l.UsedBytes() != 100 || l.PeakBytes() != 100 || b.UsedBytes() != 40 {
		t.Fatalf("used %d, peak %d, b %d", l.UsedBytes(), l.PeakBytes(), b.UsedBytes())
	}
	a.Release(60)
	if err := b.Reserve(60); err != nil {
		t.Fatal(err)
	}
}

func TestClosingAnAccountGivesEverythingBackOnce(t *testing.T) {
	l := NewLedger(100)
	a := l.NewAccount("a")
	if err := a.Reserve(70); err != nil {
		t.Fatal(err)
	}
	if left := a.Close(); left != 70 {
		t.Fatalf("closing gave %d back", left)
	}
	a.Release(70) // late: already given back
	if a.Close() != 0 || l.UsedBytes() != 0 || l.PeakBytes() != 70 {
		t.Fatalf("used %d, peak %d", l.UsedBytes(), l.PeakBytes())
	}
}

func TestAPartIsCountedByItsWhole(t *testing.T) {
	l := NewLedger(100)
	whole := l.NewAccount("query")
	part := whole.Part()
	if err := part.Reserve(70); err != nil || whole.UsedBytes() != 70 || l.UsedBytes() != 70 {
		t.Fatalf("%v, %d and %d bytes", err, whole.UsedBytes(), l.UsedBytes())
	}
	if part.TryReserve(31) || part.Reserve(31) == nil || part.UsedBytes() != 70 || whole.UsedBytes() != 70 {
		t.Fatal("a part holds more than the ledger has")
	}
	part.Release(20)
	if part.PeakBytes() != 70 || whole.UsedBytes() != 50 {
		t.Fatalf("peak %d, whole %d", part.PeakBytes(), whole.UsedBytes())
	}
	if whole.Close() != 50 || l.UsedBytes() != 0 {
		t.Fatalf("%d bytes stay", l.UsedBytes())
	}
	part.Release(50) // late
	if l.UsedBytes() != 0 {
		t.Fatalf("%d bytes", l.UsedBytes())
	}
}

func TestPressureIsAskedBeforeARefusal(t *testing.T) {
	l := NewLedger(100)
	cache, query := l.NewAccount("cache"), l.NewAccount("query")
	l.OnPressure(func(n int64) { cache.Release(min(n, cache.UsedBytes())) })
	if !cache.TryReserve(90) || cache.TryReserve(20) {
		t.Fatal("what can be done without was given room, or none")
	}
	if err := query.Reserve(60); err != nil || cache.UsedBytes() != 30 {
		t.Fatalf("%v with %d bytes kept", err, cache.UsedBytes())
	}
	if err := query.Reserve(101); err == nil || cache.UsedBytes() != 30 {
		t.Fatalf("%v with %d bytes kept: nothing helps that", err, cache.UsedBytes())
	}
}

func TestSlabIsChargedUntilItsLastRelease(t *testing.T) {
	l := NewLedger(0)
	a := l.NewAccount("a")
	s, err := NewPool().Get(1500, a)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Bytes()) < 1500 || a.UsedBytes() != int64(len(s.Bytes())) {
		t.Fatalf("%d bytes, %d charged", len(s.Bytes()), a.UsedBytes())
	}
	s.Retain()
	s.Release()
	if a.UsedBytes() == 0 {
		t.Fatal("given back while a reference was left")
	}
	s.Release()
	if a.UsedBytes() != 0 {
		t.Fatalf("%d bytes are still charged", a.UsedBytes())
	}
}

func TestPoisonedPoolOverwritesWhatIsReleased(t *testing.T) {
	s, err := NewPoisonPool().Get(64, nil)
	if err != nil {
		t.Fatal(err)
	}
	buf := s.Bytes()
	clear(buf)
	s.Release()
	if bytes.Contains(buf, []byte{0}) {
		t.Fatal("released memory still reads as it was")
	}
}

func TestRefusedSlabIsNotAllocated(t *testing.T) {
	l := NewLedger(1000)
	a := l.NewAccount("a")
	if _, err := NewPool().Get(2000, a); sqlerr.CodeOf(err) != sqlerr.OutOfMemory {
		t.Fatalf("got %v", err)
	}
	if l.UsedBytes() != 0 {
		t.Fatalf("%d bytes stayed charged", l.UsedBytes())
	}
}
