package object_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/object/objecttest"
)

// minioStore is a store over a server or a proxy before it; without a region it
// asks for that of the bucket.
func minioStore(t *testing.T, endpoint, region string) *object.S3 {
	s := object.NewS3(object.S3Options{Endpoint: endpoint, AccessKey: objecttest.AccessKey, SecretKey: objecttest.SecretKey,
		Region: region, Retry: object.Retry{FirstWait: time.Millisecond, StallTimeout: 500 * time.Millisecond}})
	t.Cleanup(s.Close)
	return s
}

// TestMinIOIsAStore runs what every store is held to, and what only a server of
// its own right can get wrong, against a real one.
func TestMinIOIsAStore(t *testing.T) {
	server := objecttest.Start(t, "bucket", "other-bucket")
	s := minioStore(t, server.Endpoint, "")
	suite := map[string]func(*testing.T, object.Store, string){
		"objects":  objectsAreReadAsTheyWereWritten,
		"versions": oldVersionIsNotRead,
		"writers":  oneOfManyWritersWins,
		"list":     listAndResolve,
	}
	for name, test := range suite {
		t.Run(name, func(t *testing.T) { test(t, s, "s3://bucket/"+name+"/") })
		t.Run(name+" at the root of a bucket", func(t *testing.T) {
			if name == "list" {
				test(t, s, "s3://other-bucket/")
			}
		})
	}
	t.Run("large objects", func(t *testing.T) { largeObjects(t, s) })
	t.Run("thousands of objects", func(t *testing.T) { thousandsOfObjects(t, s) })
	t.Run("strange names", func(t *testing.T) { strangeNames(t, s) })
}

// largeObjects are put in parts; the condition of PutIfAbsent holds for them too.
func largeObjects(t *testing.T, s object.Store) {
	ctx := t.Context()
	data := bytes.Repeat([]byte("0123456789abcdef"), 40<<20/16)
	path := "s3://bucket/large"
	if err := s.Put(ctx, path, data); err != nil {
		t.Fatal(err)
	}
	if err := s.PutIfAbsent(ctx, path, data[:20<<20]); !errors.Is(err, object.ErrExists) {
		t.Error("a large object was put where one is:", err)
	}
	info, err := s.Stat(ctx, path)
	if err != nil || info.SizeBytes != int64(len(data)) {
		t.Fatal(info, err)
	}
	if text, err := read(s, info); err != nil || text != string(data) {
		t.Errorf("%d of %d bytes, %v", len(text), len(data), err)
	}
	if err := s.PutIfAbsent(ctx, path+"2", data[:20<<20]); err != nil {
		t.Error(err)
	}
}

func thousandsOfObjects(t *testing.T, s object.Store) {
	ctx := t.Context()
	const n = 2100 // three pages
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				if err := s.Put(ctx, fmt.Sprintf("s3://bucket/many/%04d.parquet", i), []byte("x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	found, err := object.Resolve(ctx, s, "s3://bucket/many")
	if err != nil || len(found) != n {
		t.Fatalf("%d of %d objects, %v", len(found), n, err)
	}
	for i, info := range found {
		if want := fmt.Sprintf("s3://bucket/many/%04d.parquet", i); info.Path != want || info.ETag == "" || info.SizeBytes != 1 {
			t.Fatalf("object %d is %+v", i, info)
		}
	}
	if found, err := object.Resolve(ctx, s, "s3://bucket/many/1??[05].parquet"); err != nil || len(found) != 200 {
		t.Errorf("a glob finds %d, %v", len(found), err)
	}
}

func strangeNames(t *testing.T, s object.Store) {
	ctx := t.Context()
	for _, name := range []string{"a b", "ü", "100%", "a+b=c&d", "%20", "x:y", "(1)", "'q'", "year=2024"} {
		path := "s3://bucket/strange/" + name + "/x.parquet"
		put(t, s, path, name)
		found, err := object.Resolve(ctx, s, "s3://bucket/strange/"+name)
		if err != nil || len(found) != 1 || found[0].Path != path {
			t.Errorf("%s: %v, %v", path, found, err)
			continue
		}
		if text, err := read(s, found[0]); err != nil || text != name {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
}

// TestMinIOErrorsNameTheThing is a table of what can be wrong, and how it is told.
func TestMinIOErrorsNameTheThing(t *testing.T) {
	server := objecttest.Start(t, "bucket")
	good := minioStore(t, server.Endpoint, objecttest.Region)
	put(t, good, "s3://bucket/x.parquet", "x")
	with := func(o object.S3Options) object.Store {
		s := object.NewS3(o)
		t.Cleanup(s.Close)
		return s
	}
	for name, c := range map[string]struct {
		store    object.Store
		location string
		code     sqlerr.Code
		says     []string
	}{
		"missing key":    {good, "s3://bucket/none.parquet", sqlerr.UndefinedFile, []string{"s3://bucket/none.parquet", "does not exist"}},
		"missing folder": {good, "s3://bucket/none/", sqlerr.UndefinedFile, []string{"s3://bucket/none/", "does not exist"}},
		"missing glob":   {good, "s3://bucket/none/*.parquet", sqlerr.UndefinedFile, []string{"no file matches", "none/*.parquet"}},
		"missing bucket": {good, "s3://no-such-bucket/x.parquet", sqlerr.UndefinedFile, []string{"no bucket", "no-such-bucket", server.Endpoint}},
		"wrong key": {with(object.S3Options{Endpoint: server.Endpoint, AccessKey: "nobody", SecretKey: "nothing"}),
			"s3://bucket/x.parquet", sqlerr.InsufficientPrivilege, []string{"s3://bucket/x.parquet", server.Endpoint, "Access Key"}},
		"wrong secret": {with(object.S3Options{Endpoint: server.Endpoint, AccessKey: objecttest.AccessKey, SecretKey: "nothing"}),
			"s3://bucket/x.parquet", sqlerr.InsufficientPrivilege, []string{"s3://bucket/x.parquet", "signature"}},
		"wrong region": {with(object.S3Options{Endpoint: server.Endpoint, AccessKey: objecttest.AccessKey, SecretKey: objecttest.SecretKey, Region: "us-east-1"}),
			"s3://bucket/x.parquet", sqlerr.IOError, []string{"s3://bucket/x.parquet", "region", objecttest.Region}},
		"not https": {with(object.S3Options{Endpoint: strings.Replace(server.Endpoint, "http", "https", 1), AccessKey: "a", SecretKey: "b"}),
			"s3://bucket/x.parquet", sqlerr.IOError, []string{"s3://bucket/x.parquet", "HTTPS"}},
		"nobody listens": {with(object.S3Options{Endpoint: "http://127.0.0.1:1", AccessKey: "a", SecretKey: "b"}),
			"s3://bucket/x.parquet", sqlerr.IOError, []string{"s3://bucket/x.parquet", "http://127.0.0.1:1 does not answer"}},
		"not a URL": {with(object.S3Options{Endpoint: "localhost:9000", AccessKey: "a", SecretKey: "b"}),
			"s3://bucket/x.parquet", sqlerr.InvalidParameterValue, []string{"localhost:9000", "not a URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			_, err := object.Resolve(t.Context(), c.store, c.location)
			if sqlerr.CodeOf(err) != c.code {
				t.Errorf("%s: %v", sqlerr.CodeOf(err), err)
			}
			for _, text := range c.says {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%v does not say %q", err, text)
				}
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestMinIOAnswersAfterFaults(t *testing.T) {
	answersAfterFaults(t, objecttest.Start(t, "bucket").Endpoint)
}

func TestS3AnswersAfterFaults(t *testing.T) {
	server := httptest.NewServer(objecttest.NewBucket())
	defer server.Close()
	answersAfterFaults(t, server.URL)
}

// answersAfterFaults breaks requests between store and server.
func answersAfterFaults(t *testing.T, endpoint string) {
	proxy := objecttest.StartProxy(t, endpoint)
	s := minioStore(t, proxy.URL, objecttest.Region)
	ctx := t.Context()
	data := strings.Repeat("0123456789", 1<<20)
	put(t, s, "s3://bucket/x", data)
	info, err := s.Stat(ctx, "s3://bucket/x")
	if err != nil {
		t.Fatal(err)
	}
	for name, fault := range faults() {
		t.Run(name, func(t *testing.T) {
			proxy.Break(first(2, fault))
			if text, err := read(s, info); err != nil || text != data {
				t.Errorf("%d of %d bytes, %v", len(text), len(data), err)
			}
			proxy.Break(first(2, fault))
			if found, err := s.List(ctx, "s3://bucket/"); err != nil || len(found) == 0 {
				t.Error(found, err)
			}
			proxy.Break(first(2, fault))
			if err := s.PutIfAbsent(ctx, "s3://bucket/once/"+name, []byte(name)); err != nil {
				t.Error(err)
			}
			proxy.Break(first(1000, fault))
			proxy.Reset()
			if _, err := read(s, info); sqlerr.CodeOf(err) != sqlerr.IOError || !strings.Contains(err.Error(), "s3://bucket/x") {
				t.Error("it never works, but:", err)
			}
			// net/http itself tries once more when a connection that was used before is lost.
			if n := proxy.Reset().Kinds["GET"]; n < 5 || n > 6 {
				t.Errorf("%d attempts", n)
			}
			proxy.Break(nil)
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		proxy.Break(first(1000, faults()["stalls"]))
		defer proxy.Break(nil)
		r, err := s.Open(ctx, info)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.ReadAt(ctx, make([]byte, 10), 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func faults() map[string]objecttest.Fault {
	return map[string]objecttest.Fault{
		"503": func(w http.ResponseWriter, _ *http.Request) bool {
			objecttest.Fail(w, http.StatusServiceUnavailable, "SlowDown")
			return true
		},
		"500": func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		},
		"connection lost": func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
		"connection lost half way": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Range") == "" {
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Content-Length", "10485760")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write([]byte("0123456789"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"stalls": func(_ http.ResponseWriter, r *http.Request) bool {
			select {
			case <-r.Context().Done():
			case <-time.After(3 * time.Second):
			}
			panic(http.ErrAbortHandler)
		},
	}
}

// first applies a fault to as many requests.
func first(n int64, fault objecttest.Fault) objecttest.Fault {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		return seen.Add(1) <= n && fault(w, r)
	}
}

// TestMinIOTellsTheWriterItWon loses the answer to a write that took place: the
// second attempt finds the object of the first.
func TestMinIOTellsTheWriterItWon(t *testing.T) {
	server := objecttest.Start(t, "bucket")
	proxy := objecttest.StartProxy(t, server.Endpoint)
	s, direct := minioStore(t, proxy.URL, objecttest.Region), minioStore(t, server.Endpoint, objecttest.Region)
	for name, c := range map[string]struct {
		there string
		want  error
	}{"ours": {"mine", nil}, "another's": {"other", object.ErrExists}} {
		t.Run(name, func(t *testing.T) {
			path := "s3://bucket/log/" + name
			var lost atomic.Bool
			proxy.Break(func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodPut && lost.CompareAndSwap(false, true) {
					put(t, direct, path, c.there)
					panic(http.ErrAbortHandler)
				}
				return false
			})
			if err := s.PutIfAbsent(t.Context(), path, []byte("mine")); !errors.Is(err, c.want) {
				t.Error(err)
			}
		})
	}
}
