package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Identity is who somebody is.
type Identity struct {
	User  string
	Roles []string // that the login itself gives: of the users file, of a token's claim
	// Stamp changes when the credentials do; empty for those that are checked elsewhere.
	Stamp   string
	Expires time.Time // of the credentials; zero: never
}

// Directory is users that are kept elsewhere: those made by SQL.
type Directory interface {
	// User gives a user's hash, empty when there is no password; login is false for a
	// role that cannot log in, ok for a name that is no role.
	User(name string) (hash string, login, ok bool)
	// HasUsers reports whether anybody can log in.
	HasUsers() bool
}

// Config is where users come from. Nil and false are none.
type Config struct {
	File         *File
	Directory    Directory
	Issuer       *Issuer
	Certificates bool // clients may show certificates
	Log          *slog.Logger
}

// Users checks credentials. Safe for concurrent use.
type Users struct {
	config Config
	key    []byte        // of the keyed hashes in recent
	gate   *gate         // of those who failed
	slots  chan struct{} // who may compute a hash: it takes 19 MiB and a core
	absent func() string // a hash that nobody's password has

	mu     sync.Mutex
	recent map[[sha256.Size]byte]remembered
}

// remembered are credentials that were right.
type remembered struct {
	identity Identity
	until    time.Time
}

const (
	rememberFor   = 5 * time.Minute
	maxRemembered = 10_000
	maxHashing    = 4
)

// NewUsers makes the check of credentials.
func NewUsers(c Config) *Users {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	u := &Users{config: c, key: make([]byte, 32), gate: newGate(), slots: make(chan struct{}, maxHashing),
		absent: sync.OnceValue(func() string { return Hash(rand.Text()) }), recent: map[[sha256.Size]byte]remembered{}}
	_, _ = rand.Read(u.key) // never fails since Go 1.24
	return u
}

// Required reports whether calls need credentials: there is somebody who has some.
func (u *Users) Required() bool {
	c := u.config
	return c.File != nil || c.Issuer != nil || c.Certificates || c.Directory != nil && c.Directory.HasUsers()
}

// Known reports whether a name is a user's or a role's.
func (u *Users) Known(name string) bool {
	_, _, ok := u.find(name)
	return ok
}

// OfFile reports whether a user is kept in the users file.
func (u *Users) OfFile(name string) bool {
	if u.config.File == nil {
		return false
	}
	_, ok := u.config.File.Find(name)
	return ok
}

// Roles are those that the login of a user of the users file gives.
func (u *Users) Roles(name string) []string {
	if u.config.File == nil {
		return nil
	}
	e, _ := u.config.File.Find(name)
	return e.Roles
}

// find gives a user; login is false for one that cannot log in.
func (u *Users) find(name string) (e Entry, login, ok bool) {
	if u.config.File != nil {
		if e, ok := u.config.File.Find(name); ok {
			return e, true, true
		}
	}
	if u.config.Directory != nil {
		if hash, login, ok := u.config.Directory.User(name); ok {
			return Entry{Name: name, Hash: hash}, login, true
		}
	}
	return Entry{}, false, false
}

// failed is PostgreSQL's error: the same for every reason.
func failed(user string) error {
	return sqlerr.New(sqlerr.InvalidPassword, "password authentication failed for user %q", cut(user))
}

// cut bounds what an error quotes of a name.
func cut(name string) string {
	if len(name) > 63 {
		return name[:63]
	}
	return name
}

// Password checks a user's password; peer is the host that it came from.
func (u *Users) Password(ctx context.Context, user, password, peer string) (Identity, error) {
	e, login, ok := u.find(user)
	possible := ok && login && e.Hash != ""
	key := u.digest("password", user, password, e.Hash)
	if possible {
		if id, ok := u.remembered(key); ok {
			return id, nil
		}
	}
	if !u.gate.wait(ctx, user, peer) {
		if err := ctx.Err(); err != nil {
			return Identity{}, context.Cause(ctx)
		}
		return Identity{}, sqlerr.New(sqlerr.InvalidPassword, "too many logins of user %q have failed", cut(user)).WithHint("Try again in a while.")
	}
	hash := e.Hash
	if !possible {
		hash = u.absent()
	}
	right, err := u.verify(ctx, hash, password)
	if err != nil {
		return Identity{}, err
	}
	if !right || !possible {
		u.gate.failed(user, peer)
		u.config.Log.Warn("a login failed", "user", cut(user), "peer", peer)
		return Identity{}, failed(user)
	}
	u.gate.succeeded(user, peer)
	id := Identity{User: e.Name, Roles: e.Roles, Stamp: u.stamp(e)}
	u.remember(key, id, time.Now().Add(rememberFor))
	return id, nil
}

func (u *Users) verify(ctx context.Context, hash, password string) (bool, error) {
	select {
	case u.slots <- struct{}{}:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	defer func() { <-u.slots }()
	return Verify(hash, password), nil
}

// stamp is a digest of a user's credentials that says nothing of them, the same in every
// process of a cluster.
func (u *Users) stamp(e Entry) string {
	sum := sha256.Sum256([]byte("stamp\x00" + e.Name + "\x00" + e.Hash))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// errNoLonger is the error of a token whose user has gone or has other credentials.
var errNoLonger = sqlerr.New(sqlerr.InvalidAuthorization, "the token is no longer good").WithHint("Log in again.")

// Refresh gives the identity that a login with these credentials would have now; it fails
// when it would fail.
func (u *Users) Refresh(id Identity) (Identity, error) {
	if !id.Expires.IsZero() && time.Now().After(id.Expires) {
		return Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token has expired").WithHint("Log in again.")
	}
	e, login, ok := u.find(id.User)
	if !ok || !login || u.stamp(e) != id.Stamp {
		return Identity{}, errNoLonger
	}
	id.Roles = e.Roles
	return id, nil
}

// Token checks a token that this cluster has not made.
func (u *Users) Token(ctx context.Context, token, peer string) (Identity, error) {
	if u.config.Issuer == nil {
		return Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token was not made by this server").WithHint("Log in again.")
	}
	key := u.digest("token", token)
	id, ok := u.remembered(key)
	if !ok {
		var err error
		if id, err = u.config.Issuer.Verify(ctx, token); err != nil {
			u.config.Log.Warn("a token was refused", "peer", peer, "error", err)
			return Identity{}, err
		}
		until := time.Now().Add(rememberFor)
		if id.Expires.Before(until) {
			until = id.Expires
		}
		u.remember(key, id, until)
	}
	if _, login, known := u.find(id.User); known && !login {
		return Identity{}, notPermitted(id.User)
	}
	return id, nil
}

func notPermitted(user string) error {
	return sqlerr.New(sqlerr.InvalidAuthorization, "role %q is not permitted to log in", cut(user))
}

// Certificate gives the user that a client's certificate, whose chain has been verified,
// names: its common name, else the first alternative name that is one.
func (u *Users) Certificate(c *x509.Certificate) (Identity, error) {
	names := []string{c.Subject.CommonName}
	names = append(append(names, c.EmailAddresses...), c.DNSNames...)
	for _, uri := range c.URIs {
		names = append(names, uri.String())
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "" })
	for _, name := range names {
		e, login, ok := u.find(name)
		if !ok {
			continue
		}
		if !login {
			return Identity{}, notPermitted(name)
		}
		return Identity{User: e.Name, Roles: e.Roles, Expires: c.NotAfter}, nil
	}
	if len(names) == 0 {
		return Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "the client certificate names nobody")
	}
	return Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "certificate authentication failed for user %q", cut(names[0])).
		WithHint("No name of the certificate is a user's.")
}

// digest is a keyed hash: it tells nothing of the texts to whoever finds it.
func (u *Users) digest(texts ...string) (out [sha256.Size]byte) {
	h := hmac.New(sha256.New, u.key)
	for _, t := range texts {
		n := len(t)
		h.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		h.Write([]byte(t))
	}
	h.Sum(out[:0])
	return out
}

func (u *Users) remembered(key [sha256.Size]byte) (Identity, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	r, ok := u.recent[key]
	if ok && time.Now().After(r.until) {
		delete(u.recent, key)
		return Identity{}, false
	}
	return r.identity, ok
}

func (u *Users) remember(key [sha256.Size]byte, id Identity, until time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.recent) >= maxRemembered {
		now := time.Now()
		for k, r := range u.recent {
			if now.After(r.until) {
				delete(u.recent, k)
			}
		}
		if len(u.recent) >= maxRemembered { // any will do
			for k := range u.recent {
				delete(u.recent, k)
				break
			}
		}
	}
	u.recent[key] = remembered{id, until}
}

// errIssuer is told to clients when an issuer cannot be asked.
var errIssuer = errors.New("the issuer of tokens cannot be asked")
