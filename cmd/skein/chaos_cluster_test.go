package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/client"
)

// asSkein is set in processes that the tests start: the test binary is then skein.
const asSkein = "SKEIN_TEST_AS_SKEIN"

func TestMain(m *testing.M) {
	if os.Getenv(asSkein) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// process is a skein that was started.
type process struct {
	name    string
	program string // empty: this one
	args    []string
	site    site
	cmd     *exec.Cmd
	addr    string
	ended   chan struct{}
	dying   atomic.Bool // it is about to be killed
	log     string      // file of what it wrote to its error output
	disk    string      // folder it spills to
}

// chaos is a cluster and what it is asked.
type chaos struct {
	setup        setup
	dir          string
	tables       string // where they are, for the cluster
	program      string // empty: this one
	env          []string
	network      *network // nil: all are on loopback
	why          string   // there is none
	noSlowDisk   string   // why disks cannot be made slow; empty: they can
	bucket       *brittle
	coordinators []*process
	workers      []*process
	gossip       string // of the first coordinator
	numbered     int
	statements   []*statement

	play
	mu     sync.Mutex
	report report
}

func newChaos(t *testing.T, m *material, s setup, network *network, why string) *chaos {
	c := &chaos{setup: s, dir: t.TempDir(), network: network, why: why, tables: m.tables}
	for _, s := range m.statements {
		own := *s // times are those of a setup
		c.statements = append(c.statements, &own)
	}
	key := filepath.Join(c.dir, "key")
	if err := os.WriteFile(key, []byte(rand.Text()+rand.Text()), 0o600); err != nil {
		t.Fatal(err)
	}
	c.setup.flags = append(c.setup.flags, "--cluster-key", key)
	t.Cleanup(func() {
		for _, p := range slices.Concat(c.coordinators, c.workers) {
			c.end(t, p)
		}
	})
	if s.bucket {
		c.fillBucket(t)
	}
	if s.clocks {
		c.program = buildWithWrongClock(t)
	}
	c.begin(t)
	return c
}

// begin starts the cluster.
func (c *chaos) begin(t *testing.T) {
	for _, name := range []string{"c1", "c2"} {
		at := c.network.add(t)
		gossip := net.JoinHostPort(at.host, "7946")
		if at.loopback {
			gossip = freeAddress(t)
		}
		args := []string{"--role", "coordinator", "--memory", "1GiB", "--tables", c.tables, "--distribution", "always", "--gossip", gossip}
		if name == "c1" {
			c.gossip = gossip
		} else {
			args = append(args, "--join", c.gossip)
		}
		c.coordinators = append(c.coordinators, c.start(t, at, name, append(args, c.common(t, at, name)...)...))
	}
	c.heal(t)
}

// common are the flags of every process of the cluster.
func (c *chaos) common(t *testing.T, at site, name string) []string {
	return slices.Concat([]string{"--listen", at.host + ":0", "--insecure", "--threads", "1", "--log-level", "info", "--name", name,
		"--spill", c.mountDisk(t, name)}, c.setup.flags)
}

// freeAddress is one that nobody listens on just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts a process and waits until it is ready.
func (c *chaos) start(t *testing.T, at site, name string, args ...string) *process {
	t.Helper()
	p := &process{name: name, program: c.program, args: args, site: at, log: filepath.Join(c.dir, name+".log"), disk: c.disk(name)}
	return start(t, p, append(c.env, clockVariable+"="+c.clock(name)))
}

func start(t *testing.T, p *process, env []string) *process {
	t.Helper()
	p.ended = make(chan struct{})
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd = p.site.in(cmp.Or(p.program, os.Args[0]), append([]string{"serve"}, p.args...)...)
	p.cmd.Env, p.cmd.Stderr = slices.Concat(os.Environ(), env, []string{asSkein + "=1"}), log
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() { // ends with the process
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if addr, ok := strings.CutPrefix(lines.Text(), "skein ready "); ok {
				ready <- addr
			}
		}
		_ = p.cmd.Wait() // its end is what is wanted, however it comes
		close(p.ended)
	}()
	select {
	case p.addr = <-ready:
	case <-p.ended:
		t.Fatalf("%s has ended: %s", p.name, p.lastWords())
	case <-time.After(60 * time.Second):
		p.kill()
		t.Fatalf("%s is not ready within 60 s: %s", p.name, p.lastWords())
	}
	return p
}

// lastWords is the end of what a process has logged.
func (p *process) lastWords() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) } // it may have ended

func (p *process) kill() {
	p.dying.Store(true)
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// alive reports whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

const workersWanted = 3

// heal replaces the workers that have ended, and waits until both coordinators know
// who is there and have nothing running.
func (c *chaos) heal(t *testing.T) {
	t.Helper()
	for i, p := range c.coordinators {
		if !p.alive() {
			c.mustHaveBeenKilled(t, p)
			c.coordinators[i] = c.start(t, p.site, p.name, p.args...)
		}
	}
	c.workers = slices.DeleteFunc(c.workers, func(p *process) bool {
		if p.alive() {
			return false
		}
		c.mustHaveBeenKilled(t, p)
		c.end(t, p)
		return true
	})
	for len(c.workers) < workersWanted {
		c.numbered++
		at, name := c.network.add(t), fmt.Sprint("w", c.numbered)
		c.workers = append(c.workers, c.start(t, at, name, append([]string{"--gossip", at.host + ":0", "--join", c.gossip, "--role", "worker", "--memory", c.setup.memory},
			c.common(t, at, name)...)...))
	}
	want := []string{}
	for _, p := range slices.Concat(c.coordinators, c.workers) {
		want = append(want, fmt.Sprintf("%s|%d|ready|0|0", p.name, p.cmd.Process.Pid))
	}
	slices.Sort(want)
	for _, p := range c.coordinators {
		deadline := time.Now().Add(90 * time.Second)
		for {
			got, err := c.members(t.Context(), p)
			if err == nil && slices.Equal(got, want) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s knows %v, not %v (%v): %s", p.name, got, want, err, p.lastWords())
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	c.mustHaveFreed(t)
}

// mustHaveFreed waits until nothing of the queries is left on the disks.
func (c *chaos) mustHaveFreed(t *testing.T) {
	deadline := time.Now().Add(30 * time.Second)
	for _, p := range slices.Concat(c.coordinators, c.workers) {
		for left := p.leftovers(); len(left) > 0; left = p.leftovers() {
			if time.Now().After(deadline) {
				t.Fatalf("%s has left %v: %s", p.name, left, p.lastWords())
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// mustHaveBeenKilled looks at a process that has ended.
func (c *chaos) mustHaveBeenKilled(t *testing.T, p *process) {
	if !p.dying.Load() {
		t.Errorf("%s has ended by itself: %s", p.name, p.lastWords())
	}
}

// end ends a process for good.
func (c *chaos) end(t *testing.T, p *process) {
	p.kill()
	c.unmountDisk(t, p.disk)
}

func (c *chaos) members(ctx context.Context, p *process) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := client.Open(ctx, p.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	rows, err := fetch(ctx, conn, "select name, pid, state, runs, tasks from information_schema.skein_members")
	return multiset(rows), err
}
