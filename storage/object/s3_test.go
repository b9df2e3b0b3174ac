package object_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/storage/object"
)

// s3Store is a store over a server that speaks as much S3 as the store asks for:
// put, head, ranged get, conditions, list, delete.
func s3Store(t *testing.T) (object.Store, string) {
	server := httptest.NewServer(&fakeS3{objects: map[string][]byte{}})
	t.Cleanup(server.Close)
	s := object.NewS3(object.S3Options{Endpoint: server.URL, Region: "us-east-1", AccessKey: "key", SecretKey: "secret"})
	t.Cleanup(s.Close)
	return s, "s3://bucket/dir/"
}

type fakeS3 struct {
	mu      sync.Mutex
	objects map[string][]byte
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := strings.TrimPrefix(r.URL.Path, "/bucket/")
	data, there := f.objects[key]
	switch {
	case r.Method == http.MethodGet && r.URL.Query().Has("list-type"):
		f.list(w, r.URL.Query().Get("prefix"))
	case r.Method == http.MethodPut:
		if there && r.Header.Get("If-None-Match") == "*" {
			fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			fail(w, http.StatusBadRequest, "IncompleteBody")
			return
		}
		if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING") {
			body = unchunk(body)
		}
		f.objects[key] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodDelete:
		delete(f.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		fail(w, http.StatusNotFound, "NoSuchKey")
	case r.Header.Get("If-Match") != "" && strings.Trim(r.Header.Get("If-Match"), `"`) != strings.Trim(etag(data), `"`):
		fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
	default:
		w.Header().Set("ETag", etag(data))
		http.ServeContent(w, r, "", time.Unix(1e9, 0), strings.NewReader(string(data)))
	}
}

func (f *fakeS3) list(w http.ResponseWriter, prefix string) {
	type content struct {
		Key, ETag    string
		Size         int
		LastModified string
	}
	var result struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []content
	}
	for key, data := range f.objects {
		if strings.HasPrefix(key, prefix) {
			result.Contents = append(result.Contents, content{key, etag(data), len(data), "2001-09-09T01:46:40.000Z"})
		}
	}
	sort.Slice(result.Contents, func(i, j int) bool { return result.Contents[i].Key < result.Contents[j].Key })
	_ = xml.NewEncoder(w).Encode(result)
}

func fail(w http.ResponseWriter, status int, code string) {
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

func TestBucketsAreNotFiles(t *testing.T) {
	s, _ := s3Store(t)
	for _, path := range []string{"s3://bucket", "s3://bucket/", "s3://", "bucket/x"} {
		if _, err := s.Stat(context.Background(), path); err == nil {
			t.Errorf("%s is an object", path)
		}
	}
}
