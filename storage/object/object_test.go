package object_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
)

// stores calls test with every kind of store that needs no server, and a prefix
// under which it is empty.
func stores(t *testing.T, test func(t *testing.T, s object.Store, prefix string)) {
	never := func(context.Context, object.Op) error { return nil }
	t.Run("local", func(t *testing.T) { test(t, &object.Local{}, t.TempDir()+"/") })
	t.Run("local unmapped", func(t *testing.T) { test(t, &object.Local{NoMap: true}, t.TempDir()+"/") })
	t.Run("mem", func(t *testing.T) { test(t, object.NewMem(), "") })
	t.Run("faulty", func(t *testing.T) { test(t, &object.Faulty{Store: object.NewMem(), Fault: never}, "m/") })
	t.Run("router", func(t *testing.T) {
		test(t, &object.Router{Default: &object.Local{}, Schemes: map[string]object.Store{"mem": object.NewMem()}}, "mem://x/")
	})
	t.Run("s3", func(t *testing.T) {
		s, prefix := s3Store(t)
		test(t, s, prefix)
	})
}

func put(t *testing.T, s object.Store, path, data string) {
	t.Helper()
	if err := s.Put(context.Background(), path, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

// read gives the whole object that info names.
func read(s object.Store, info object.Info) (string, error) {
	ctx := context.Background()
	r, err := s.Open(ctx, info)
	if err != nil {
		return "", err
	}
	defer r.Close()
	buf := make([]byte, info.SizeBytes)
	err = r.ReadAt(ctx, buf, 0)
	return string(buf), err
}

func TestObjectsAreReadAsTheyWereWritten(t *testing.T) { stores(t, objectsAreReadAsTheyWereWritten) }

func objectsAreReadAsTheyWereWritten(t *testing.T, s object.Store, prefix string) {
	ctx := context.Background()
	path := prefix + "a/b c.parquet"
	put(t, s, path, "first")
	put(t, s, path, "0123456789")
	info, err := s.Stat(ctx, path)
	if err != nil || info.SizeBytes != 10 || info.Path != path {
		t.Fatal(info, err)
	}
	r, err := s.Open(ctx, info)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	buf := make([]byte, 4)
	if err := r.ReadAt(ctx, buf, 3); err != nil || string(buf) != "3456" {
		t.Errorf("bytes 3 to 7 are %q, %v", buf, err)
	}
	if view := r.View(2, 3); view != nil && string(view) != "234" {
		t.Errorf("the view of bytes 2 to 5 is %q", view)
	}
	for _, at := range []int64{-1, 7, 1 << 62} {
		if err := r.ReadAt(ctx, buf, at); err == nil {
			t.Errorf("4 bytes from %d on could be read", at)
		}
		if r.View(at, 4) != nil {
			t.Errorf("there is a view of 4 bytes from %d on", at)
		}
	}
	if err := s.Delete(ctx, path); err != nil {
		t.Error(err)
	}
	if err := s.Delete(ctx, path); err != nil {
		t.Error("deleting twice:", err)
	}
	if _, err := s.Stat(ctx, path); sqlerr.CodeOf(err) != sqlerr.UndefinedFile || !strings.Contains(err.Error(), path) {
		t.Error("after delete:", err)
	}
}

func TestOldVersionIsNotRead(t *testing.T) { stores(t, oldVersionIsNotRead) }

func oldVersionIsNotRead(t *testing.T, s object.Store, prefix string) {
	put(t, s, prefix+"x", "one")
	old, err := s.Stat(context.Background(), prefix+"x")
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, prefix+"x", "two")
	if text, err := read(s, old); sqlerr.CodeOf(err) != sqlerr.FileChanged {
		t.Errorf("read %q, %v", text, err)
	}
	old.Path = prefix + "y"
	if _, err := read(s, old); err == nil {
		t.Error("an object that never was could be read")
	}
}

func TestOneOfManyWritersWins(t *testing.T) { stores(t, oneOfManyWritersWins) }

func oneOfManyWritersWins(t *testing.T, s object.Store, prefix string) {
	ctx := context.Background()
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { errs[i] = s.PutIfAbsent(ctx, prefix+"log/1", fmt.Appendf(nil, "writer %d", i)) })
	}
	wg.Wait()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner < 0:
			winner = i
		case !errors.Is(err, object.ErrExists):
			t.Errorf("writer %d beside %d: %v", i, winner, err)
		}
	}
	info, err := s.Stat(ctx, prefix+"log/1")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := read(s, info); err != nil || text != fmt.Sprintf("writer %d", winner) {
		t.Errorf("%q was written, %v; writer %d won", text, err, winner)
	}
	if found, _ := s.List(ctx, prefix+"log/"); len(found) != 1 {
		t.Error("left behind:", found)
	}
}

func TestListAndResolve(t *testing.T) { stores(t, listAndResolve) }

func listAndResolve(t *testing.T, s object.Store, prefix string) {
	ctx := context.Background()
	for _, p := range []string{"t/a.parquet", "t/b.parquet", "t/sub/c.parquet", "t/note.txt", "t/_SUCCESS", "t/.hid.parquet", "t/_tmp/d.parquet", "t2/x.parquet", "e/n.txt"} {
		put(t, s, prefix+p, p)
	}
	names := func(found []object.Info) string {
		var b bytes.Buffer
		for _, info := range found {
			fmt.Fprint(&b, strings.TrimPrefix(info.Path, prefix), " ")
		}
		return strings.TrimSpace(b.String())
	}
	found, err := s.List(ctx, prefix+"t")
	if want := "t/.hid.parquet t/_SUCCESS t/_tmp/d.parquet t/a.parquet t/b.parquet t/note.txt t/sub/c.parquet t2/x.parquet"; err != nil || names(found) != want {
		t.Errorf("List gives %s, %v", names(found), err)
	}
	for location, want := range map[string]string{
		"t/a.parquet":    "t/a.parquet",
		"t/note.txt":     "t/note.txt",
		"t":              "t/a.parquet t/b.parquet t/sub/c.parquet",
		"t/":             "t/a.parquet t/b.parquet t/sub/c.parquet",
		"t/*.parquet":    "t/a.parquet t/b.parquet",
		"t*/*.parquet":   "t/a.parquet t/b.parquet t2/x.parquet",
		"**/[ac].par*":   "t/a.parquet t/sub/c.parquet",
		"t/.*.parquet":   "t/.hid.parquet",
		"t/none.parquet": "",
		"none":           "",
		"t/*.orc":        "",
		"e":              "",
		"t/[":            "",
	} {
		found, err := object.Resolve(ctx, s, prefix+location)
		if names(found) != want {
			t.Errorf("%s resolves to %s, want %s (%v)", location, names(found), want, err)
		}
		code := sqlerr.CodeOf(err)
		if want == "" && code != sqlerr.UndefinedFile && code != sqlerr.InvalidParameterValue || want == "" && !strings.Contains(err.Error(), location) {
			t.Errorf("%s: %v", location, err)
		}
	}
}

func TestRelativeLocations(t *testing.T) {
	t.Chdir(t.TempDir())
	s := object.NewRouter(nil)
	put(t, s, "dir/a.parquet", "a")
	for _, location := range []string{"dir", "./dir", "dir/", "*/a.parquet", "./dir/*.parquet", "dir/a.parquet", "../" + filepath.Base(wd(t)) + "/dir"} {
		if found, err := object.Resolve(context.Background(), s, location); len(found) != 1 {
			t.Errorf("%s: %v, %v", location, found, err)
		}
	}
}

func TestLocationsWithoutStoreOrBucket(t *testing.T) {
	for location, want := range map[string]sqlerr.Code{
		"gs://bucket/x": sqlerr.FeatureNotSupported, "gs://bucket/*.parquet": sqlerr.FeatureNotSupported,
		"s3://": sqlerr.InvalidParameterValue, "s3:///": sqlerr.InvalidParameterValue, "s3:///x": sqlerr.InvalidParameterValue,
	} {
		_, err := object.Resolve(t.Context(), object.NewRouter(nil), location)
		if scheme, _, _ := strings.Cut(location, "//"); sqlerr.CodeOf(err) != want || !strings.Contains(err.Error(), scheme) {
			t.Errorf("%s: %v", location, err)
		}
	}
}

func wd(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestMappingOfFileCutOffFaultsIntoAnError(t *testing.T) {
	s := &object.Local{}
	path := t.TempDir() + "/x"
	put(t, s, path, strings.Repeat("x", 100_000))
	info, _ := s.Stat(context.Background(), path)
	r, err := s.Open(context.Background(), info)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	view := r.View(50_000, 50_000)
	if view == nil {
		t.Skip("files are not mapped here")
	}
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	sum := 0
	err = object.Guard(path, func() error {
		for _, b := range view {
			sum += int(b)
		}
		return nil
	})
	if sqlerr.CodeOf(err) != sqlerr.FileChanged {
		t.Errorf("read %d, %v", sum, err)
	}
	if err := r.Check(); sqlerr.CodeOf(err) != sqlerr.FileChanged {
		t.Error("Check:", err)
	}
}

func TestFaultsComeThrough(t *testing.T) {
	ctx := context.Background()
	broken := errors.New("broken")
	var fail object.OpKind
	s := &object.Faulty{Store: object.NewMem(), Fault: func(_ context.Context, op object.Op) error {
		if op.Kind == fail {
			return broken
		}
		return nil
	}}
	put(t, s, "x", "abc")
	info, _ := s.Stat(ctx, "x")
	for _, fail = range []object.OpKind{object.OpOpen, object.OpRead} {
		if _, err := read(s, info); !errors.Is(err, broken) {
			t.Errorf("%s: %v", fail, err)
		}
	}
	slow := &object.Faulty{Store: s, Fault: object.Latency(time.Hour)}
	ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if _, err := slow.Stat(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
