package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Codec is the form of messages outside of a process.
type Codec interface {
	Encode(message any) ([]byte, error)
	Decode(b []byte) (any, error)
}

// Remoting says how a process is reached by the actors of others.
type Remoting struct {
	Bind      string // host:port to listen on; port 0 takes a free one
	Advertise string // host:port for the others; empty: Bind
	Codec     Codec
	MaxBytes  int           // of an encoded message; 0: 64 MiB
	Deadline  time.Duration // after which a process that does not acknowledge is given up; 0: 10 s
	// Key proves to either end of a connection that the other is of the cluster; TLS
	// is used in its place when it is there, and must ask for the client's certificate.
	// Without both only loopback is listened on.
	Key Key
	TLS *tls.Config
	// Failed hears of a process that has been given up. It must not block.
	Failed func(host string, incarnation uint64)
	Log    *slog.Logger
}

// remoting is a system that listens.
type remoting struct {
	link   *link
	remote *remote.Remote
	conns  *conns
	events func() // ends the subscription to what the runtime says of connections
}

// Listen makes the actors of the system known to other processes: once, and before the
// process uses gRPC for anything else. For the runtime's remoting takes gRPC's log away
// from the whole process without a lock, and to give it back would be the same race.
// Nothing is lost by it: gRPC writes errors alone, which its callers get too.
func (s *System) Listen(c Remoting) error {
	c.defaults()
	host, port, err := hostPort(c.Bind)
	if err != nil {
		return fmt.Errorf("actor address: %w", err)
	}
	creds, err := c.credentials(host)
	if err != nil {
		return fmt.Errorf("actors on %s: %w", c.Bind, err)
	}
	r := &remoting{conns: newConns()}
	r.link = newLink(s, c)
	r.link.transmit = func(host string, frame []byte) {
		s.system.Root.Send(actor.NewPID(host, linkName), wrapperspb.Bytes(frame))
	}
	r.link.probe = func(host string) error {
		conn, err := net.DialTimeout("tcp", host, dialTimeout)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // the runtime puts the port behind it as it is
	}
	r.remote = remote.NewRemote(s.system, remote.Configure(host, port, r.options(c, creds)...))
	if err := startRemote(r.remote); err != nil {
		return fmt.Errorf("actors on %s: %w", c.Bind, err)
	}
	r.link.host = s.system.Address()
	if _, err := s.system.Root.SpawnNamed(actor.PropsFromFunc(func(ctx actor.Context) {
		if m, ok := ctx.Message().(*wrapperspb.BytesValue); ok {
			r.link.receive(m.GetValue())
		}
	}), linkName); err != nil {
		return err
	}
	subscription := s.system.EventStream.Subscribe(func(event any) {
		if e, ok := event.(*remote.EndpointTerminatedEvent); ok {
			r.link.disconnected(e.Address)
		}
	})
	r.events = func() { s.system.EventStream.Unsubscribe(subscription) }
	r.link.wg.Go(r.link.clock) // ends with Shutdown, which waits
	s.remote.Store(r)
	return nil
}

// Host is host:port by which other processes reach this one; empty when they cannot.
func (s *System) Host() string {
	if r := s.remote.Load(); r != nil {
		return r.link.host
	}
	return ""
}

func (c *Remoting) defaults() {
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 20
	}
	if c.Deadline == 0 {
		c.Deadline = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// credentials are those of both ends of a connection.
func (c *Remoting) credentials(host string) (credentials.TransportCredentials, error) {
	switch {
	case c.TLS != nil && c.TLS.ClientAuth != tls.RequireAndVerifyClientCert:
		return nil, errors.New("a TLS configuration that does not ask for the client's certificate lets anyone in")
	case c.TLS != nil:
		return credentials.NewTLS(c.TLS), nil
	case !c.Key.IsZero():
		conf, err := c.Key.tls("actors")
		if err != nil {
			return nil, err
		}
		return credentials.NewTLS(conf), nil
	case !loopback(host):
		return nil, errors.New("without a cluster key or TLS only loopback is listened on")
	}
	return insecure.NewCredentials(), nil
}

// options keep the runtime's remoting within bounds: its own are a limit of 4 MiB, at
// which a connection ends, queues of a million, and seconds of sleep in which it tries
// to connect again. The link does that, and packs letters itself.
func (r *remoting) options(c Remoting, creds credentials.TransportCredentials) []remote.ConfigOption {
	limit := c.MaxBytes + 1<<20
	options := []remote.ConfigOption{
		remote.WithServerOptions(
			grpc.Creds(tracked{creds, r.conns}),
			grpc.MaxRecvMsgSize(limit), grpc.MaxSendMsgSize(limit),
			grpc.StreamInterceptor(guardStream), grpc.UnaryInterceptor(guardCall),
			grpc.ConnectionTimeout(5*time.Second),
			grpc.KeepaliveParams(keepalive.ServerParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
			grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true})),
		remote.WithDialOptions(
			grpc.WithTransportCredentials(creds), grpc.WithContextDialer(r.conns.dial),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true})),
		remote.WithCallOptions(grpc.MaxCallSendMsgSize(limit), grpc.MaxCallRecvMsgSize(limit)),
		remote.WithEndpointWriterBatchSize(1), remote.WithEndpointWriterQueueSize(1 << 10),
		remote.WithEndpointManagerBatchSize(1), remote.WithEndpointManagerQueueSize(1 << 10),
		func(c *remote.Config) { c.MaxRetryCount = 1 },
	}
	if c.Advertise != "" {
		options = append(options, remote.WithAdvertisedHost(c.Advertise))
	}
	return options
}

// startRemote starts the runtime's remoting, which panics when the port is taken.
func startRemote(r *remote.Remote) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	r.Start()
	return nil
}

// closeGrace is how long peers have to hang up when they are told that this process
// goes.
const closeGrace = 200 * time.Millisecond

func (r *remoting) close() {
	r.events()
	r.link.close()
	// The runtime waits ten seconds for peers that do not hang up.
	hangUp := time.AfterFunc(closeGrace, r.conns.closeAll)
	r.remote.Shutdown(true)
	hangUp.Stop()
	r.conns.closeAll()
}

// guardStream lets no more of the runtime's protocol in than frames to the link: it
// would hand messages to any of its own actors, stop them, and take the process down
// over a type that it does not know.
func guardStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = status.Errorf(codes.Internal, "a bug in Skein: %v", p)
		}
	}()
	return handler(srv, guarded{stream})
}

// guardCall refuses the runtime's calls for diagnosis, which it has not written.
func guardCall(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
	return nil, status.Error(codes.Unimplemented, "not offered")
}

type guarded struct{ grpc.ServerStream }

func (g guarded) RecvMsg(m any) error {
	if err := g.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	r, ok := m.(*remote.RemoteMessage)
	if !ok || !allowed(r) {
		return status.Error(codes.InvalidArgument, "not a frame")
	}
	for _, target := range r.GetMessageBatch().GetTargets() {
		// By whatever name we were called: to one that is not its own the runtime
		// would send it on, to us.
		target.Address = localHost
	}
	return nil
}

// allowed reports whether a message of the runtime's protocol is the greeting of
// another process, or frames for the link.
func allowed(m *remote.RemoteMessage) bool {
	if m.GetConnectRequest().GetServerConnection() != nil {
		return true
	}
	batch := m.GetMessageBatch()
	if batch == nil || len(batch.Targets) != 1 || batch.Targets[0].GetId() != linkName ||
		len(batch.TypeNames) != 1 || batch.TypeNames[0] != "google.protobuf.BytesValue" {
		return false
	}
	for _, e := range batch.Envelopes {
		if e.GetTarget() != 0 || e.GetTypeId() != 0 || e.GetSender() != 0 || e.GetSerializerId() != 0 || e.GetMessageHeader() != nil {
			return false
		}
	}
	return true
}

// localHost is what the runtime calls a process that does not listen, and itself.
const localHost = "nonhost"

// tracked is credentials whose server keeps account of its connections.
type tracked struct {
	credentials.TransportCredentials
	conns *conns
}

func (t tracked) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return t.TransportCredentials.ServerHandshake(t.conns.add(raw))
}

func (t tracked) Clone() credentials.TransportCredentials {
	return tracked{t.TransportCredentials.Clone(), t.conns}
}
