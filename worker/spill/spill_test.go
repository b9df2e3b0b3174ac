package spill

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("SPILL_TEST_FOLDER"); dir != "" { // a process that dies in the middle
		s, err := Open(dir)
		if err != nil {
			panic(err)
		}
		if _, _, err := s.Query(memory.NewPool(), nil).Create().Append(numbers(0, 10)); err != nil {
			panic(err)
		}
		os.Exit(3)
	}
	goleak.VerifyTestMain(m)
}

// numbers is a batch of n numbers from first on, and of texts that compress or do not.
func numbers(first, n int) *vector.Batch {
	values := make([]int64, n)
	var text vector.StringBuilder
	for i := range values {
		values[i] = int64(first + i)
		text.AppendString(strings.Repeat("long and repeated ", i%5))
	}
	return vector.New([]vector.Column{vector.Flat(vector.Int64, values, nil), text.Column(nil)}, n)
}

func start(t *testing.T) (*Store, *Query, *memory.Ledger) {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ledger := memory.NewLedger(0)
	q := s.Query(memory.NewPoisonPool(), ledger.NewAccount("test"))
	t.Cleanup(func() {
		q.Close()
		if left := entries(t, s.folder); left > 0 || s.UsedBytes() != 0 {
			t.Errorf("%d files, %d bytes are left of a closed query", left, s.UsedBytes())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left := entries(t, filepath.Dir(s.folder)); left > 0 {
			t.Errorf("%d things are left of a closed store", left)
		}
		if ledger.UsedBytes() != 0 {
			t.Errorf("%d bytes are left in the ledger", ledger.UsedBytes())
		}
	})
	return s, q, ledger
}

func entries(t *testing.T, dir string) int {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestBatchesComeBackInOrderAsOftenAsTheyAreRead(t *testing.T) {
	s, q, ledger := start(t)
	f := q.Create()
	for i := range 20 {
		b := numbers(i*1000, 1000)
		b.Sel = vector.Selection{0, 5, 999}
		if _, _, err := f.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if f.Bytes() == 0 || s.UsedBytes() != f.Bytes() || entries(t, s.folder) != 1 {
		t.Errorf("%d bytes of %d are counted, in %d files", f.Bytes(), s.UsedBytes(), entries(t, s.folder))
	}
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for i := range f.Batches() {
				b, err := f.Read(i)
				if err != nil {
					t.Error(err)
					return
				}
				if got := fmt.Sprint(b.Cols[0].Int64s()); got != fmt.Sprint([]int{i * 1000, i*1000 + 5, i*1000 + 999}) {
					t.Errorf("batch %d has %s", i, got)
				}
				if got := b.Cols[1].StringAt(2); got != strings.Repeat("long and repeated ", 4) {
					t.Errorf("batch %d has %q", i, got)
				}
				b.Release()
			}
		})
	}
	readers.Wait()
	f.Free()
	f.Free()
	if s.UsedBytes() != 0 || entries(t, s.folder) != 0 {
		t.Error("a freed file is there")
	}
	if _, err := f.Read(0); sqlerr.CodeOf(err) != sqlerr.IOError {
		t.Errorf("a freed file is read: %v", err)
	}
	if ledger.PeakBytes() == 0 {
		t.Error("what is read is not charged")
	}
}

func TestDamagedBlocksAreCorrupt(t *testing.T) {
	s, q, _ := start(t)
	f := q.Create()
	if _, _, err := f.Append(numbers(0, 500)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.folder, "1")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damages := map[string][]byte{"cut off": whole[:len(whole)-1], "empty": {}}
	for at := 0; at < len(whole); at += 1 + len(whole)/97 {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x10
		damages[fmt.Sprint("bit at ", at)] = damaged
	}
	for name, damaged := range damages {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Read(0); sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestFailuresHaveCodes(t *testing.T) {
	s, q, _ := start(t)
	f := q.Create().(*File)
	if full, err := os.OpenFile("/dev/full", os.O_RDWR, 0); err == nil {
		f.file = full
		if _, _, err := f.Append(numbers(0, 10)); sqlerr.CodeOf(err) != sqlerr.DiskFull {
			t.Errorf("a full disk is %v", err)
		}
		f.mu.Lock()
		f.file, f.blocks = nil, nil
		f.mu.Unlock()
		_ = full.Close()
		s.used.Add(-f.size)
		f.size = 0
	}
	if err := os.RemoveAll(s.folder); err != nil {
		t.Fatal(err)
	}
	if _, _, err := q.Create().Append(numbers(0, 10)); sqlerr.CodeOf(err) != sqlerr.IOError {
		t.Errorf("a folder that is gone is %v", err)
	}
	if err := os.Mkdir(s.folder, 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestLeftoversOfDeadProcessesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SPILL_TEST_FOLDER="+dir)
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 3 {
		t.Fatalf("%v: %s", err, out)
	}
	if entries(t, dir) != 2 {
		t.Fatalf("%d things are left of a process that died", entries(t, dir))
	}
	first, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	f := first.Query(memory.NewPool(), nil).Create()
	if _, _, err := f.Append(numbers(0, 10)); err != nil {
		t.Fatal(err)
	}
	second, err := Open(dir) // sees that the first lives
	if err != nil {
		t.Fatal(err)
	}
	if entries(t, dir) != 4 {
		t.Errorf("%d things are there of two processes", entries(t, dir))
	}
	if _, err := f.Read(0); err != nil {
		t.Errorf("the second removed what the first has: %v", err)
	}
	for _, s := range []*Store{first, second} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if entries(t, dir) != 0 {
		t.Errorf("%d things are left", entries(t, dir))
	}
}
