//go:build !race

// The runtime's remoting sets gRPC's log without a lock each time it starts: two
// systems in one process are a race. What is ours is tested for races in link_test.go.

package node

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/console"
	"github.com/skein-query/skein/internal/logictest"
	"github.com/skein-query/skein/internal/sqlerr"
)

func clusterKey(t *testing.T) cluster.Key {
	t.Helper()
	k, err := cluster.NewKey(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// startCluster starts a coordinator, which has no worker, and n processes that are
// workers.
func startCluster(t *testing.T, c Config, n int, tables string) (*Server, []*Server) {
	t.Helper()
	c.Threads, c.Version = 1, "1.0.0"
	c.Cluster = &Cluster{Name: "coordinator", Coordinator: true, Gossip: "127.0.0.1:0", Key: clusterKey(t)}
	first := start(t, c, tables)
	seed := first.peers.members.Load().Address()
	var workers []*Server
	for i := range n {
		c.Cluster = &Cluster{Name: fmt.Sprintf("worker-%d", i+1), Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t), Join: []string{seed}}
		workers = append(workers, start(t, c, ""))
	}
	eventually(t, "all workers are known", func() bool { return first.coord.Workers() == n })
	return first, workers
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	// Gossip gives a process up later the busier the machine is.
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

func TestProcessesGiveTheSameAnswersAsOne(t *testing.T) {
	sf, err := tpch.ParseScaleFactor("0.01")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := tpch.Generate(t.Context(), tpch.Options{ScaleFactor: sf, Out: dir, Parts: 3}); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []place.Mode{place.Always, place.Auto} {
		t.Run(string(mode), func(t *testing.T) {
			s, workers := startCluster(t, Config{Distribution: mode}, 3, dir)
			conn := connect(t, s)
			defer conn.Close()
			for q := 1; q <= tpch.Queries; q++ {
				if err := checkTPCH(t.Context(), conn, q, sf); err != nil {
					t.Errorf("query %d: %v", q, err)
				}
			}
			for _, w := range workers {
				eventually(t, "nothing is left of the queries", func() bool { return w.hub.Len() == 0 && w.workers[0].Idle() })
			}
			eventually(t, "the coordinator has nothing left", func() bool { return s.hub.Len() == 0 })
		})
	}
}

// TestAHeavyPartitionIsDivided joins on a key that most rows of one side have.
func TestAHeavyPartitionIsDivided(t *testing.T) {
	dir := t.TempDir()
	sf, err := tpch.ParseScaleFactor("0.01")
	if err != nil {
		t.Fatal(err)
	}
	if err := tpch.Generate(t.Context(), tpch.Options{ScaleFactor: sf, Out: dir, Parts: 5}); err != nil {
		t.Fatal(err)
	}
	const sql = `select count(*), sum(q), count(distinct line) from
		(select case when l_linenumber < 7 then 7 else l_orderkey end as k, l_quantity as q, l_linenumber as line from lineitem) a
		join (select l_orderkey from lineitem) b on k = l_orderkey`
	tasks := map[int64]int{}
	var answers []string
	for _, bytes := range []int64{1000, 1 << 40} {
		s, _ := startCluster(t, Config{Distribution: place.Always, SplitBytes: bytes}, 3, dir)
		conn := connect(t, s)
		defer conn.Close()
		got, err := conn.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, fmt.Sprint(got.Rows))
		plan, err := conn.Query(t.Context(), "explain analyze "+sql)
		if err != nil {
			t.Fatal(err)
		}
		last := plan.Rows[len(plan.Rows)-1][0].Text
		n := 0
		if _, err := fmt.Sscanf(strings.TrimSpace(last), "%d tasks", &n); err != nil {
			t.Fatalf("%q: %v", last, err)
		}
		tasks[bytes] = n
	}
	if answers[0] != answers[1] {
		t.Errorf("divided %s, whole %s", answers[0], answers[1])
	}
	if divided, whole := tasks[1000], tasks[1<<40]; divided <= whole {
		t.Errorf("%d tasks where partitions may be divided, %d where not", divided, whole)
	}
}

func TestLogicHoldsAcrossProcesses(t *testing.T) {
	files, err := filepath.Glob("../logictest/testdata/*.slt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no .slt files: %v", err)
	}
	s, _ := startCluster(t, Config{Distribution: place.Always}, 2, tables)
	open := func(ctx context.Context) (logictest.Conn, error) {
		conn, err := client.Open(ctx, s.Addr())
		return &sqlConn{conn}, err
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".slt"), func(t *testing.T) { logictest.Run(t, f, open, "processes") })
	}
}

func TestErrorsOfOtherProcessesPointAtTheirExpression(t *testing.T) {
	s, _ := startCluster(t, Config{Distribution: place.Always}, 2, tables)
	conn := connect(t, s)
	defer conn.Close()
	const sql = "select sum(100 / (n - 5)) from numbers"
	_, err := conn.Query(t.Context(), sql)
	e, ok := err.(*sqlerr.Error)
	if !ok || e.Code != sqlerr.DivisionByZero || e.Span.IsZero() || sql[e.Span.Start:e.Span.End] != "100 / (n - 5)" {
		t.Errorf("%#v", err)
	}
}

func TestExplainAnalyzeCountsWhatOtherProcessesDo(t *testing.T) {
	s, _ := startCluster(t, Config{Distribution: place.Always}, 2, tables)
	conn := connect(t, s)
	defer conn.Close()
	got, err := conn.Query(t.Context(), "explain analyze select count(*) from numbers where n > 0")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(got.Rows)
	rows, err := conn.Query(t.Context(), "select count(*) from numbers where n > 0")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Scan numbers", "actual=" + rows.Rows[0][0].Text + " ", "on worker-1, worker-2"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}

func TestAWorkerRefersItsClientsToTheCoordinator(t *testing.T) {
	s, workers := startCluster(t, Config{}, 1, "")
	conn := connect(t, workers[0])
	defer conn.Close()
	_, err := conn.Query(t.Context(), "select 1")
	e, ok := err.(*sqlerr.Error)
	if !ok || e.Code != sqlerr.FeatureNotSupported || !strings.Contains(e.Hint, s.Addr()) {
		t.Errorf("%#v", err)
	}
}

func TestAProcessThatDrainsFinishesWhatItHas(t *testing.T) {
	s, workers := startCluster(t, Config{Distribution: place.Always}, 2, tables)
	conn := connect(t, s)
	defer conn.Close()
	const sql = "select count(*) from numbers a, numbers b, numbers c where a.n + b.n + c.n > 10"
	first, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := conn.Query(t.Context(), sql)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(first) {
				t.Errorf("%v, %v; before it was %v", got, err, first)
			}
		})
	}
	workers[0].Drain(t.Context())
	workers[0].Close()
	wg.Wait()
	eventually(t, "the worker has left", func() bool { return s.coord.Workers() == 1 })
	if _, err := conn.Query(t.Context(), sql); err != nil {
		t.Error(err)
	}
}

// TestAProcessThatIsGoneIsReplaced closes workers without a word while queries run.
func TestAProcessThatIsGoneIsReplaced(t *testing.T) {
	s, workers := startCluster(t, Config{Distribution: place.Always}, 3, tables)
	conn := connect(t, s)
	defer conn.Close()
	const sql = "select a.n % 7 as k, count(*), sum(b.n) from numbers a, numbers b, numbers c where a.n + b.n + c.n > 10 group by a.n % 7 order by 1"
	want, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 5 {
				got, err := conn.Query(t.Context(), sql)
				if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%v, %v; before it was %v", got, err, want)
				}
			}
		})
	}
	for _, w := range workers[:2] {
		time.Sleep(20 * time.Millisecond)
		w.abort()
	}
	wg.Wait()
}

func TestACoordinatorThatIsGoneLeavesNothingBehind(t *testing.T) {
	s, workers := startCluster(t, Config{Distribution: place.Always}, 2, tables)
	conn := connect(t, s)
	defer conn.Close()
	ended := make(chan error, 1)
	go func() { // ends with the query
		_, err := conn.Query(t.Context(), endless)
		ended <- err
	}()
	eventually(t, "it runs", func() bool { return !workers[0].workers[0].Idle() })
	s.abort()
	if err := <-ended; err == nil {
		t.Error("a query whose coordinator is gone has ended well")
	}
	for _, w := range workers {
		eventually(t, "the workers have forgotten it", func() bool { return w.hub.Len() == 0 && w.workers[0].Idle() })
	}
}

// abort ends the process's connections without a word to the others, as its death would.
func (s *Server) abort() {
	s.peers.exchange.Close()
	s.system.Shutdown()
	s.peers.members.Load().Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.flight.Shutdown(ctx)
}

func TestCoordinatorsShareTheirCatalog(t *testing.T) {
	dir := t.TempDir()
	c := Config{Catalog: dir, Threads: 1, Version: "1.0.0"}
	c.Cluster = &Cluster{Name: "c1", Coordinator: true, Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t)}
	first := start(t, c, "")
	c.Cluster = &Cluster{Name: "c2", Coordinator: true, Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t), Join: []string{first.peers.members.Load().Address()}}
	second := start(t, c, "")
	eventually(t, "they know each other", func() bool { return first.coord.Workers() == 2 && second.coord.Workers() == 2 })
	a, b := connect(t, first), connect(t, second)
	defer a.Close()
	defer b.Close()
	if _, err := a.Query(t.Context(), "create external table d stored as parquet location '"+tables+"/departments.parquet'"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other sees it", func() bool {
		_, err := b.Query(t.Context(), "select count(*) from d")
		return err == nil
	})
	if _, err := b.Query(t.Context(), "drop table d"); err != nil {
		t.Error(err)
	}
	eventually(t, "it is gone", func() bool {
		_, err := a.Query(t.Context(), "select count(*) from d")
		return sqlerr.CodeOf(err) == sqlerr.UndefinedTable
	})
	if _, err := a.Query(t.Context(), "create schema kept"); err != nil {
		t.Fatal(err)
	}
	late := start(t, Config{Catalog: dir, Workers: 1, Threads: 1}, tables)
	conn := connect(t, late)
	defer conn.Close()
	got, err := conn.Query(t.Context(), "select schema_name from information_schema.schemata where schema_name = 'kept'")
	if err != nil || len(got.Rows) != 1 {
		t.Errorf("a process that comes later knows %v (%v)", got, err)
	}
}

func TestTheConsoleShowsQueriesPlansAndMembers(t *testing.T) {
	s, _ := startCluster(t, Config{Distribution: place.Always, HTTP: "127.0.0.1:0"}, 2, tables)
	conn := connect(t, s)
	defer conn.Close()
	const sql = "select count(*) from numbers where n > 0"
	if _, err := conn.Query(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	get := func(path string) string {
		answer, err := http.Get("http://" + s.HTTPAddr() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("%s: %d %v %s", path, answer.StatusCode, err, body)
		}
		return string(body)
	}
	var state struct{ Queries []console.Query }
	eventually(t, "the query has ended", func() bool {
		text := get("/api/state")
		if err := json.Unmarshal([]byte(text), &state); err != nil {
			t.Fatal(err)
		}
		return len(state.Queries) == 1 && state.Queries[0].State == "finished" && strings.Contains(text, `"worker-2"`)
	})
	if q := state.Queries[0]; q.Text != sql || q.Tasks == 0 || q.Done != q.Tasks {
		t.Errorf("%+v", q)
	}
	if plan := get("/api/plan/" + state.Queries[0].ID); !strings.Contains(plan, "Scan numbers") || !strings.Contains(plan, `"inputs":[0]`) {
		t.Errorf("%s", plan)
	}
	if metrics := get("/metrics"); !strings.Contains(metrics, `skein_queries_ended_total{state="finished"} 1`) || !strings.Contains(metrics, `skein_members{state="ready"} 3`) {
		t.Errorf("%s", metrics)
	}
	get("/readyz")
	s.Drain(t.Context())
	if answer, err := http.Get("http://" + s.HTTPAddr() + "/readyz"); err != nil || answer.StatusCode != 503 {
		t.Errorf("while it drains: %v %v", answer, err)
	} else {
		answer.Body.Close()
	}
}

// TestTheConsoleInABrowser looks at the page as a browser shows it: SKEIN_BROWSER is a
// Chromium.
func TestTheConsoleInABrowser(t *testing.T) {
	browser := os.Getenv("SKEIN_BROWSER")
	if browser == "" {
		t.Skip("SKEIN_BROWSER is not set; make console-check runs this")
	}
	s, _ := startCluster(t, Config{Distribution: place.Always, HTTP: "127.0.0.1:0"}, 2, tables)
	conn := connect(t, s)
	defer conn.Close()
	if _, err := conn.Query(t.Context(), "select count(*) from numbers where n > 0 or '<b>' = '</b>'"); err != nil {
		t.Fatal(err)
	}
	id := s.coord.Queries()[0].ID
	cmd := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=5000", "--dump-dom", "http://"+s.HTTPAddr()+"/#"+id)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{id + "</button>", "'&lt;b&gt;' = '&lt;/b&gt;'", "Plan of " + id, "Scan numbers", "Fragment 1 ← fragment 0", "<td>worker-2</td>", "· ready ·"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not on the page:\n%s", want, out)
		}
	}
}

func TestProcessesWithCertificatesNeedNoKey(t *testing.T) {
	authority, cert, key := certificates(t)
	load := func(authority string) TLS {
		l, err := LoadTLS(cert, key, authority)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	c := Config{Threads: 1, Version: "1.0.0", Distribution: place.Always, TLS: load(authority)}
	c.Cluster = &Cluster{Name: "c1", Coordinator: true, Gossip: "127.0.0.1:0"}
	first := start(t, c, tables)
	c.Cluster = &Cluster{Name: "w1", Worker: true, Gossip: "127.0.0.1:0", Join: []string{first.peers.members.Load().Address()}}
	start(t, c, "")
	eventually(t, "they know each other", func() bool { return first.coord.Workers() == 1 })
	text, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	open, err := client.OpenTLS(t.Context(), first.URL(), string(text))
	if err != nil {
		t.Fatal(err)
	}
	conn := &sqlConn{open}
	defer conn.Close()
	if got, err := conn.Query(t.Context(), "select count(*) from numbers"); err != nil || len(got.Rows) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	stranger, err := client.Open(t.Context(), "grpc+tls://"+first.Addr())
	if err == nil {
		defer stranger.Close()
		_, err = stranger.Query(t.Context(), "select 1")
	}
	if err == nil {
		t.Error("a client trusts a certificate of an authority that it does not know")
	}
	if (TLS{}).toPeers() != nil || load("").toPeers() != nil || load("").toClients() == nil {
		t.Error("without an authority processes do not ask each other for certificates")
	}
}

// certificates makes an authority and a certificate of it for this machine.
func certificates(t *testing.T) (authority, certificate, key string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sign := func(c, parent *x509.Certificate, signer *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
		own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if signer == nil {
			parent, signer = c, own
		}
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &own.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der, own
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootDER, rootKey := sign(root, nil, nil)
	leafDER, leafKey := sign(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "skein"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, root, rootKey)
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	return write("ca.pem", "CERTIFICATE", rootDER), write("cert.pem", "CERTIFICATE", leafDER), write("key.pem", "PRIVATE KEY", keyDER)
}

func TestAProcessThatListensEverywhereIsReachedByWhatItAdvertises(t *testing.T) {
	c := Config{Listen: "0.0.0.0:0", Threads: 1, Version: "1.0.0", Distribution: place.Always, Security: Security{Insecure: true}}
	c.Cluster = &Cluster{Name: "c1", Coordinator: true, Gossip: ":0", Advertise: "127.0.0.1", Key: clusterKey(t)}
	first, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(first.Close)
	c.Cluster = &Cluster{Name: "w1", Worker: true, Gossip: ":0", Advertise: "127.0.0.1", Key: clusterKey(t), Join: []string{first.peers.members.Load().Address()}}
	second, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Close)
	eventually(t, "they know each other", func() bool { return first.coord.Workers() == 1 })
	for _, m := range first.peers.members.Load().Members() {
		for _, address := range []string{m.Flight, m.Actor, m.Exchange, m.Gossip} {
			if !strings.HasPrefix(address, "127.0.0.1:") || strings.HasSuffix(address, ":0") {
				t.Errorf("%s advertises %s", m.Name, address)
			}
		}
	}
	conn, err := client.Open(t.Context(), first.advertisedURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := (&sqlConn{conn}).Query(t.Context(), "select 1"); err != nil {
		t.Error(err)
	}
	c.Cluster = &Cluster{Name: "nobody", Coordinator: true, Key: clusterKey(t)}
	if s, err := Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "--advertise") {
		t.Errorf("a process that nobody can reach: %v", err)
		if err == nil {
			s.Close()
		}
	}
}

func (s *Server) advertisedURL() string { return "grpc://" + s.config.Cluster.advertised(s.Addr()) }

func TestAClusterNeedsTheSameKey(t *testing.T) {
	s, _ := startCluster(t, Config{}, 0, "")
	other, err := cluster.NewKey(bytes.Repeat([]byte("x"), 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]cluster.Key{"another key": other, "no key": {}} {
		c := Config{Listen: "127.0.0.1:0", Threads: 1, Version: "1.0.0", Cluster: &Cluster{Name: "stranger", Worker: true, Gossip: "127.0.0.1:0",
			Key: key, Join: []string{s.peers.members.Load().Address()}, JoinTimeout: time.Second}}
		if stranger, err := Start(t.Context(), c); err == nil {
			stranger.Close()
			t.Errorf("%s: it was let in", name)
		}
	}
}

// TestARootFragmentSpillsFarFromItsCoordinator sorts all rows in one task of a worker that
// has memory for few of them. A sort is given out as it comes.
func TestARootFragmentSpillsFarFromItsCoordinator(t *testing.T) {
	s, workers := startCluster(t, Config{Distribution: place.Always, SpillBytes: 20_000, SpillFolder: "spill"}, 2, clusteredTables(t))
	conn := connect(t, s)
	defer conn.Close()
	result, err := conn.Query(t.Context(), "select v, k, s from facts order by -v")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range result.Rows {
		if row[0].Text != fmt.Sprint(3999-i) {
			t.Fatalf("row %d is %v", i, row)
		}
	}
	if len(result.Rows) != 4000 {
		t.Errorf("%d rows", len(result.Rows))
	}
	if workers[0].spill.WrittenBytes()+workers[1].spill.WrittenBytes() == 0 {
		t.Error("nothing was spilled")
	}
}
