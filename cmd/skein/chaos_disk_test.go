package main

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// diskErrors are what a query may end in that finds no room on a disk.
var diskErrors = []sqlerr.Code{sqlerr.DiskFull, sqlerr.OutOfMemory}

// disk is the folder that a process spills to.
func (c *chaos) disk(name string) string { return filepath.Join(c.dir, "disk-"+name) }

// filler is the file that takes the room on a full disk.
const filler = "filler"

// fillDisk leaves no room, or hardly any, on a worker's disk for a while. What queries
// had written before stays, and is freed with them.
func fillDisk(t *testing.T, _ *chaos, r *rand.Rand, p *process) {
	path := filepath.Join(p.disk, filler)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	defer f.Close()
	leave := r.Int64N(2 << 20)
	end := time.Now().Add(2*time.Second + upTo(r, 2*time.Second))
	block := make([]byte, 1<<20)
	for size := int64(0); time.Now().Before(end); {
		n, err := f.Write(block) // a part of it where not all has room
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			if err := f.Truncate(max(0, size-leave)); err != nil {
				t.Fatal(err)
			}
			leave = 0
			time.Sleep(20 * time.Millisecond)
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// leftovers are the files of queries that are on a disk.
func (p *process) leftovers() (out []string) {
	_ = filepath.WalkDir(p.disk, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) != ".lock" {
			out = append(out, path)
		}
		return nil // files may go meanwhile
	})
	return out
}

// watchDisks looks at what queries have on the disks until stop is called, which gives
// the most that was seen at a time, in bytes.
func (c *chaos) watchDisks() (stop func() int64) {
	end, most := make(chan struct{}), make(chan int64)
	go func() { // ends with stop
		seen := int64(0)
		for {
			select {
			case <-end:
				most <- seen
				return
			case <-time.After(10 * time.Millisecond):
			}
			now := int64(0)
			disks, _ := filepath.Glob(c.disk("*")) // the pattern is right
			for _, dir := range disks {
				for _, path := range (&process{disk: dir}).leftovers() {
					if info, err := os.Stat(path); err == nil && filepath.Base(path) != filler {
						now += info.Size()
					}
				}
			}
			seen = max(seen, now)
		}
	}()
	return func() int64 {
		close(end)
		return <-most
	}
}
