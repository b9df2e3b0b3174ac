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
