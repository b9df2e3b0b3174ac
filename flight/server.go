package flight

import (
	"context"
	"crypto/tls"
	"log/slog"
	"math"
	"net"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"

	"github.com/skein-query/skein/internal/trace"
)

// Config is what a server needs. Zero durations and sizes take the defaults named
// beside them.
type Config struct {
	Statements Statements
	Catalog    Catalog
	Sessions   Sessions
	Ingest     Ingest // nil: ingestion is refused with 0A000
	About      About

	Lease       time.Duration   // how long a started query waits for its DoGet: 60 s
	PreparedTTL time.Duration   // how long an unused prepared statement is remembered: 1 h
	SessionTTL  time.Duration   // how long an unused session is remembered: 1 h
	TokenTTL    time.Duration   // how long a token of Handshake is good; one in use is renewed: 24 h
	Auth        Authenticator   // nil: nobody is asked for credentials
	Locations   func() []string // URIs of the servers that any ticket may be shown to, for clients that ask for several endpoints; nil: this one only
	Readers     func() []string // URIs of the servers that give the rows of a share that has its plan (see Share); nil: those of Locations
	Key         []byte          // signs tickets and handles, shared by a cluster's coordinators; nil: random
	TLS         *tls.Config     // nil: connections are not encrypted
	Log         *slog.Logger    // nil: slog.Default
	Trace       *trace.Tracer   // nil: nothing is traced
}

// About is what GetSqlInfo says of the dialect beside what this package knows.
type About struct {
	Version                                                               string
	Keywords                                                              []string
	NumericFunctions, StringFunctions, SystemFunctions, DateTimeFunctions []string
}

// Limits of the protocol. Requests carry statements of up to 16 MiB and batches of
// parameters; sessions and statements are small.
const (
	maxRequestBytes  = 64 << 20
	maxHeaderBytes   = 256 << 10
	writeBufferBytes = 512 << 10 // of a connection: what leaves with one system call
	maxSessions      = 10_000
	maxPrepared      = 10_000
	maxWaiting       = 10_000
	maxRefused       = 4
)

// Server is a Flight SQL server.
type Server struct {
	config   Config
	signer   signer
	sessions *sessionStore
	prepared *expiring[*preparedEntry]
	queries  *queries
	polls    *polls
	refused  chan struct{} // a place for each DoGet without good credentials (see admitStream)
	grpc     *grpc.Server
	health   *health.Server
}

// New makes a server that does not listen yet.
func New(c Config) *Server {
	c.Lease = orDefault(c.Lease, time.Minute)
	c.PreparedTTL = orDefault(c.PreparedTTL, time.Hour)
	c.SessionTTL = orDefault(c.SessionTTL, time.Hour)
	c.TokenTTL = orDefault(c.TokenTTL, 24*time.Hour)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	s := &Server{
		config:   c,
		signer:   newSigner(c.Key),
		sessions: newSessionStore(c.SessionTTL, c.Sessions.End),
		prepared: newExpiring[*preparedEntry](c.PreparedTTL, maxPrepared),
		queries:  newQueries(c.Log, c.Lease),
		polls:    newPolls(),
		refused:  make(chan struct{}, maxRefused),
		health:   health.NewServer(),
	}
	g := guard{c.Log}
	creds := insecure.NewCredentials()
	if c.TLS != nil {
		creds = credentials.NewTLS(c.TLS)
	}
	s.grpc = grpc.NewServer(
		grpc.Creds(creds), grpc.ForceServerCodecV2(newCodec()), grpc.WriteBufferSize(writeBufferBytes),
		grpc.ChainUnaryInterceptor(g.unary, s.admitUnary), grpc.ChainStreamInterceptor(g.stream, s.admitStream),
		grpc.StatsHandler(s.sessions),
		grpc.MaxRecvMsgSize(maxRequestBytes), grpc.MaxSendMsgSize(math.MaxInt32),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	handler := newSQLServer(s)
	register(s.grpc, &service{FlightServer: flightsql.NewFlightServer(handler), server: s})
	healthpb.RegisterHealthServer(s.grpc, s.health)
	return s
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// Serve answers on lis until Shutdown; it closes lis.
func (s *Server) Serve(lis net.Listener) error { return s.grpc.Serve(lis) }

// stopTimeout bounds how long calls that were told to end may take.
const stopTimeout = 3 * time.Second

// Shutdown refuses new calls, lets running ones end until ctx does, then cancels
// the queries that are left and closes all connections.
func (s *Server) Shutdown(ctx context.Context) {
	s.health.Shutdown()
	graceful := make(chan struct{})
	go func() { // ends with GracefulStop, which Stop below hastens
		s.grpc.GracefulStop()
		close(graceful)
	}()
	s.polls.cancelAll()
	s.queries.cancelWaiting()
	select {
	case <-graceful:
	case <-ctx.Done():
		s.queries.cancelAll()
		s.grpc.Stop()
		select {
		case <-graceful:
		case <-time.After(stopTimeout): // a call that does not end by its context
		}
	}
	s.queries.cancelAll()
}
