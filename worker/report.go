package worker

import (
	"sync"
	"time"

	"github.com/skein-query/skein/internal/wire"
)

// meter measures how many threads have something to do, on average.
type meter struct {
	mu    sync.Mutex
	now   int           // threads
	sum   time.Duration // of threads' time, up to at
	since time.Time     // when sum began
	at    time.Time
}

func (m *meter) add(threads int, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.advance(at)
	m.now += threads
}

func (m *meter) advance(at time.Time) {
	if m.since.IsZero() {
		m.since, m.at = at, at
	}
	m.sum += time.Duration(m.now) * at.Sub(m.at)
	m.at = at
}

// milli is the average since it was asked for last, in thousandths of threads.
func (m *meter) milli(at time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.advance(at)
	if at.Sub(m.since) <= 0 {
		return 1000 * m.now
	}
	average := int(1000 * m.sum / at.Sub(m.since))
	m.sum, m.since = 0, at
	return average
}

// maxHeld is of how many files a report says what of them is in memory.
const maxHeld = 256

// Report is what the worker says of itself: its load since the last one.
func (w *Worker) Report() *wire.Report {
	r := &wire.Report{Worker: w.Name, BusyMilli: w.load.milli(time.Now()), LimitBytes: w.res.Ledger.LimitBytes(),
		FreeBytes: max(0, w.res.Ledger.LimitBytes()-w.res.Ledger.UsedBytes())}
	if w.res.Columns != nil {
		r.FreeBytes += w.res.Columns.UsedBytes() // given up when it is needed
		for _, h := range w.res.Columns.Held(maxHeld) {
			r.Held = append(r.Held, wire.Held{Path: h.Path, Groups: h.Groups})
		}
	}
	return r
}
