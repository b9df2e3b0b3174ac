package memory

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

const (
	// garbageBytes is how much garbage may gather between two collections, and
	// lazyPercent what that may be of a small heap. Collecting is cheap here: what is
	// large holds no pointers.
	garbageBytes = 96 << 20
	lazyPercent  = 300
	// eagerPercent is the garbage that even a large heap may gather, as a part of it.
	eagerPercent = 20
)

// Pace lets the garbage collector run when a fixed amount of garbage has gathered
// instead of a fixed part of what lives: the process needs no multiple of the memory
// of a large query. It holds until stop is called; one call at a time.
func Pace() (stop func()) {
	before := debug.SetGCPercent(lazyPercent)
	p := &pacer{percent: lazyPercent}
	p.watch()
	return func() {
		p.stopped.Store(true)
		debug.SetGCPercent(before)
	}
}

type pacer struct {
	stopped atomic.Bool
	percent int
}

// sentinel is an object that dies in every collection. It has a pointer, so that it
// is no part of a block of tiny ones.
type sentinel struct{ _ *pacer }

// watch calls adjust after the next collection.
func (p *pacer) watch() {
	runtime.AddCleanup(&sentinel{}, (*pacer).adjust, p)
}

func (p *pacer) adjust() {
	if p.stopped.Load() {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if to := percentFor(live[0].Value.Uint64()); to != p.percent && !p.stopped.Load() {
		p.percent = to
		debug.SetGCPercent(to)
	}
	p.watch()
}

// percentFor is the GC percentage for a heap of so many bytes, in steps, for a change
// stops the world.
func percentFor(live uint64) int {
	percent := math.Floor(garbageBytes * 10 / float64(max(live, 1)))
	return int(min(max(10*percent, eagerPercent), lazyPercent))
}
