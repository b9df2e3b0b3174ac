package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/coordinator/session"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
	"github.com/skein-query/skein/worker"
)

// Config is the flags of an embedded cluster.
type Config struct {
	Listen       string
	Workers      int
	Threads      int // of all workers together
	Tables       []string
	MemoryBytes  int64
	ColumnBytes  int64 // of decoded columns kept between queries; 0: none
	Distribution place.Mode
	Encode       bool // fragments travel as Substrait within the process too
	Frames       bool // pieces take the form they would have on a network
	BatchRows    int
	Lease        time.Duration // of results that nobody fetches; 0: Flight's default
	Version      string
	Log          *slog.Logger
}

// Server is a running embedded cluster.
type Server struct {
	listener net.Listener
	flight   *flight.Server
	failed   chan error
	system   *cluster.System
	coord    *coordinator.Coordinator
	workers  []*worker.Worker
	files    *parquet.Cache
	columns  *parquet.ColumnCache // nil: none
	ledger   *memory.Ledger
	hub      *exchange.Hub
	Catalog  *catalog.Catalog
}

// footerCacheBytes bounds the footers kept in memory.
const footerCacheBytes = 256 << 20

// Start opens the cluster, registers its tables and begins to serve.
func Start(ctx context.Context, c Config) (*Server, error) {
	if c.Workers < 1 || c.Threads < 1 {
		return nil, fmt.Errorf("a cluster needs at least one worker and one thread, not %d and %d", c.Workers, c.Threads)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MemoryBytes > 0 {
		debug.SetMemoryLimit(c.MemoryBytes - c.MemoryBytes/20)
	}
	sql.Warm()
	store := object.NewRouter()
	s := &Server{failed: make(chan error, 1), files: parquet.NewCache(store, footerCacheBytes), system: cluster.NewSystem(c.Log)}
	s.Catalog = catalog.New(store, s.files)
	statements, err := s.startCluster(c, store)
	if err == nil {
		err = registerAll(ctx, s.Catalog, store, c.Tables)
	}
	if err == nil {
		err = s.listen(c, statements)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) startCluster(c Config, store object.Store) (*session.Statements, error) {
	pool := memory.NewPool()
	s.hub, s.ledger = exchange.NewHub(), memory.NewLedger(accounted(c.MemoryBytes))
	if c.ColumnBytes > 0 {
		s.columns = parquet.NewColumnCache(c.ColumnBytes, s.ledger.NewAccount("column cache"))
		s.ledger.OnPressure(s.columns.Reclaim)
		s.files.KeepColumns(s.columns)
	}
	coord, err := coordinator.New(s.system, s.hub, s.footers, c.Log)
	if err != nil {
		return nil, err
	}
	s.coord = coord
	for i := range c.Workers {
		name := fmt.Sprintf("worker-%d", i+1)
		threads := c.Threads / c.Workers
		if i < c.Threads%c.Workers {
			threads++
		}
		w := worker.New(name, worker.Resources{Files: s.files, Pool: pool, Ledger: s.ledger, Hub: s.hub}, s.system, c.Log)
		address, err := s.system.Spawn(name, w)
		if err != nil {
			return nil, err
		}
		s.workers = append(s.workers, w)
		coord.Join(coordinator.Worker{Member: place.Member{Name: name, Threads: max(1, threads), Process: "embedded"}, Address: address})
	}
	return &session.Statements{Catalog: s.Catalog, Coordinator: coord, Log: c.Log,
		Defaults: session.Defaults{Distribution: c.Distribution, Encode: c.Encode, Frames: c.Frames, BatchRows: c.BatchRows}}, nil
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

func (s *Server) listen(c Config, statements *session.Statements) error {
	s.flight = flight.New(flight.Config{Statements: statements, Catalog: statements, Sessions: statements, Log: c.Log, Lease: c.Lease,
		About: flight.About{Version: c.Version, Keywords: sql.Keywords(), StringFunctions: expr.FunctionNames()}})
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	s.listener = l
	go func() { // ends when Close stops the server
		if err := s.flight.Serve(l); err != nil {
			s.failed <- err
		}
	}()
	return nil
}

// Addr is the address that is listened on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

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
	}
	if s.coord != nil {
		s.coord.Close()
	}
	for _, w := range s.workers {
		w.Close()
	}
	s.system.Shutdown()
	s.files.Close()
	if s.columns != nil {
		s.columns.Close()
	}
}
