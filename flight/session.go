package flight

import (
	"maps"
	"sync"
)

// Session is one client's state between statements: its options. It is made by
// the server and lives until the client closes it, its connection ends or it has
// not been used for a while.
type Session struct {
	id      string
	user    string
	checked bool // the user is who it says

	mu      sync.Mutex
	roles   []string          // that the user's login gives
	options map[string]string // set by the client, canonical names
	private bool              // see SetPrivate
	ended   bool
	keys    int // under which the server finds it
}

// NewSession is a session outside a server: for a ticket run again, and for tests.
func NewSession(id, user string, options map[string]string) *Session {
	return &Session{id: id, user: user, options: maps.Clone(options)}
}

// SetPrivate says whether the session has things of its own, such as temporary tables,
// so that its statements may mean something else in any other.
func (s *Session) SetPrivate(private bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.private = private
}

// isPrivate reports what SetPrivate has set.
func (s *Session) isPrivate() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.private
}

// Ended reports whether the session is over: nobody will find it again.
func (s *Session) Ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// end ends the session and reports whether it had not ended before.
func (s *Session) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.ended
	s.ended = true
	return first
}

// count notes that there are more keys, or fewer, and reports whether there are none.
func (s *Session) count(keys int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys += keys
	return s.keys == 0
}

// ID is unique among the sessions of a process.
func (s *Session) ID() string { return s.id }

// User is the name the client gave at login, empty without one.
func (s *Session) User() string { return s.user }

// Roles are those that the user's login itself gives, besides what SQL grants.
func (s *Session) Roles() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roles
}

func (s *Session) setRoles(roles []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles = roles
}

// Get is the value of an option, false when the client has not set it.
func (s *Session) Get(name string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.options[name]
	return v, ok
}

// Set sets an option; an empty value resets it.
func (s *Session) Set(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value == "" {
		delete(s.options, name)
		return
	}
	if s.options == nil {
		s.options = map[string]string{}
	}
	s.options[name] = value
}

// Options is a copy of the options the client has set.
func (s *Session) Options() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.options)
}
