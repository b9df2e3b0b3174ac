package flight

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// sessionCookie is the cookie the Flight specification's other servers use.
const sessionCookie = "arrow_flight_session_id"

// sessionStore finds the session of a call by what the client shows, in this order:
// the session cookie, a token that Handshake gave out, the connection. Python's
// clients keep cookies only when asked and log in only when told, so the
// connection is what most of them have.
//
// It is the gRPC server's stats handler, because only that sees connections end.
type sessionStore struct {
	byKey       *expiring[*Session] // by "cookie ID", "token ID" and "connection N"
	connections atomic.Int64
	ended       func(*Session)
}

// newSessionStore tells ended of every session that is over.
func newSessionStore(ttl time.Duration, ended func(*Session)) *sessionStore {
	s := &sessionStore{byKey: newExpiring[*Session](ttl, maxSessions), ended: ended}
	s.byKey.came = func(session *Session) { session.count(1) }
	s.byKey.went = func(session *Session) {
		if session.count(-1) {
			s.end(session)
		}
	}
	return s
}

func (s *sessionStore) end(session *Session) {
	if session.end() {
		s.ended(session)
	}
}

// caller is what a call shows of its client.
type caller struct {
	cookie     string // session id, empty without
	login      string // id of a token of ours, empty without
	user       string
	roles      []string // that its login gives it
	checked    bool     // it has shown who it is
	connection *connection
}

// owns reports whether a session is the caller's: once there are users, nobody gets
// another's, whatever cookie it shows or connection it shares.
func (c caller) owns(s *Session) bool {
	return s.checked == c.checked && (!c.checked || s.User() == c.user)
}

// key is what the call's session is known by without a cookie.
func (c caller) key() string {
	if c.login != "" {
		return "token " + c.login
	}
	key := "connection "
	if c.connection != nil {
		key += strconv.FormatInt(c.connection.id, 10)
	}
	if c.checked { // a gateway's connection has calls of several users
		key += " " + c.user
	}
	return key
}

// find gives the call's session, false when it has none yet.
func (s *sessionStore) find(c caller) (*Session, bool) {
	if c.cookie != "" {
		if session, ok := s.byKey.get("cookie " + c.cookie); ok && c.owns(session) && !session.Ended() {
			return session, true
		}
	}
	session, ok := s.byKey.get(c.key())
	if !ok || !c.owns(session) || session.Ended() {
		return nil, false
	}
	return session, true
}

// named gives the session of an ID; false when there is none that a client may be using.
func (s *sessionStore) named(id string) (session *Session, ok bool) {
	s.byKey.mu.Lock()
	defer s.byKey.mu.Unlock()
	for _, e := range s.byKey.entries {
		if e.value.ID() == id && !e.value.Ended() {
			return e.value, true
		}
	}
	return nil, false
}

// open gives the call's session, making it when needed. A cookie we do not know
// is ignored: the client must not choose a session's id.
func (s *sessionStore) open(c caller) *Session {
	if session, ok := s.find(c); ok {
		session.setRoles(c.roles)
		return session
	}
	session := c.newSession(rand.Text(), nil)
	s.byKey.put(c.key(), session)
	if c.login == "" && c.connection != nil {
		c.connection.note(c.key())
	}
	return session
}

// newSession is a session of the caller that nobody else finds.
func (c caller) newSession(id string, options map[string]string) *Session {
	session := NewSession(id, c.user, options)
	session.checked, session.roles = c.checked, c.roles
	return session
}

// offer gives the session a cookie, so that it outlives the connection for
// clients that keep cookies.
func (s *sessionStore) offer(ctx context.Context, session *Session) {
	s.byKey.put("cookie "+session.ID(), session)
	cookie := http.Cookie{Name: sessionCookie, Value: session.ID()}
	_ = grpc.SetHeader(ctx, metadata.Pairs("set-cookie", cookie.String())) // fails only when the client is gone
}

// close forgets the call's session.
func (s *sessionStore) close(ctx context.Context, c caller) {
	if session, ok := s.find(c); ok {
		s.byKey.remove("cookie " + session.ID())
		s.end(session)
	}
	s.byKey.remove(c.key())
	cookie := http.Cookie{Name: sessionCookie, MaxAge: -1}
	_ = grpc.SetHeader(ctx, metadata.Pairs("set-cookie", cookie.String()))
}

// caller reads what a call shows of its client.
func (s *Server) caller(ctx context.Context) caller {
	c := caller{}
	c.connection, _ = ctx.Value(connectionKey{}).(*connection)
	md, _ := metadata.FromIncomingContext(ctx)
	for _, line := range md.Get("cookie") {
		cookies, err := http.ParseCookie(line)
		if err != nil {
			continue
		}
		for _, cookie := range cookies {
			if cookie.Name == sessionCookie {
				c.cookie = cookie.Value
			}
		}
	}
	if k, ok := ctx.Value(knownKey{}).(known); ok {
		c.login, c.user, c.roles, c.checked = k.login, k.identity.User, k.identity.Roles, true
		return c
	}
	scheme, credentials, _ := authorization(md) // nobody is asked for credentials: the name is taken as it is
	switch scheme {
	case "basic":
		c.user, _, _ = basic(credentials)
	case "bearer":
		if l, ok := s.openToken(credentials); ok {
			c.login, c.user = l.ID, l.User
		}
	}
	return c
}

// session is the session of a call, made when it is the first.
func (s *Server) session(ctx context.Context) *Session { return s.sessions.open(s.caller(ctx)) }

type connectionKey struct{}

// connection is one of a client's, and the keys of the sessions that end with it.
type connection struct {
	id   int64
	mu   sync.Mutex
	keys map[string]bool
}

func (c *connection) note(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil {
		c.keys = map[string]bool{}
	}
	c.keys[key] = true
}

// TagConn numbers a connection.
func (s *sessionStore) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{id: s.connections.Add(1)})
}

// HandleConn forgets the sessions that were known by a connection when that ends.
func (s *sessionStore) HandleConn(ctx context.Context, event stats.ConnStats) {
	if _, ended := event.(*stats.ConnEnd); !ended {
		return
	}
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		for key := range c.keys {
			s.byKey.remove(key)
		}
	}
}

// TagRPC does nothing; the interface wants it.
func (s *sessionStore) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC does nothing; the interface wants it.
func (s *sessionStore) HandleRPC(context.Context, stats.RPCStats) {}
