//go:build unix

package node

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/skein-query/skein/bench/tpch"
)

// scaleFactor is the environment variable that asks for the comparison.
const scaleFactor = "SKEIN_S3_SF"

// rounds is how often each query runs; the fastest counts.
const rounds = 5

// TestMinIOBesideLocal runs TPC-H from a bucket and from the same files on disk,
// in turns, and tells the ratio of the times. Server and cluster share the cores.
func TestMinIOBesideLocal(t *testing.T) {
	sf := os.Getenv(scaleFactor)
	if sf == "" {
		t.Skipf("measures: run make s3-bench, or set %s", scaleFactor)
	}
	b := openBucket(t, sf)
	counted := open(t, start(t, Config{Workers: 2, Threads: 2}, "s3://tpch/1"))
	t.Setenv("AWS_ENDPOINT_URL", b.server.Endpoint) // past the proxy, which costs as much as the server
	local := open(t, start(t, Config{Workers: 2, Threads: 2}, filepath.Join(b.local, "1")))
	remote := open(t, start(t, Config{Workers: 2, Threads: 2}, "s3://tpch/1"))
	factor, _ := tpch.ParseScaleFactor(sf)
	var sumLocal, sumRemote, cpuLocal, cpuRemote time.Duration
	for q := 1; q <= tpch.Queries; q++ {
		text := tpch.Query(q, tpch.Validation(q, factor))
		var onDisk, inBucket time.Duration
		for round := range rounds {
			begin := cpuTime(t)
			onDisk = fastest(t, local, text, onDisk, round)
			between := cpuTime(t)
			inBucket = fastest(t, remote, text, inBucket, round)
			cpuLocal, cpuRemote = cpuLocal+between-begin, cpuRemote+cpuTime(t)-between
		}
		b.proxy.Reset()
		fastest(t, counted, text, 0, 0)
		seen := b.proxy.Reset()
		t.Logf("query %2d: local %6.1f ms, MinIO %6.1f ms, ratio %.2f (%s, %.1f MB)", q, milliseconds(onDisk), milliseconds(inBucket),
			float64(inBucket)/float64(onDisk), seen, float64(seen.Bytes)/1e6)
		sumLocal, sumRemote = sumLocal+onDisk, sumRemote+inBucket
	}
	t.Logf("all: local %.2f s, MinIO %.2f s, ratio %.2f", sumLocal.Seconds(), sumRemote.Seconds(), float64(sumRemote)/float64(sumLocal))
	t.Logf("CPU time of the cluster's process alone: ratio %.2f", float64(cpuRemote)/float64(cpuLocal))
}

// cpuTime is what this process, which has cluster and client but not the server,
// has used.
func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func fastest(t *testing.T, conn *sqlConn, text string, best time.Duration, round int) time.Duration {
	t.Helper()
	begin := time.Now()
	if _, err := conn.Query(context.Background(), text); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); round == 0 || took < best {
		return took
	}
	return best
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
