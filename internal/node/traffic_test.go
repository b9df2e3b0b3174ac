//go:build !race

// Several processes: see cluster_test.go.

package node

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/object/objecttest"
)

// TestExplainAnalyzeCountsRequests compares what a scan says it has asked for and got
// with what a proxy before the bucket has seen, whichever process asked.
func TestExplainAnalyzeCountsRequests(t *testing.T) {
	proxy := objecttest.StartProxy(t, objecttest.StartBucket(t))
	environment(t, proxy.URL, "key", "secret")
	t.Setenv("AWS_REGION", objecttest.Region) // nobody asks for the bucket's
	store := object.NewS3(object.S3Options{})
	t.Cleanup(store.Close)
	data, err := os.ReadFile(tables + "/numbers.parquet")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := store.Put(t.Context(), fmt.Sprintf("s3://bucket/numbers/%d.parquet", i), data); err != nil {
			t.Fatal(err)
		}
	}
	processes := func(c Config) *Server { s, _ := startCluster(t, c, 2, "s3://bucket"); return s }
	alone := func(c Config) *Server { return start(t, c, "s3://bucket") }
	for _, c := range []struct {
		name  string
		start func(Config) *Server
		Config
	}{
		{"whole", alone, Config{Workers: 2, Threads: 2, HTTP: "127.0.0.1:0"}},
		{"columns kept", alone, Config{Workers: 1, Threads: 1, ColumnBytes: 64 << 20, HTTP: "127.0.0.1:0"}},
		{"network-form", alone, Config{Workers: 2, Threads: 2, Distribution: place.Always, Encode: true, Frames: true, HTTP: "127.0.0.1:0"}},
		{"processes", processes, Config{Distribution: place.Always}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.start(c.Config)
			conn := open(t, s)
			for again := range 2 {
				proxy.Reset()
				text := answer(t, conn, "explain analyze select sum(n) from numbers where n > 1")
				seen := proxy.Reset()
				got, bytes := scanned(t, seen)
				if (got == 0) != (again == 1 && c.ColumnBytes > 0) {
					t.Errorf("the proxy saw %v", seen.Requests)
				}
				want := fmt.Sprintf("requests=%d fetched=%dB", got, bytes)
				if bytes >= 10<<10 {
					want = fmt.Sprintf("requests=%d fetched=%dKiB", got, bytes>>10)
				}
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in %s; the proxy saw %v", want, text, seen.Requests)
				}
				if want := ", requests=1"; !strings.Contains(text, want) || seen.Kinds["LIST"] != 1 {
					t.Errorf("planning: %q is not in %s; the proxy saw %v", want, text, seen.Requests)
				}
			}
			if c.HTTP != "" {
				if want := fmt.Sprintf("\nskein_s3_requests_total %d\n", s.s3.Requests.Load()); !strings.Contains(metrics(t, s), want) || s.s3.Requests.Load() == 0 {
					t.Errorf("%q is not in the metrics", want)
				}
			}
		})
	}
}

// scanned is how many reads the proxy saw, and of how many bytes.
func scanned(t *testing.T, seen objecttest.Counts) (requests, bytes int) {
	t.Helper()
	for _, r := range seen.Requests {
		if !strings.HasPrefix(r, "GET ") {
			continue
		}
		var from, to int
		if _, err := fmt.Sscanf(r[strings.LastIndex(r, " ")+1:], "bytes=%d-%d", &from, &to); err != nil {
			t.Fatalf("%s: %v", r, err)
		}
		requests, bytes = requests+1, bytes+to-from+1
	}
	return requests, bytes
}

func metrics(t *testing.T, s *Server) string {
	t.Helper()
	answer, err := http.Get("http://" + s.HTTPAddr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
