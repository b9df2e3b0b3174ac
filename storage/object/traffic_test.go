package object_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/object/objecttest"
)

// TestRequestsAreCountedForTheStoreAndForTheirContext compares the counts with what a
// proxy has seen.
func TestRequestsAreCountedForTheStoreAndForTheirContext(t *testing.T) {
	proxy := objecttest.StartProxy(t, objecttest.StartBucket(t))
	var all, own object.Traffic
	s := object.NewS3(object.S3Options{Endpoint: proxy.URL, Region: "r", AccessKey: "key", SecretKey: "secret",
		Retry: object.Retry{FirstWait: time.Millisecond}, Traffic: &all})
	t.Cleanup(s.Close)
	if err := s.Put(t.Context(), "s3://bucket/x", make([]byte, 5000)); err != nil {
		t.Fatal(err)
	}
	info, err := s.Stat(t.Context(), "s3://bucket/x")
	if err != nil {
		t.Fatal(err)
	}
	before := all.Requests.Load()
	if n := proxy.Reset().Kinds; n["PUT"] != 1 || n["HEAD"] != 1 || before != 2 {
		t.Fatalf("%d requests were counted of %v", before, n)
	}
	r, err := s.Open(t.Context(), info)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var refused atomic.Bool
	proxy.Break(func(w http.ResponseWriter, _ *http.Request) bool {
		if !refused.CompareAndSwap(false, true) {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	ctx := object.Counted(t.Context(), &own)
	for off := range int64(3) {
		if err := r.ReadAt(ctx, make([]byte, 1000), off); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Stat(ctx, "s3://bucket/nothing"); err == nil {
		t.Error("an object that is not there is described")
	}
	seen := proxy.Reset()
	got := [4]int64{own.Requests.Load(), own.Bytes.Load(), own.Retries.Load(), own.Errors.Load()}
	if want := [4]int64{5, 3000, 1, 1}; got != want || int64(len(seen.Requests)) != got[0] {
		t.Errorf("requests, bytes, retries, errors are %v, not %v; the proxy saw %v", got, want, seen.Requests)
	}
	if n := all.Requests.Load() - before; n != got[0] {
		t.Errorf("the store has counted %d requests", n)
	}
}

// TestWhatNobodyWaitsForIsNoError: a query that ends gives up what it reads ahead.
func TestWhatNobodyWaitsForIsNoError(t *testing.T) {
	proxy := objecttest.StartProxy(t, objecttest.StartBucket(t))
	var all object.Traffic
	s := object.NewS3(object.S3Options{Endpoint: proxy.URL, Region: "r", AccessKey: "key", SecretKey: "secret", Traffic: &all,
		Retry: object.Retry{Attempts: 1, StallTimeout: 50 * time.Millisecond}})
	t.Cleanup(s.Close)
	arrived, ended := make(chan struct{}, 2), make(chan struct{})
	defer close(ended)
	proxy.Break(func(http.ResponseWriter, *http.Request) bool {
		arrived <- struct{}{}
		<-ended
		return true
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // ends with the request
		<-arrived
		cancel()
	}()
	if _, err := s.Stat(ctx, "s3://bucket/x"); err == nil || all.Errors.Load() != 0 {
		t.Errorf("cancelled: %v, %d errors", err, all.Errors.Load())
	}
	if _, err := s.Stat(t.Context(), "s3://bucket/x"); err == nil || all.Errors.Load() != 1 {
		t.Errorf("stalled: %v, %d errors", err, all.Errors.Load())
	}
}
