package main

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// fault is something bad: it is done to a process, or to what it needs, and undone.
type fault struct {
	name string
	// coordinator is where it is done; else it is a worker.
	coordinator bool
	// networked says that there have to be namespaces.
	networked bool
	// disk says that there have to be disks of a worker's own.
	disk bool
	// slow says that their speed has to be one that can be set.
	slow bool
	// losesWorkers says that queries may lose a worker by it.
	losesWorkers bool
	// mayEnd are the errors that queries may end in: all, or with coordinator those of
	// that one.
	mayEnd []sqlerr.Code
	do     func(t *testing.T, c *chaos, r *rand.Rand, p *process)
}

// roomyFaults are those of a cluster that reads files and has memory. Those that are
// over soon come first.
func roomyFaults() []fault {
	return []fault{
		{name: "kill a worker", losesWorkers: true, do: kill},
		{name: "cut a worker off", networked: true, losesWorkers: true, do: cut},
		{name: "tell a worker to end", losesWorkers: true, do: func(_ *testing.T, _ *chaos, _ *rand.Rand, p *process) {
			p.dying.Store(true)
			p.signal(syscall.SIGTERM)
			<-p.ended
		}},
		{name: "cut two workers off each other", networked: true, losesWorkers: true, do: partWorkers},
		{name: "pause a worker", losesWorkers: true, do: func(_ *testing.T, _ *chaos, r *rand.Rand, p *process) {
			p.signal(syscall.SIGSTOP)
			time.Sleep(upTo(r, 3*time.Second))
			p.signal(syscall.SIGCONT)
		}},
		{name: "kill a coordinator", coordinator: true, do: kill},
		{name: "pause a worker for long", losesWorkers: true, do: func(_ *testing.T, _ *chaos, _ *rand.Rand, p *process) {
			p.signal(syscall.SIGSTOP)
			time.Sleep(long)
			p.signal(syscall.SIGCONT)
			p.kill() // the others have given it up
		}},
		{name: "cut a worker off for long", networked: true, losesWorkers: true, do: cutForLong},
		{name: "lose a worker's machine", networked: true, losesWorkers: true, do: loseMachine},
		{name: "cut a coordinator off", networked: true, coordinator: true, losesWorkers: true, mayEnd: []sqlerr.Code{sqlerr.WorkerLost}, do: cut},
		{name: "cut a coordinator off for long", networked: true, coordinator: true, losesWorkers: true, mayEnd: []sqlerr.Code{sqlerr.WorkerLost}, do: cutForLong},
		{name: "cut two workers off each other for long", networked: true, losesWorkers: true, do: partWorkersForLong},
		{name: "cut a coordinator off a worker for long", networked: true, losesWorkers: true, do: partCoordinator},
	}
}

// long is more than gossip suspects a member, and more than messages wait for an
// acknowledgement.
const long = 13 * time.Second

func upTo(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most)))
}

func kill(_ *testing.T, _ *chaos, _ *rand.Rand, p *process) { p.kill() }

// cut takes a process from the network for some seconds: nobody may notice.
func cut(t *testing.T, _ *chaos, r *rand.Rand, p *process) {
	p.site.unplug(t)
	time.Sleep(upTo(r, 4*time.Second))
	p.site.plug(t)
	time.Sleep(time.Second)
}

// cutForLong takes it until the others have given it up, and it the others. Both live,
// and have to find each other again.
func cutForLong(t *testing.T, _ *chaos, _ *rand.Rand, p *process) {
	p.site.unplug(t)
	time.Sleep(long)
	p.site.plug(t)
	time.Sleep(time.Second)
}

// loseMachine ends a process whose machine cannot say so any more.
func loseMachine(t *testing.T, _ *chaos, _ *rand.Rand, p *process) {
	p.site.unplug(t)
	p.kill()
	time.Sleep(long)
}

// partWorkers lets two workers not reach each other while the coordinators reach both.
func partWorkers(t *testing.T, c *chaos, r *rand.Rand, p *process) {
	c.partFor(t, p, c.other(p), upTo(r, 4*time.Second))
}

func partWorkersForLong(t *testing.T, c *chaos, _ *rand.Rand, p *process) {
	c.partFor(t, p, c.other(p), long)
}

func partCoordinator(t *testing.T, c *chaos, r *rand.Rand, p *process) {
	c.partFor(t, p, c.coordinators[r.IntN(2)], long)
}

func (c *chaos) partFor(t *testing.T, a, b *process, d time.Duration) {
	part(t, a.site, b.site)
	time.Sleep(d)
	join(t, a.site, b.site)
	time.Sleep(time.Second)
}

// other is another worker.
func (c *chaos) other(p *process) *process {
	if c.workers[0] == p {
		return c.workers[1]
	}
	return c.workers[0]
}

// spillingFaults are those of a cluster that reads from a bucket and spills early.
func spillingFaults() []fault {
	return []fault{
		{name: "errors of the bucket", mayEnd: bucketErrors, do: breakBucket(fails)},
		{name: "answers of the bucket cut short", mayEnd: bucketErrors, do: breakBucket(cutsShort)},
		{name: "a worker's disk is full", disk: true, mayEnd: diskErrors, do: fillDisk},
		{name: "kill a worker that spills", losesWorkers: true, do: kill},
		{name: "answers of the bucket that stall", mayEnd: bucketErrors, do: breakBucket(stalls)},
		{name: "cut a worker that spills off", networked: true, losesWorkers: true, do: cut},
		{name: "kill a worker while the bucket fails", losesWorkers: true, mayEnd: bucketErrors, do: func(t *testing.T, c *chaos, r *rand.Rand, p *process) {
			c.bucket.hurt(r, fails)
			p.kill()
			time.Sleep(time.Second)
			c.bucket.hurt(r, nil)
		}},
		{name: "a worker's disk is slow", slow: true, do: slowDisk},
		{name: "cut a worker that spills off for long", networked: true, losesWorkers: true, do: cutForLong},
	}
}

// tightFaults are those of a cluster that has little memory.
func tightFaults() []fault {
	return []fault{
		{name: "kill a worker short of memory", losesWorkers: true, do: kill},
		{name: "cut a worker short of memory off", networked: true, losesWorkers: true, do: cut},
		{name: "the full disk of a worker short of memory", disk: true, mayEnd: diskErrors, do: fillDisk},
		{name: "cut two workers short of memory off each other", networked: true, losesWorkers: true, do: partWorkers},
	}
}
