package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/sqlerr"
)

// TestChaos runs TPC-H and some queries more on clusters of two coordinators and three
// workers, processes of their own, and does something bad in every round. There are
// SKEIN_CHAOS_ROUNDS of them over all setups, from SKEIN_CHAOS_SEED on; what a round
// does follows from its seed. Every answer is compared with that of a process that was
// alone. A query may end in an error that the fault allows (see fault.excuses), and in
// nothing else. What happened is printed by kind of fault.
//
// Where Linux lets it, all of it runs in namespaces of its own, and each process in one
// more: else what needs a network to cut or a disk to fill is skipped.
func TestChaos(t *testing.T) {
	done, why := inNamespaces(t)
	if done {
		return
	}
	network, m := openNetwork(t), newMaterial(t)
	rounds := number(t, "SKEIN_CHAOS_ROUNDS", 0)
	all := setups(rounds > 0)
	for _, s := range all {
		n := (rounds + len(all) - 1) / len(all)
		if rounds == 0 {
			n = s.short
		}
		if n > 0 {
			t.Run(s.name, func(t *testing.T) { newChaos(t, m, s, network, why).run(t, n, rounds > 1) })
		}
	}
}

// setup is a cluster, and what is done to it.
type setup struct {
	name   string
	memory string   // of a worker
	flags  []string // of every process
	// bucket says that the tables are in a bucket, and spills that queries go to disk,
	// so that they cannot be repeated in part.
	bucket, spills bool
	clocks         bool          // processes have clocks of their own
	slow           bool          // their disks can be made slow
	mayEnd         []sqlerr.Code // the errors that queries may end in whatever is done
	faults         []fault
	short          int // so many of the faults are those of a short run
}

// setups are all of them; a long run has time for disks that can be made slow.
func setups(long bool) []setup {
	return []setup{
		{name: "roomy", memory: "1GiB", faults: roomyFaults(), short: 6},
		{name: "spilling", memory: "256MiB", flags: []string{"--column-cache", "0", "--spill-from", "262144"}, bucket: true, spills: true,
			slow: long, faults: spillingFaults(), short: 4},
		{name: "tight", memory: "64MiB", spills: true, mayEnd: []sqlerr.Code{sqlerr.OutOfMemory}, faults: tightFaults()},
		{name: "clocks", memory: "1GiB", clocks: true, faults: clockFaults()},
	}
}

// run does so many rounds, and reads before how long queries take in calm.
func (c *chaos) run(t *testing.T, rounds int, calm bool) {
	seed := uint64(number(t, "SKEIN_CHAOS_SEED", 1))
	began := time.Now()
	stop := c.watchDisks()
	defer func() {
		t.Logf("%s, %s, at most %d MiB on disks at a time:\n%s", c.setup.name, time.Since(began).Round(time.Second), stop()>>20, &c.report)
	}()
	if calm {
		c.calm(t)
	}
	for i := range uint64(rounds) {
		f := c.setup.faults[(seed+i-1)%uint64(len(c.setup.faults))]
		if !t.Run(fmt.Sprintf("%d %s", seed+i, f.name), func(t *testing.T) { c.round(t, seed+i, f) }) {
			t.Fatalf("SKEIN_CHAOS_SEED=%d SKEIN_CHAOS_ROUNDS=1 with -run %s plays it again", seed+i, t.Name())
		}
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// clients is how many ask at a time, by turns one coordinator and the other.
const clients = 4

// calm runs every statement once by every client while nothing bad happens, to know
// how long it takes; a short run, of which nobody reads that, goes without.
func (c *chaos) calm(t *testing.T) {
	c.play = play{fault: fault{name: "nothing"}}
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for j := range c.statements {
				c.ask(t, c.coordinators[i%2], c.statements[(j+i*len(c.statements)/clients)%len(c.statements)])
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.Fatal("while nothing bad happened")
	}
}

// play is what is done in a round.
type play struct {
	fault
	target *process
}

// round runs queries by several clients of both coordinators, and does one bad thing
// meanwhile.
func (c *chaos) round(t *testing.T, seed uint64, f fault) {
	if (f.networked || f.disk || f.slow) && c.network == nil {
		t.Skip(c.why)
	}
	if f.slow && c.noSlowDisk != "" {
		t.Skip(c.noSlowDisk)
	}
	r := rand.New(rand.NewPCG(seed, 1))
	c.play = play{f, c.workers[r.IntN(len(c.workers))]}
	if f.coordinator {
		c.target = c.coordinators[1] // the first is the one that is joined by
	}
	t.Logf("seed %d: %s, %s", seed, f.name, c.target.name)
	c.report.of(f.name).rounds++
	stop := make(chan struct{})
	var wg sync.WaitGroup
	end := sync.OnceFunc(func() {
		close(stop)
		wg.Wait()
	})
	defer end() // when the fault cannot be done
	for i := range clients {
		at, choose := c.coordinators[i%2], rand.New(rand.NewPCG(seed, uint64(2+i)))
		wg.Go(func() {
			for {
				c.ask(t, at, c.statements[choose.IntN(len(c.statements))])
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
	f.do(t, c, r, c.target)
	time.Sleep(200 * time.Millisecond)
	end()
	c.heal(t)
}

// ask runs a statement on a new connection and looks at the answer.
func (c *chaos) ask(t *testing.T, at *process, s *statement) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	rows, err := c.rows(ctx, at, s.sql)
	took := time.Since(began)
	code := sqlerr.Code("")
	if err != nil {
		code = sqlerr.CodeOf(err)
	}
	right := err == nil && slices.Equal(multiset(rows), s.answer)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.of(c.play.name).add(s, took, right, code, at.dying.Load())
	switch {
	case right:
	case err == nil:
		t.Errorf("%s at %s after %s: wrong, %s", s.name, at.name, took, differ(multiset(rows), s.answer))
	case c.excused(at, s, code):
		time.Sleep(50 * time.Millisecond)
	default:
		t.Errorf("%s at %s after %s: %s %v\n%s", s.name, at.name, took, code, err, at.lastWords())
	}
}

// excused reports whether a query at a coordinator may end in that error: because of
// the fault, or because it cannot be repeated and rows of it had been delivered.
func (c *chaos) excused(at *process, s *statement, code sqlerr.Code) bool {
	return at.dying.Load() ||
		slices.Contains(c.setup.mayEnd, code) ||
		slices.Contains(c.mayEnd, code) && (!c.coordinator || at == c.target) ||
		code == sqlerr.WorkerLost && c.losesWorkers && (s.unrepeatable || c.setup.spills)
}

func (c *chaos) rows(ctx context.Context, at *process, sql string) ([][]string, error) {
	conn, err := client.Open(ctx, at.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	rows, err := fetch(ctx, conn, sql)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return rows, err
}
