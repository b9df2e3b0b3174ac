package node

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/object/objecttest"
)

// bucket is TPC-H in a bucket of a MinIO server: as files under s3://tpch/1 and as
// folders of parts under s3://tpch/3.
type bucket struct {
	server *objecttest.Server
	proxy  *objecttest.Proxy // what the cluster sees
	store  *object.S3        // to the server, past the proxy
	local  string            // the same files on disk
}

// openBucket starts a server and has the environment point at it.
func openBucket(t *testing.T, sf string) *bucket {
	t.Helper()
	b := &bucket{server: objecttest.Start(t, "tpch", "scratch"), local: t.TempDir()}
	b.proxy = objecttest.StartProxy(t, b.server.Endpoint)
	b.store = object.NewS3(object.S3Options{Endpoint: b.server.Endpoint, AccessKey: objecttest.AccessKey, SecretKey: objecttest.SecretKey})
	t.Cleanup(b.store.Close)
	environment(t, b.proxy.URL, objecttest.AccessKey, objecttest.SecretKey)
	factor, err := tpch.ParseScaleFactor(sf)
	if err != nil {
		t.Fatal(err)
	}
	for _, parts := range []int{1, 3} {
		dir := filepath.Join(b.local, fmt.Sprint(parts))
		if err := tpch.Generate(t.Context(), tpch.Options{ScaleFactor: factor, Out: dir, Parts: parts}); err != nil {
			t.Fatal(err)
		}
	}
	b.upload(t, b.local, "s3://tpch")
	return b
}

// environment is what a user would export.
func environment(t *testing.T, endpoint, key, secret string) {
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	t.Setenv("AWS_ENDPOINT_URL_S3", "")
	t.Setenv("AWS_ACCESS_KEY_ID", key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// upload puts the files under a folder to a prefix.
func (b *bucket) upload(t *testing.T, dir, prefix string) {
	t.Helper()
	files, err := object.Resolve(t.Context(), &object.Local{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b.put(t, f.Path, prefix+strings.TrimPrefix(f.Path, dir))
	}
}

func (b *bucket) put(t *testing.T, file, path string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil {
		err = b.store.Put(t.Context(), path, data)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// open is connect with the connection closed by the end of the test.
func open(t *testing.T, s *Server) *sqlConn {
	t.Helper()
	conn := connect(t, s)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// one is the only value of a query's answer.
func one(ctx context.Context, conn *sqlConn, sql string) (string, error) {
	result, err := conn.Query(ctx, sql)
	if err != nil {
		return "", err
	}
	if len(result.Rows) != 1 || len(result.Rows[0]) != 1 {
		return "", fmt.Errorf("%d rows", len(result.Rows))
	}
	return result.Rows[0][0].Text, nil
}

// TestMinIOServesTables is a cluster over buckets of a real server.
func TestMinIOServesTables(t *testing.T) {
	b := openBucket(t, "0.01")
	t.Run("TPC-H", b.answersAreRight)
	t.Run("locations", b.locations)
	t.Run("replaced", b.replacedObjects)
	t.Run("changed", b.changedUnderQuery)
	t.Run("errors", b.errors)
	t.Run("gone", b.serverGone)
}

// The most reads that a query may make of tables of one file or of three. Small row
// groups take one, larger ones two or three; no query reads more than nine tables.
const (
	maxReads      = 20
	maxPartsReads = 32
)

func (b *bucket) answersAreRight(t *testing.T) {
	sf, _ := tpch.ParseScaleFactor("0.01")
	for _, c := range []struct {
		configuration
		parts, most int
	}{
		{configuration{"whole", Config{Workers: 2, Threads: 2}}, 1, maxReads},
		{configuration{"whole, parts", Config{Workers: 2, Threads: 2}}, 3, maxPartsReads},
		{configuration{"distributed, parts", Config{Workers: 3, Threads: 3, Distribution: place.Always, Encode: true, Frames: true}}, 3, maxPartsReads},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.proxy.Reset()
			conn := open(t, start(t, c.Config, fmt.Sprintf("s3://tpch/%d", c.parts)))
			t.Logf("opening the tables: %s", b.proxy.Reset())
			for q := 1; q <= tpch.Queries; q++ {
				if err := checkTPCH(t.Context(), conn, q, sf); err != nil {
					t.Errorf("query %d: %v", q, err)
				}
				seen := b.proxy.Reset()
				t.Logf("query %d: %s, %d bytes", q, seen, seen.Bytes)
				if looks := seen.Kinds["HEAD"] + seen.Kinds["LIST"]; looks == 0 || looks > len(tpch.Tables()) {
					t.Errorf("query %d looks at its tables by %d requests", q, looks)
				}
				if seen.Kinds["GET"] > c.most {
					t.Errorf("query %d makes %d reads, more than %d:\n%s", q, seen.Kinds["GET"], c.most, strings.Join(seen.Requests, "\n"))
				}
			}
		})
	}
}

func (b *bucket) locations(t *testing.T) {
	conn := open(t, start(t, Config{Workers: 1, Threads: 1}, ""))
	const sum = "select count(*) || ' ' || sum(o_totalprice) from "
	want, err := one(t.Context(), conn, sum+"read_parquet('"+b.local+"/1/orders.parquet')")
	if err != nil {
		t.Fatal(err)
	}
	for i, location := range []string{
		"s3://tpch/1/orders.parquet", "s3://tpch/3/orders", "s3://tpch/3/orders/", "s3://tpch/3/orders/*.parquet",
		"s3://tpch/3/ord*/part-000[0-2].parquet", "s3://tpch/3/**/orders/*",
	} {
		name := fmt.Sprintf("orders_%d", i)
		if _, err := conn.Exec(t.Context(), fmt.Sprintf("create external table %s stored as parquet location '%s'", name, location)); err != nil {
			t.Errorf("%s: %v", location, err)
			continue
		}
		for _, from := range []string{name, "read_parquet('" + location + "')"} {
			got, err := one(t.Context(), conn, sum+from)
			if err != nil || got != want || !strings.HasPrefix(want, "15000 ") {
				t.Errorf("%s from %s: %s, %v", location, from, got, err)
			}
		}
	}
}

// replacedObjects: the next query sees what was put.
func (b *bucket) replacedObjects(t *testing.T) {
	ctx := t.Context()
	part := func(i int) string { return filepath.Join(b.local, fmt.Sprintf("3/orders/part-%04d.parquet", i)) }
	b.put(t, part(0), "s3://scratch/o/a.parquet")
	conn := open(t, start(t, Config{Workers: 1, Threads: 1}, "s3://scratch"))
	count := func(want string) {
		t.Helper()
		if got, err := one(ctx, conn, "select min(o_orderkey) || ' ' || count(*) from o"); err != nil || got != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	count("1 5000")
	b.put(t, part(1), "s3://scratch/o/a.parquet")
	count("20001 5000")
	b.put(t, part(2), "s3://scratch/o/b.parquet")
	count("20001 10000")
	if err := b.store.Delete(ctx, "s3://scratch/o/a.parquet"); err != nil {
		t.Fatal(err)
	}
	count("40001 5000")
}

// changedUnderQuery replaces or deletes an object before a read of it is answered.
func (b *bucket) changedUnderQuery(t *testing.T) {
	ctx := t.Context()
	path := "s3://scratch/changed/x.parquet"
	file := filepath.Join(b.local, "1/orders.parquet")
	conn := open(t, start(t, Config{Workers: 1, Threads: 1}, ""))
	query := "select sum(o_totalprice) from read_parquet('" + path + "')"
	for name, change := range map[string]func() error{
		"replaced": func() error {
			data, err := os.ReadFile(filepath.Join(b.local, "1/customer.parquet"))
			return cmp.Or(err, b.store.Put(ctx, path, data))
		},
		"same size": func() error {
			data, err := os.ReadFile(file)
			data[5000] ^= 1
			return cmp.Or(err, b.store.Put(ctx, path, data))
		},
		"deleted": func() error { return b.store.Delete(ctx, path) },
	} {
		t.Run(name, func(t *testing.T) {
			b.put(t, file, path)
			if _, err := one(ctx, conn, query); err != nil { // footer and statistics are known now
				t.Fatal(err)
			}
			var done atomic.Bool
			b.proxy.Break(func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Range") != "" && done.CompareAndSwap(false, true) {
					if err := change(); err != nil {
						t.Error(err)
					}
				}
				return false
			})
			defer b.proxy.Break(nil)
			_, err := one(ctx, conn, query)
			if sqlerr.CodeOf(err) != sqlerr.FileChanged || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", sqlerr.CodeOf(err), err)
			}
		})
	}
}

// errors are what a user sees who points at the wrong thing.
func (b *bucket) errors(t *testing.T) {
	for name, c := range map[string]struct {
		endpoint, secret, location string
		code                       sqlerr.Code
		says                       string
	}{
		"missing bucket":   {b.proxy.URL, objecttest.SecretKey, "s3://no-such-bucket", sqlerr.UndefinedFile, `no bucket "no-such-bucket"`},
		"missing prefix":   {b.proxy.URL, objecttest.SecretKey, "s3://tpch/none", sqlerr.UndefinedFile, "s3://tpch/none"},
		"wrong secret":     {b.proxy.URL, "wrong", "s3://tpch/1", sqlerr.InsufficientPrivilege, "refuses"},
		"nobody listens":   {"http://127.0.0.1:1", "wrong", "s3://tpch/1", sqlerr.IOError, "http://127.0.0.1:1 does not answer"},
		"no such protocol": {"localhost:9000", "wrong", "s3://tpch/1", sqlerr.InvalidParameterValue, "is not a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, c.endpoint, objecttest.AccessKey, c.secret)
			begin := time.Now()
			_, err := Start(t.Context(), Config{Listen: "127.0.0.1:0", Workers: 1, Threads: 1, Tables: []string{c.location}})
			if sqlerr.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "--tables "+c.location) {
				t.Errorf("serve --tables: %s: %v", sqlerr.CodeOf(err), err)
			}
			conn := open(t, start(t, Config{Workers: 1, Threads: 1}, ""))
			for _, sql := range []string{
				"create external table x stored as parquet location '" + c.location + "'",
				"create external table x stored as parquet location '" + c.location + "/*.parquet'",
				"select * from read_parquet('" + c.location + "')",
				"select * from read_parquet('" + c.location + "/x.parquet')",
			} {
				_, err := conn.Exec(t.Context(), sql)
				if sqlerr.CodeOf(err) != c.code || !strings.Contains(err.Error(), strings.TrimPrefix(c.location, "s3://")) {
					t.Errorf("%s: %s: %v", sql, sqlerr.CodeOf(err), err)
				}
			}
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// serverGone kills the server; it is the last test of a bucket.
func (b *bucket) serverGone(t *testing.T) {
	conn := open(t, start(t, Config{Workers: 1, Threads: 1}, "s3://tpch/1"))
	b.server.Stop()
	begin := time.Now()
	_, err := one(t.Context(), conn, "select count(*) from lineitem where l_quantity > 3")
	if sqlerr.CodeOf(err) != sqlerr.IOError || !strings.Contains(err.Error(), "lineitem") || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("%s: %v", sqlerr.CodeOf(err), err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}
