package flight

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/skein-query/skein/internal/auth"
	"github.com/skein-query/skein/internal/sqlerr"
)

// Authenticator says who callers are. Its errors are *sqlerr.Error of class 28. A peer
// is the host that a call came from.
type Authenticator interface {
	// Required reports whether calls need credentials.
	Required() bool
	// Password checks a password.
	Password(ctx context.Context, user, password, peer string) (auth.Identity, error)
	// Token checks a bearer token that this server and its like have not made.
	Token(ctx context.Context, token, peer string) (auth.Identity, error)
	// Certificate says whose a verified certificate is.
	Certificate(*x509.Certificate) (auth.Identity, error)
	// Refresh is an identity that was good when a token was made, as it is now.
	Refresh(auth.Identity) (auth.Identity, error)
}

// login is the content of a token that Handshake gives out.
type login struct {
	ID      string    `json:"id"`
	User    string    `json:"user"`
	Stamp   string    `json:"stamp,omitempty"` // of the password that it was given for
	Checked bool      `json:"checked,omitempty"`
	Expires time.Time `json:"expires"`
}

// known is a caller whose credentials have been checked.
type known struct {
	identity auth.Identity
	login    string    // the id of its token, empty without one
	expires  time.Time // of that token
}

type knownKey struct{}

// authorization splits the authorization header; the scheme in lower case, since
// clients differ. Several headers that differ are an error: which one is meant?
func authorization(md metadata.MD) (scheme, credentials string, err error) {
	header := ""
	for i, h := range md.Get("authorization") {
		if h = strings.TrimSpace(h); i > 0 && h != header {
			return "", "", sqlerr.New(sqlerr.InvalidAuthorization, "there are several authorization headers")
		}
		header = h
	}
	scheme, credentials, _ = strings.Cut(header, " ")
	return strings.ToLower(scheme), strings.TrimSpace(credentials), nil
}

// errBasic says nothing of what was sent: it may be half a password.
var errBasic = sqlerr.New(sqlerr.InvalidAuthorization, "the Basic authorization header is malformed").
	WithHint("It is the base64 form of USER:PASSWORD.")

// basic is the user and the password of Basic credentials, padded or not, in either
// alphabet.
func basic(credentials string) (user, password string, err error) {
	text := strings.TrimRight(credentials, "=")
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		raw, err = base64.RawURLEncoding.DecodeString(text)
	}
	user, password, colon := strings.Cut(string(raw), ":")
	if err != nil || !colon || !utf8.Valid(raw) || strings.ContainsRune(string(raw), 0) {
		return "", "", errBasic
	}
	return user, password, nil
}

// errNoCredentials is the answer to calls without any.
var errNoCredentials = sqlerr.New(sqlerr.InvalidAuthorization, "credentials are required").
	WithHint("Log in with a user and a password, a token or a client certificate.")

func unknownScheme(scheme string) error {
	if len(scheme) > 20 {
		scheme = scheme[:20]
	}
	return sqlerr.New(sqlerr.InvalidAuthorization, "authorization scheme %q is not known", scheme).WithHint("Use Basic or Bearer.")
}

// protected reports whether calls need credentials.
func (s *Server) protected() bool { return s.config.Auth != nil && s.config.Auth.Required() }

// authenticate finds out who calls. An authorization header decides alone; without one
// the client's certificate does.
func (s *Server) authenticate(ctx context.Context) (known, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	scheme, credentials, err := authorization(md)
	if err != nil {
		return known{}, err
	}
	switch scheme {
	case "":
		return s.byCertificate(ctx)
	case "basic":
		user, password, err := basic(credentials)
		if err != nil {
			return known{}, err
		}
		id, err := s.config.Auth.Password(ctx, user, password, peerHost(ctx))
		return known{identity: id}, err
	case "bearer":
		if credentials == "" {
			return known{}, sqlerr.New(sqlerr.InvalidAuthorization, "the Bearer authorization header has no token")
		}
		return s.byToken(ctx, credentials)
	}
	return known{}, unknownScheme(scheme)
}

func (s *Server) byToken(ctx context.Context, token string) (known, error) {
	l, ok := s.openToken(token)
	if !ok {
		id, err := s.config.Auth.Token(ctx, token, peerHost(ctx))
		return known{identity: id}, err
	}
	if !l.Checked || time.Now().After(l.Expires) { // or it is of a time when nobody was asked
		return known{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token has expired").WithHint("Log in again.")
	}
	id, err := s.config.Auth.Refresh(auth.Identity{User: l.User, Stamp: l.Stamp})
	return known{identity: id, login: l.ID, expires: l.Expires}, err
}

func (s *Server) byCertificate(ctx context.Context) (known, error) {
	p, _ := peer.FromContext(ctx)
	if p == nil {
		return known{}, errNoCredentials
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 || len(info.State.VerifiedChains[0]) == 0 {
		return known{}, errNoCredentials
	}
	id, err := s.config.Auth.Certificate(info.State.VerifiedChains[0][0])
	if err == nil && time.Now().After(id.Expires) { // the connection is older than the certificate got
		err = sqlerr.New(sqlerr.InvalidAuthorization, "the client certificate has expired")
	}
	return known{identity: id}, err
}

// peerHost is the host that a call came from.
func peerHost(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(p.Addr.String())
	if err != nil {
		return p.Addr.String()
	}
	return host
}

// makeToken signs a token that names its session and its user.
func (s *Server) makeToken(id string, identity auth.Identity, checked bool) (string, error) {
	token, err := s.signer.sign(forLogin, login{ID: id, User: identity.User, Stamp: identity.Stamp, Checked: checked,
		Expires: time.Now().Add(s.config.TokenTTL).UTC()})
	return base64.RawURLEncoding.EncodeToString(token), err
}

func (s *Server) openToken(token string) (l login, ok bool) {
	signed, err := base64.RawURLEncoding.DecodeString(token)
	return l, err == nil && s.signer.open(forLogin, signed, &l) == nil
}

// open reports whether a method is called without credentials: Handshake looks at them
// itself, and whoever asks for a process's health has none.
func open(method string) bool {
	return method == "/arrow.flight.protocol.FlightService/Handshake" || strings.HasPrefix(method, "/grpc.health.v1.Health/")
}

// admit checks the credentials of a call, once there are users, and notes who it is.
func (s *Server) admit(ctx context.Context, method string) (context.Context, error) {
	if open(method) || !s.protected() {
		return ctx, nil
	}
	k, err := s.authenticate(ctx)
	if err != nil {
		return nil, err
	}
	if k.login != "" && time.Until(k.expires) < s.config.TokenTTL/2 { // a client that lives on need not log in again
		if token, err := s.makeToken(k.login, k.identity, true); err == nil {
			_ = grpc.SetHeader(ctx, metadata.Pairs("authorization", "Bearer "+token)) // fails only when the client is gone
		}
	}
	return context.WithValue(ctx, knownKey{}, k), nil
}

func (s *Server) admitUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx, err := s.admit(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

func (s *Server) admitStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, err := s.admit(ss.Context(), info.FullMethod)
	if err != nil {
		if info.FullMethod != "/arrow.flight.protocol.FlightService/DoGet" {
			return err
		}
		select {
		case s.refused <- struct{}{}: // the ticket of one who is not known is read, so only of few at a time
			defer func() { <-s.refused }()
		default:
			return err
		}
		ctx = context.WithValue(ss.Context(), refusedKey{}, err)
	}
	return handler(srv, admitted{ss, ctx})
}

// refusedKey has the error of a DoGet whose credentials are not good. It gets what
// confirms an effect and nothing else: whoever makes the first user, or changes the own
// password, would else hear that it has failed.
type refusedKey struct{}

// confirm answers a DoGet whose caller is refused.
func (s *Server) confirm(refused error, request *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	var t ticket
	statement, err := flightsql.GetStatementQueryTicket(request)
	if err != nil || s.signer.open(forTicket, statement.GetStatementHandle(), &t) != nil || !t.Update {
		return refused
	}
	q, done, ok := s.queries.read(t.Lease)
	if !ok {
		return refused
	}
	defer done()
	if len(q.columns) > 0 { // rows are for the user who may see them
		return refused
	}
	return send(q, stream)
}

// admitted is a stream whose caller is known.
type admitted struct {
	grpc.ServerStream
	ctx context.Context
}

// Context has who calls.
func (a admitted) Context() context.Context { return a.ctx }

// handshake answers a login with a token, in the headers and in the trailers, since
// clients look in one or the other. Before there are users everybody is let in.
func (s *Server) handshake(ctx context.Context) (metadata.MD, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	scheme, credentials, err := authorization(md)
	if err != nil {
		return nil, err
	}
	protected := s.protected()
	k := known{}
	if protected {
		if k, err = s.authenticate(ctx); err != nil {
			return nil, err
		}
	}
	switch scheme {
	case "":
		if !protected {
			return nil, nil
		}
	case "bearer": // taken as it is
		return metadata.Pairs("authorization", "Bearer "+credentials), nil
	case "basic":
		if !protected {
			if k.identity.User, _, err = basic(credentials); err != nil {
				return nil, err
			}
		}
	default:
		return nil, unknownScheme(scheme)
	}
	if k.identity.Stamp == "" && protected { // a certificate: the connection says it with every call
		return nil, nil
	}
	token, err := s.makeToken(rand.Text(), k.identity, protected)
	return metadata.Pairs("authorization", "Bearer "+token), err
}

// vouched refuses a ticket of a time of users to a server that knows none, unless a token of
// the cluster says that its user shows it.
func (s *Server) vouched(ctx context.Context, t ticket) error {
	if !t.Guarded || s.protected() {
		return nil
	}
	md, _ := metadata.FromIncomingContext(ctx)
	scheme, credentials, err := authorization(md)
	if err != nil {
		return err
	}
	if l, ok := s.openToken(credentials); scheme != "bearer" || !ok || !l.Checked || l.User != t.User || time.Now().After(l.Expires) {
		return sqlerr.New(sqlerr.InvalidAuthorization, "a token of the ticket's user is required").
			WithHint("Handshake with a coordinator gives one; the ticket can be fetched there too.")
	}
	return nil
}

// own refuses what was made for another user.
func (s *Server) own(ctx context.Context, user, what string) error {
	if s.protected() && s.caller(ctx).user != user {
		return sqlerr.New(sqlerr.InsufficientPrivilege, "the %s is another user's", what)
	}
	return nil
}
