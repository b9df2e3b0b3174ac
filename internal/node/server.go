package node

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/coordinator/session"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/trace"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
	"github.com/skein-query/skein/storage/table"
	"github.com/skein-query/skein/worker"
	"github.com/skein-query/skein/worker/spill"
)

// Config is the flags of a process.
type Config struct {
	Listen       string
	Workers      int // of a process that is alone
	Threads      int // of all its workers together
	Tables       []string
	Catalog      string // folder or s3:// prefix where it is kept and shared; empty: in memory
	MemoryBytes  int64
	ColumnBytes  int64   // of decoded columns kept between queries; 0: none
	SpillFolder  string  // of what operators have no memory for; "": they fail
	FewRows      float64 // for tests: up to how many one task is quicker; 0: as coordinator.Config says
	SplitBytes   int64   // for tests: from how many on a heavy partition is divided; 0: as coordinator.Config says
	SpillBytes   int64   // for tests: what an operator may hold before it spills; 0: as there is room
	Distribution place.Mode
	Encode       bool // fragments travel as Substrait within the process too
	Frames       bool // pieces take the form they would have on a network
	BatchRows    int
	Limits       coordinator.Limits
	Lease        time.Duration // of results that nobody fetches; 0: Flight's default
	Version      string
	Cluster      *Cluster // nil: the process is alone
	HTTP         string   // address of the console; empty: none
	TLS          TLS
	Security     Security
	Log          *slog.Logger
	Trace        *trace.Tracer // nil: nothing is traced; it stays the caller's
}

// Server is a running process of Skein.
type Server struct {
	config   Config
	listener net.Listener
	flight   *flight.Server
	failed   chan error
	system   *cluster.System
	coord    *coordinator.Coordinator // nil: this process has not that role
	reader   *coordinator.Coordinator // of shares of results, in a process that is no coordinator
	workers  []*worker.Worker
	pool     *memory.Pool
	files    *parquet.Cache
	columns  *parquet.ColumnCache // nil: none
	tables   *table.Store         // in memory; nil: this process takes no statements
	ledger   *memory.Ledger
	s3       *object.Traffic
	spill    *spill.Store // nil: none
	hub      *exchange.Hub
	peers    *peers // nil: the process is alone
	Catalog  *catalog.Catalog
	users    people

	stopCatalog  context.CancelFunc // nil: nobody follows it
	following    sync.WaitGroup     // of the catalog, and of the console
	http         *http.Server       // nil: there is no console
	httpListener net.Listener
	serving      atomic.Bool
	draining     atomic.Bool
}

// alone is the name of a process that is alone.
const alone = "here"

// footerCacheBytes bounds the footers kept in memory.
const footerCacheBytes = 256 << 20

// Start opens the process, registers its tables, joins its cluster and begins to serve.
func Start(ctx context.Context, c Config) (*Server, error) {
	if c.Cluster != nil {
		c.Workers = 0
		if c.Cluster.Worker {
			c.Workers = 1
		}
	} else if c.Workers < 1 {
		return nil, fmt.Errorf("a cluster needs at least one worker, not %d", c.Workers)
	}
	if c.Threads < 1 {
		return nil, fmt.Errorf("a cluster needs at least one thread, not %d", c.Threads)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MemoryBytes > 0 {
		debug.SetMemoryLimit(c.MemoryBytes - c.MemoryBytes/20)
	}
	sql.Warm()
	traffic := &object.Traffic{}
	store := object.NewRouter(traffic)
	s := &Server{config: c, s3: traffic, failed: make(chan error, 1), files: parquet.NewCache(store, footerCacheBytes),
		system: cluster.NewSystem(c.Log), pool: memory.NewPool(), hub: exchange.NewHub(), ledger: memory.NewLedger(accounted(c.MemoryBytes))}
	s.Catalog = catalog.New(store, s.files)
	s.ledger.LimitShares(c.SpillBytes)
	if c.ColumnBytes > 0 {
		s.columns = parquet.NewColumnCache(c.ColumnBytes, s.ledger.NewAccount("column cache"))
		s.ledger.OnPressure(s.columns.Reclaim)
		s.files.KeepColumns(s.columns)
	}
	if err := s.open(ctx, store); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// open opens what the process is made of, in the order of doc.go.
func (s *Server) open(ctx context.Context, store *object.Router) error {
	if err := s.openUsers(); err != nil {
		return err
	}
	if s.config.SpillFolder != "" {
		var err error
		if s.spill, err = spill.Open(s.config.SpillFolder); err != nil {
			return err
		}
	}
	if s.config.Cluster != nil {
		if err := s.listenToPeers(); err != nil {
			return err
		}
	}
	if s.config.HTTP != "" {
		if err := s.serveHTTP(); err != nil {
			return fmt.Errorf("--http: %w", err)
		}
	}
	if s.peers == nil {
		s.keepTables(alone)
	}
	store.Schemes[table.Scheme] = s.parts()
	if err := s.startWorkers(); err != nil {
		return err
	}
	var statements *session.Statements
	if s.config.Cluster == nil || s.config.Cluster.Coordinator {
		var err error
		if statements, err = s.startCoordinator(); err != nil {
			return err
		}
		if s.config.Catalog != "" {
			if err := s.shareCatalog(ctx, store, s.config.Catalog); err != nil {
				return err
			}
		}
		if err := registerAll(ctx, s.Catalog, store, s.config.Tables); err != nil {
			return err
		}
	}
	if err := s.checkExposed(); err != nil {
		return err
	}
	if err := s.listen(statements); err != nil {
		return err
	}
	if s.config.Cluster != nil {
		if err := s.join(ctx); err != nil {
			return err
		}
	}
	s.serve()
	s.serving.Store(true)
	return nil
}

// startWorkers starts the workers of this process, which share its threads.
func (s *Server) startWorkers() error {
	for i := range s.config.Workers {
		res := worker.Resources{Files: s.files, Columns: s.columns, Pool: s.pool, Ledger: s.ledger, Hub: s.hub, Spill: s.spill, Trace: s.config.Trace}
		name := fmt.Sprintf("worker-%d", i+1)
		if s.peers != nil {
			name = s.config.Cluster.Name
			res.Client, res.Exchange = s.peers.client, s.peers.exchangeAddress
		}
		w := worker.New(name, res, s.system, s.config.Log)
		if _, err := s.system.Spawn(s.actorName(name), w); err != nil {
			return err
		}
		s.workers = append(s.workers, w)
	}
	return nil
}

// actorName is the name of a worker's actor: in a cluster the name of the process is
// known by gossip, and it has one worker.
func (s *Server) actorName(worker string) string {
	if s.peers != nil {
		return workerActor
	}
	return worker
}

// refer makes what answers clients of a process that is no coordinator. Shares of results
// run in it by a coordinator of its own, which has no other worker.
func (s *Server) refer() (referral, error) {
	out := referral{server: s}
	if len(s.workers) == 0 {
		return out, nil
	}
	c := coordinator.Config{System: s.system, Hub: s.hub, Process: s.config.Cluster.Name, Footers: s.footers, Limits: s.config.Limits, Log: s.config.Log}
	var err error
	if s.reader, err = coordinator.New(c); err != nil {
		return out, err
	}
	w := s.workers[0]
	s.reader.Join(coordinator.Worker{Member: place.Member{Name: w.Name, Threads: max(1, s.config.Threads), Process: c.Process, Peer: s.peers.exchangeAddress},
		Address: s.system.Local(s.actorName(w.Name))})
	out.reader = &session.Statements{Catalog: s.Catalog, Coordinator: s.reader, Log: s.config.Log, Defaults: session.Defaults{Distribution: place.Local}}
	return out, nil
}

func (s *Server) startCoordinator() (*session.Statements, error) {
	c := coordinator.Config{System: s.system, Hub: s.hub, Process: alone, Footers: s.footers, SplitBytes: s.config.SplitBytes, FewRows: s.config.FewRows, Limits: s.config.Limits, Log: s.config.Log}
	if s.peers != nil {
		c.Process, c.Results = s.config.Cluster.Name, &results{client: s.peers.client, account: s.ledger.NewAccount("results of other processes")}
	}
	var err error
	if s.coord, err = coordinator.New(c); err != nil {
		return nil, err
	}
	for i, w := range s.workers {
		threads := s.config.Threads / len(s.workers)
		if i < s.config.Threads%len(s.workers) {
			threads++
		}
		m := place.Member{Name: w.Name, Threads: max(1, threads), Process: c.Process}
		if s.peers != nil {
			m.Peer = s.peers.exchangeAddress
		}
		s.coord.Join(coordinator.Worker{Member: m, Address: s.system.Local(s.actorName(w.Name))})
	}
	allow, err := s.allowed()
	if err != nil {
		return nil, err
	}
	return &session.Statements{Catalog: s.Catalog, Coordinator: s.coord, Memory: s.tables, Others: others{s}, Log: s.config.Log, Members: s.members, Users: s.users, AllowPaths: allow,
		Defaults: session.Defaults{Distribution: s.config.Distribution, Encode: s.config.Encode, Frames: s.config.Frames, BatchRows: s.config.BatchRows}}, nil
}

// baseBytes is about what a process needs besides what accounts pay for.
const baseBytes = 64 << 20

// accounted is the part of --memory that accounts share: less the base, and a tenth for
// garbage and for slabs that wait in pools.
func accounted(limitBytes int64) int64 {
	if limitBytes <= 0 {
		return limitBytes
	}
	return max(limitBytes/2, limitBytes-limitBytes/10-baseBytes)
}

// listen opens the port for clients; nobody is answered before serve.
func (s *Server) listen(statements *session.Statements) error {
	c := flight.Config{Log: s.config.Log, Trace: s.config.Trace, Lease: s.config.Lease,
		About: flight.About{Version: s.config.Version, Keywords: sql.Keywords()}}
	c.About.NumericFunctions, c.About.StringFunctions, c.About.DateTimeFunctions, c.About.SystemFunctions = expr.FunctionGroups()
	if statements != nil {
		c.Statements, c.Catalog, c.Sessions, c.Ingest, c.Auth = statements, statements, statements, statements, s.users
	} else {
		elsewhere, err := s.refer()
		if err != nil {
			return err
		}
		c.Statements, c.Catalog, c.Sessions = elsewhere, elsewhere, elsewhere
	}
	c.TLS = s.config.TLS.toClients()
	c.Locations, c.Readers = s.locations, s.readers
	if s.config.Cluster != nil && !s.config.Cluster.Key.IsZero() { // another coordinator may be shown a ticket
		var err error
		if c.Key, err = s.config.Cluster.Key.Derive("tickets"); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", s.config.Listen)
	if err != nil {
		return err
	}
	s.listener, s.flight = l, flight.New(c)
	return nil
}

func (s *Server) serve() {
	go func() { // ends when Close stops the server
		if err := s.flight.Serve(s.listener); err != nil {
			s.failed <- err
		}
	}()
}

// Addr is the address that is listened on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is how clients reach the server.
func (s *Server) URL() string {
	if s.config.TLS.toClients() != nil {
		return "grpc+tls://" + s.Addr()
	}
	return "grpc://" + s.Addr()
}

// Failed gives the error that ended the server, if one does.
func (s *Server) Failed() <-chan error { return s.failed }

// closeTimeout bounds how long running calls may take to end.
const closeTimeout = 5 * time.Second

// Close ends all queries and frees everything, in reverse order of Start.
func (s *Server) Close() {
	if s.flight != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		s.flight.Shutdown(ctx)
		cancel()
		_ = s.listener.Close() // the server has, if it has begun
	}
	if s.peers != nil {
		s.peers.leave()
	}
	s.closeHTTP()
	if s.stopCatalog != nil {
		s.stopCatalog()
	}
	s.following.Wait()
	if s.coord != nil {
		s.coord.Close()
	}
	if s.reader != nil {
		s.reader.Close()
	}
	for _, w := range s.workers {
		w.Close()
	}
	s.system.Shutdown()
	if s.peers != nil {
		s.peers.close()
	}
	s.files.Close()
	if s.columns != nil {
		s.columns.Close()
	}
	if s.spill != nil {
		if err := s.spill.Close(); err != nil {
			s.config.Log.Warn("left behind", "folder", s.spill.Folder(), "error", err)
		}
	}
}
