package catalog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// shared is a catalog over a log; tables are read from files of this machine.
func shared(t *testing.T, log object.Store) *Catalog {
	t.Helper()
	c := open(t)
	if err := c.Share(t.Context(), NewLog(log, "root/"), nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// names are all tables, in one line.
func names(c *Catalog) string {
	var out []string
	for _, t := range c.Tables() {
		out = append(out, t.Schema+"."+t.Name)
	}
	return strings.Join(out, " ")
}

func create(t *testing.T, c *Catalog, schema, name string) {
	t.Helper()
	if created, err := c.Create(t.Context(), Table{Schema: schema, Name: name, Location: fixtures + "truth.parquet"}, Fail); err != nil || !created {
		t.Fatalf("%s: %v, %v", name, created, err)
	}
}

func TestWhatOneCommitsTheOthersSee(t *testing.T) {
	log := object.NewMem()
	a, b := shared(t, log), shared(t, log)
	if _, err := a.CreateSchema(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	create(t, a, "s", "x")
	create(t, b, "", "y") // sees the others' commits first
	if got := names(b); got != "public.y s.x" {
		t.Errorf("b has %s", got)
	}
	if err := b.DropSchema(t.Context(), "s", true); err != nil {
		t.Fatal(err)
	}
	if err := b.Drop(t.Context(), Name{Name: "y"}, Name{Name: "none"}); err != nil {
		t.Fatal(err)
	}
	create(t, b, "", "z")
	if got := names(a); got != "s.x" {
		t.Errorf("a has %s before it looks", got)
	}
	if err := a.Refresh(t.Context()); err != nil || names(a) != "public.z" {
		t.Errorf("a has %s, %v", names(a), err)
	}
	mine, _ := b.Lookup("", "z")
	theirs, _ := a.Lookup("", "z")
	if theirs.Location != mine.Location || len(theirs.Fields) != len(mine.Fields) || theirs.Fields[1].Type.String() != mine.Fields[1].Type.String() {
		t.Errorf("a sees %+v, not %+v", theirs, mine)
	}
	if _, err := a.Create(t.Context(), *theirs, Fail); sqlerr.CodeOf(err) != sqlerr.DuplicateTable {
		t.Errorf("a name that another has taken: %v", err)
	}
}

func TestACommitIsHeardOf(t *testing.T) {
	c := open(t)
	var heard []int64
	if err := c.Share(t.Context(), NewLog(object.NewMem(), "root"), func(csn int64) { heard = append(heard, csn) }); err != nil {
		t.Fatal(err)
	}
	create(t, c, "", "x")
	if err := c.Drop(t.Context(), Name{Name: "none"}); err != nil { // nothing to commit
		t.Fatal(err)
	}
	create(t, c, "", "y")
	if fmt.Sprint(heard) != "[1 2]" {
		t.Errorf("heard of %v", heard)
	}
}

// TestCommittersThatRaceLoseNothing has several processes commit at once, over a store
// whose answers are lost now and then, also of puts that were done.
func TestCommittersThatRaceLoseNothing(t *testing.T) {
	mem := object.NewMem()
	const committers, each = 6, 40
	var wg sync.WaitGroup
	var commits atomic.Int64
	for i := range committers {
		c := shared(t, &forgetful{Store: mem, r: rand.New(rand.NewPCG(uint64(i), 3))})
		wg.Go(func() {
			for k := range each {
				create(t, c, "", fmt.Sprintf("t%d_%d", i, k))
				commits.Add(1)
				if k%3 == 0 {
					if err := c.Drop(t.Context(), Name{Name: fmt.Sprintf("t%d_%d", i, k)}); err != nil {
						t.Error(err)
					}
					commits.Add(1)
				}
			}
		})
	}
	wg.Wait()
	late := shared(t, mem) // begins with a checkpoint
	if want := committers * (each - (each+2)/3); len(late.Tables()) != want || late.csn != commits.Load() {
		t.Errorf("%d tables of %d after %d commits of %d", len(late.Tables()), want, late.csn, commits.Load())
	}
	found, err := mem.List(t.Context(), "root/checkpoint/")
	if err != nil || len(found) != int(commits.Load()/checkpointEvery) {
		t.Errorf("%d checkpoints, %v", len(found), err)
	}
}

// forgetful does what it is told to put, and says now and then that it had been there: as
// a store that tried again after its first answer was lost.
type forgetful struct {
	object.Store
	mu sync.Mutex
	r  *rand.Rand
}

func (f *forgetful) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	f.mu.Lock()
	forget := f.r.IntN(4) == 0
	f.mu.Unlock()
	if err := f.Store.PutIfAbsent(ctx, path, data); err != nil || !forget {
		return err
	}
	return object.ErrExists
}

func TestEntriesThatMakeNoSenseAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":             "{",
		"another version":     `{"version":2,"csn":1,"id":"x","time":"2026-01-01T00:00:00Z","changes":[]}`,
		"another number":      `{"version":1,"csn":7,"id":"x","time":"2026-01-01T00:00:00Z","changes":[]}`,
		"a field of nobody's": `{"version":1,"csn":1,"id":"x","time":"2026-01-01T00:00:00Z","changes":[],"more":1}`,
		"a kind of nobody's":  `{"version":1,"csn":1,"id":"x","time":"2026-01-01T00:00:00Z","changes":[{"kind":"paint table"}]}`,
		"no columns":          `{"version":1,"csn":1,"id":"x","time":"2026-01-01T00:00:00Z","changes":[{"kind":"create table","schema":"s","name":"t"}]}`,
	} {
		log := object.NewMem()
		if err := log.Put(t.Context(), "root/log/00000000000000000001.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
		err := open(t).Share(t.Context(), NewLog(log, "root"), nil)
		if sqlerr.CodeOf(err) != sqlerr.DataCorrupted || !strings.Contains(err.Error(), "00001.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAStoreThatFailsIsNamedAndTriedAgain(t *testing.T) {
	var broken atomic.Bool
	cause := sqlerr.New(sqlerr.IOError, "the disk is on fire")
	store := &object.Faulty{Store: object.NewMem(), Fault: func(context.Context, object.Op) error {
		if broken.Load() {
			return cause
		}
		return nil
	}}
	a, b := shared(t, store), shared(t, store.Store)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1000)
	var wg sync.WaitGroup
	wg.Go(func() { a.Follow(ctx, time.Millisecond, func(err error) { failed <- err }) })
	broken.Store(true)
	if err := <-failed; !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), "catalog: ") {
		t.Errorf("following: %v", err)
	}
	_, err := a.Create(t.Context(), Table{Name: "x", Location: fixtures + "truth.parquet"}, Fail)
	if !errors.Is(err, cause) {
		t.Errorf("a commit: %v", err)
	}
	create(t, b, "", "y")
	broken.Store(false)
	for deadline := time.Now().Add(time.Minute); names(a) != "public.y"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after a minute a has %q", names(a))
		}
	}
	cancel()
	wg.Wait()
}

func TestColumnsOfEveryTypeSurviveTheLog(t *testing.T) {
	c := open(t)
	for _, name := range []string{"departments", "employees", "truth"} {
		files, err := c.Files(t.Context(), fixtures+name+".parquet")
		if err != nil {
			t.Fatal(err)
		}
		b, err := encodeFields(files.Fields)
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeFields(b)
		if err != nil || fmt.Sprint(back) != fmt.Sprint(files.Fields) {
			t.Errorf("%v came back, not %v (%v)", back, files.Fields, err)
		}
	}
	if back, err := encodeFields([]parquet.Field(nil)); err != nil || len(back) == 0 {
		t.Errorf("no columns: %v", err)
	}
}
