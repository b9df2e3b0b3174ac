package objecttest

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Bucket is the bucket named bucket, in memory, behind as much of S3 as a store asks
// for: put, head, ranged get, conditions, list, delete. It believes every signature.
// Serve it with net/http.
type Bucket struct {
	mu      sync.Mutex
	objects map[string]stored // by key
}

// stored is an object; its bytes do not change.
type stored struct {
	data []byte
	etag string
}

// NewBucket is a bucket without objects.
func NewBucket() *Bucket { return &Bucket{objects: map[string]stored{}} }

// StartBucket serves a bucket for the time of the test and gives the endpoint.
func StartBucket(t testing.TB) string {
	server := httptest.NewServer(NewBucket())
	t.Cleanup(server.Close)
	return server.URL
}

// Put keeps an object; it takes data over.
func (b *Bucket) Put(key string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key] = stored{data, etag(data)}
}

func (b *Bucket) get(key string) (stored, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.objects[key]
	return o, ok
}

func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/bucket/")
	object, there := b.get(key)
	switch {
	case r.Method == http.MethodGet && r.URL.Query().Has("list-type"):
		b.list(w, r.URL.Query().Get("prefix"))
	case r.Method == http.MethodPut:
		b.put(w, r, key)
	case r.Method == http.MethodDelete:
		b.mu.Lock()
		delete(b.objects, key)
		b.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case !there:
		Fail(w, http.StatusNotFound, "NoSuchKey")
	case r.Header.Get("If-Match") != "" && strings.Trim(r.Header.Get("If-Match"), `"`) != strings.Trim(object.etag, `"`):
		Fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
	default:
		w.Header().Set("ETag", object.etag)
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(object.data))
	}
}

func (b *Bucket) put(w http.ResponseWriter, r *http.Request, key string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		Fail(w, http.StatusBadRequest, "IncompleteBody")
		return
	}
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING") {
		body = unchunk(body)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.objects[key]; there && r.Header.Get("If-None-Match") == "*" {
		Fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	b.objects[key] = stored{body, etag(body)}
	w.Header().Set("ETag", b.objects[key].etag)
}

func (b *Bucket) list(w http.ResponseWriter, prefix string) {
	type content struct {
		Key, ETag    string
		Size         int
		LastModified string
	}
	var result struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []content
	}
	b.mu.Lock()
	for key, o := range b.objects {
		if strings.HasPrefix(key, prefix) {
			result.Contents = append(result.Contents, content{key, o.etag, len(o.data), "2001-09-09T01:46:40.000Z"})
		}
	}
	b.mu.Unlock()
	slices.SortFunc(result.Contents, func(x, y content) int { return strings.Compare(x.Key, y.Key) })
	_ = xml.NewEncoder(w).Encode(result) // an error is that the client has gone
}

// Fail answers a request with an error of S3.
func Fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
}

func etag(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// unchunk undoes the framing of signed uploads: size;signature CRLF bytes CRLF.
func unchunk(body []byte) (out []byte) {
	for text := string(body); text != ""; {
		head, rest, _ := strings.Cut(text, "\r\n")
		size, _, _ := strings.Cut(head, ";")
		n, err := strconv.ParseInt(size, 16, 32)
		if err != nil || n == 0 || int(n) > len(rest) {
			break
		}
		out = append(out, rest[:n]...)
		text = strings.TrimPrefix(rest[n:], "\r\n")
	}
	return out
}
