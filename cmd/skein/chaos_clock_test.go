package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// clockVariable names the file that says by how many seconds the clock of a process
// goes wrong.
const clockVariable = "SKEIN_TEST_CLOCK"

// wrongClock is added to skein's own files where its clock may be wrong. The file is
// read before anything else asks what time it is.
const wrongClock = `package main

import (
	"os"
	"strconv"
	"time"
)

func init() {
	path := os.Getenv("` + clockVariable + `")
	read := func() {
		text, _ := os.ReadFile(path)
		seconds, _ := strconv.ParseInt(string(text), 10, 64)
		time.Wrong.Store(seconds)
	}
	read()
	go func() {
		for ; ; time.Sleep(10 * time.Millisecond) {
			read()
		}
	}()
}
`

// buildWithWrongClock builds a skein whose wall clock can be set, while the time that
// passes is measured rightly: as on a machine whose clock is set. Go asks the kernel
// for the time without the C library, so nothing that libraries can be told helps;
// the package time is compiled with one line more.
func buildWithWrongClock(t *testing.T) string {
	dir := t.TempDir()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("clocks cannot be set: that needs Go's compiler: %v", err)
	}
	own := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	source, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	const now = "\tsec, nsec, mono := runtimeNow()\n"
	if strings.Count(string(source), now) != 1 || !strings.Contains(string(source), "import (\n") {
		t.Fatalf("%s is not as it was in Go 1.26: Now has to be given its wrong clock in another way", own)
	}
	text := strings.Replace(string(source), "import (\n", "import (\n\t\"sync/atomic\"\n", 1)
	text = strings.Replace(text, now, now+"\tsec += Wrong.Load()\n", 1) + "\nvar Wrong atomic.Int64\n"
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{
		own: write("time.go", text), filepath.Join(here, "wrong_clock.go"): write("wrong_clock.go", wrongClock)}})
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "skein")
	cmd := exec.Command("go", "build", "-overlay", write("overlay.json", string(replace)), "-o", program, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // C would be compiled once more
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return program
}

// clock is the file of a process's clock.
func (c *chaos) clock(name string) string { return filepath.Join(c.dir, name+".clock") }

// setClock sets the clock of a process off by d.
func (c *chaos) setClock(t *testing.T, name string, d time.Duration) {
	next := c.clock(name) + ".next"
	err := os.WriteFile(next, []byte(strconv.FormatInt(int64(d/time.Second), 10)), 0o600)
	if err == nil {
		err = os.Rename(next, c.clock(name)) // never half of it
	}
	if err != nil {
		t.Fatal(err)
	}
}

// jump is a time that a clock is set by: seconds to years, forward or back.
func jump(r *rand.Rand) time.Duration {
	most := []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 3 * 365 * 24 * time.Hour}[r.IntN(4)]
	d := most/10 + upTo(r, most)
	if r.IntN(2) == 0 {
		return -d
	}
	return d
}

// clockFaults are those of a cluster whose processes have clocks of their own.
func clockFaults() []fault {
	jumps := func(t *testing.T, c *chaos, r *rand.Rand, p *process) {
		for range 5 {
			c.setClock(t, p.name, jump(r))
			time.Sleep(upTo(r, time.Second))
		}
	}
	return []fault{
		{name: "a worker's clock jumps", do: jumps},
		{name: "a coordinator's clock jumps", coordinator: true, do: jumps},
		{name: "all clocks jump", do: func(t *testing.T, c *chaos, r *rand.Rand, _ *process) {
			for range 5 {
				for _, p := range append(c.coordinators[:2:2], c.workers...) {
					c.setClock(t, p.name, jump(r))
				}
				time.Sleep(upTo(r, time.Second))
			}
		}},
		{name: "a coordinator comes back in the past", coordinator: true, do: func(t *testing.T, c *chaos, r *rand.Rand, p *process) {
			c.setClock(t, p.name, -time.Hour-upTo(r, 24*time.Hour))
			p.kill()
		}},
		{name: "a worker's clock jumps before it is cut off", networked: true, losesWorkers: true, do: func(t *testing.T, c *chaos, r *rand.Rand, p *process) {
			c.setClock(t, p.name, jump(r))
			cut(t, c, r, p)
		}},
	}
}
