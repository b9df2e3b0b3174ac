package memory

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestGarbageIsBoundedNotAMultipleOfTheHeap(t *testing.T) {
	for _, c := range []struct {
		liveMiB uint64
		percent int
	}{{0, 300}, {10, 300}, {32, 300}, {64, 150}, {96, 100}, {384, 20}, {1000, 20}, {100000, 20}} {
		if got := percentFor(c.liveMiB << 20); got != c.percent {
			t.Errorf("%d MiB live: %d %%, not %d", c.liveMiB, got, c.percent)
		}
	}
}

func TestPaceFollowsTheHeapAndStops(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	stop := Pace()
	large := make([]byte, 200<<20)
	percent := 0
	for range 100 {
		runtime.GC()
		time.Sleep(time.Millisecond) // cleanups run in a goroutine of their own
		percent = debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		if percent < lazyPercent {
			break
		}
	}
	runtime.KeepAlive(large)
	stop()
	if percent >= lazyPercent {
		t.Errorf("%d %% with 200 MiB alive", percent)
	}
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("%d %% after stop, 100 before", got)
	}
}
