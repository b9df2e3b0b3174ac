package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress shows one changing line on a terminal, and now and then a line
// elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	last     time.Time
	dirty    bool
}

func newProgress(out io.Writer) *progress {
	p := &progress{out: out}
	if f, ok := out.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			p.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	return p
}

// show replaces the line; unless important is set, not more often than a reader
// can follow.
func (p *progress) show(line string, important bool) {
	every := 100 * time.Millisecond
	if !p.terminal {
		every = 5 * time.Second
	}
	if time.Since(p.last) < every && !(important && p.terminal) {
		return
	}
	p.last = time.Now()
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
		p.dirty = true
		return
	}
	fmt.Fprintln(p.out, line)
}

// end clears the line.
func (p *progress) end() {
	if p.dirty {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.dirty = false
	}
}
