package main

import (
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object/objecttest"
)

// bucketErrors are what a query may end in when the bucket goes on failing.
var bucketErrors = []sqlerr.Code{sqlerr.IOError}

// brittle is a bucket that breaks some of its answers while it is hurt.
type brittle struct {
	*objecttest.Bucket

	mu    sync.Mutex
	r     *rand.Rand
	share float64 // of the requests
	harm  harm
}

// harm answers a request badly. whole gives the good answer; r is the harm's own.
type harm func(w http.ResponseWriter, req *http.Request, r *rand.Rand, whole func() *httptest.ResponseRecorder)

func (b *brittle) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	harm, r := b.choose()
	if harm == nil || req.Method == http.MethodPut {
		b.Bucket.ServeHTTP(w, req)
		return
	}
	harm(w, req, r, func() *httptest.ResponseRecorder {
		whole := httptest.NewRecorder()
		b.Bucket.ServeHTTP(whole, req)
		return whole
	})
}

// choose is what happens to the next request, mostly nothing.
func (b *brittle) choose() (harm, *rand.Rand) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.harm == nil || b.r.Float64() >= b.share {
		return nil, nil
	}
	return b.harm, rand.New(rand.NewPCG(b.r.Uint64(), b.r.Uint64()))
}

// hurt lets some requests be answered badly from now on, or none any more.
func (b *brittle) hurt(r *rand.Rand, h harm) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
	b.share, b.harm = 0.1+0.5*r.Float64(), h
}

func breakBucket(h harm) func(*testing.T, *chaos, *rand.Rand, *process) {
	return func(_ *testing.T, c *chaos, r *rand.Rand, _ *process) {
		c.bucket.hurt(r, h)
		time.Sleep(time.Second + upTo(r, 2*time.Second))
		c.bucket.hurt(r, nil)
	}
}

// fails answers with an error that may pass, or hangs up.
func fails(w http.ResponseWriter, _ *http.Request, r *rand.Rand, _ func() *httptest.ResponseRecorder) {
	switch r.IntN(4) {
	case 0:
		objecttest.Fail(w, http.StatusInternalServerError, "InternalError")
	case 1:
		objecttest.Fail(w, http.StatusServiceUnavailable, "SlowDown")
	case 2: // as a proxy says it
		w.WriteHeader(http.StatusBadGateway)
	default:
		panic(http.ErrAbortHandler)
	}
}

// cutsShort gives a part of the answer: the connection breaks, or what is there is said
// to be all.
func cutsShort(w http.ResponseWriter, _ *http.Request, r *rand.Rand, whole func() *httptest.ResponseRecorder) {
	answer := whole()
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	body := answer.Body.Bytes()
	body = body[:r.IntN(len(body)+1)]
	breaks := r.IntN(2) == 0 && len(body) < answer.Body.Len()
	if !breaks {
		w.Header().Del("Content-Length")
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body) // the client may have gone
	if breaks {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// stalls gives a part of the answer, and the rest late, or never.
func stalls(w http.ResponseWriter, req *http.Request, r *rand.Rand, whole func() *httptest.ResponseRecorder) {
	answer := whole()
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	body := answer.Body.Bytes()
	first := r.IntN(len(body) + 1)
	_, _ = w.Write(body[:first])
	_ = http.NewResponseController(w).Flush()
	wait := upTo(r, 2*time.Second)
	if r.IntN(20) == 0 {
		wait = time.Hour
	}
	select {
	case <-time.After(wait):
		_, _ = w.Write(body[first:])
	case <-req.Context().Done(): // the client has given it up
	}
}

// fillBucket puts the tables into a bucket, which the cluster reads from then on.
func (c *chaos) fillBucket(t *testing.T) {
	c.bucket = &brittle{Bucket: objecttest.NewBucket()}
	err := filepath.WalkDir(c.tables, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(c.tables, path) // it is under it
		c.bucket.Put("tpch/"+filepath.ToSlash(name), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", c.network.hub()+":0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(c.bucket)
	_ = server.Listener.Close() // it is that of loopback
	server.Listener = l
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	c.tables = "s3://bucket/tpch"
	c.env = []string{"AWS_ENDPOINT_URL=" + server.URL, "AWS_ENDPOINT_URL_S3=", "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=key",
		"AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=", "AWS_EC2_METADATA_DISABLED=true"}
}
