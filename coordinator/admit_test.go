package coordinator

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/trace"
)

// waiting is how many wait.
func (a *admission) waiting() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.queue)
}

func TestQueriesAreLetInInTheirOrder(t *testing.T) {
	a := newAdmission(Limits{Running: 1})
	if err := a.enter(t.Context(), "u"); err != nil {
		t.Fatal(err)
	}
	in := make(chan int)
	for i := range 3 {
		go func() { // ends when it is let in
			if a.enter(t.Context(), "u") == nil {
				in <- i
			}
		}()
		eventually(t, "it waits", func() bool { return a.waiting() == i+1 })
	}
	for i := range 3 {
		a.leave("u")
		if got := <-in; got != i {
			t.Errorf("%d was let in before %d", got, i)
		}
	}
}

func TestAUserWithTooManyLetsOthersPass(t *testing.T) {
	a := newAdmission(Limits{Running: 3, PerUser: 1})
	if a.enter(t.Context(), "greedy") != nil {
		t.Fatal("the first should be let in")
	}
	second := make(chan error, 1)
	go func() { second <- a.enter(t.Context(), "greedy") }() // ends when it is let in
	eventually(t, "it waits", func() bool { return a.waiting() == 1 })
	if a.enter(t.Context(), "modest") != nil {
		t.Error("another user should be let in")
	}
	a.leave("greedy")
	if err := <-second; err != nil {
		t.Error(err)
	}
}

func TestMoreThanMayWaitAreRefused(t *testing.T) {
	a := newAdmission(Limits{Running: 1, Queued: 1})
	if a.enter(t.Context(), "u") != nil {
		t.Fatal("the first should be let in")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	second := make(chan error, 1)
	go func() { second <- a.enter(ctx, "u") }() // ends with ctx
	eventually(t, "it waits", func() bool { return a.waiting() == 1 })
	if err := a.enter(t.Context(), "u"); sqlerr.CodeOf(err) != sqlerr.ConfigurationLimit {
		t.Errorf("the third: %v", err)
	}
	gone := errors.New("gone")
	cancel(gone)
	if err := <-second; err != gone || a.waiting() != 0 {
		t.Errorf("one that gives up: %v, %d wait", err, a.waiting())
	}
}

func TestNoMoreThanTheLimitRunWhateverHappens(t *testing.T) {
	a := newAdmission(Limits{Running: 3, PerUser: 2})
	var running, most atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			user := []string{"a", "b", "c"}[i%3]
			for range 50 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(2000))*time.Microsecond)
				if a.enter(ctx, user) == nil {
					n := running.Add(1)
					for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
					}
					time.Sleep(time.Duration(r.IntN(100)) * time.Microsecond)
					running.Add(-1)
					a.leave(user)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 || a.running != 0 || len(a.users) != 0 || len(a.queue) != 0 {
		t.Errorf("%d ran at once; %d run, %v, %d wait at the end", most.Load(), a.running, a.users, len(a.queue))
	}
}

func TestQueriesThatWaitRunAndHaveEndedAreKnown(t *testing.T) {
	s := newStage(t, true)
	s.admission = newAdmission(Limits{Running: 1})
	first, err := s.Run(t.Context(), scan(), nil, Settings{Mode: place.Always, User: "u", Text: "select 1"})
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error, 1)
	go func() { // ends when it is cancelled
		_, err := s.Run(t.Context(), scan(), nil, Settings{User: "u", Text: "select 2"})
		second <- err
	}()
	states := func() string {
		out := ""
		for _, q := range s.Queries() {
			out += q.Text[len(q.Text)-1:] + string(q.State) + " "
		}
		return out
	}
	eventually(t, "one runs and one waits", func() bool { return states() == "1running 2queued " })
	if _, err := s.Run(t.Context(), scan(), nil, Settings{Unlimited: true, Text: "select 3", Mode: place.Local}); err != nil {
		t.Errorf("one that does not wait: %v", err)
	}
	if !s.CancelRunning("q2") || sqlerr.CodeOf(<-second) != sqlerr.QueryCanceled {
		t.Error("one that waits is not cancelled")
	}
	s.CancelRunning("q1")
	eventually(t, "both are cancelled", func() bool { return states() == "3running 1cancelled 2cancelled " })
	first.Close()
	if got := s.Counts()[Cancelled]; got != 2 {
		t.Errorf("%d were cancelled", got)
	}
	if s.admission.running != 0 {
		t.Errorf("%d are taken to run", s.admission.running)
	}
	s.Close()
}

func TestThatAQueryWaitsIsTraced(t *testing.T) {
	r := tracetest.NewSpanRecorder()
	span := trace.New(trace.Process{}, r).Begin("", "statement")
	ctx := trace.With(t.Context(), span)
	a := newAdmission(Limits{Running: 1})
	if err := a.enter(ctx, "u"); err != nil || len(r.Ended()) != 0 {
		t.Fatalf("%v; it does not wait, and %d spans say so", err, len(r.Ended()))
	}
	second := make(chan error, 1)
	go func() { second <- a.enter(ctx, "u") }() // ends when it is let in
	eventually(t, "it waits", func() bool { return a.waiting() == 1 })
	a.leave("u")
	if err := <-second; err != nil || len(r.Ended()) != 1 || r.Ended()[0].Name() != "wait" {
		t.Errorf("%v, %v", err, r.Ended())
	}
}
