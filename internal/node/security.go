package node

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/auth"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/catalog"
)

// Security is the flags about who may do what.
type Security struct {
	Users    string             // file of users; empty: none
	Issuer   *auth.IssuerConfig // whose tokens are taken; nil: nobody's
	Allow    []string           // below which files may be read, by whomever; nil: everywhere
	Insecure bool               // others than loopback may be listened on without TLS and users
}

// directory is the roles of the catalog as those who check passwords see them.
type directory struct{ catalog *catalog.Catalog }

// User gives a role that can log in until its time is over.
func (d directory) User(name string) (hash string, login, ok bool) {
	r, ok := d.catalog.Access().Role(name)
	if r.ValidUntil != nil && !time.Now().Before(*r.ValidUntil) {
		return r.Hash, false, ok
	}
	return r.Hash, r.Login, ok
}

// HasUsers reports whether any role can log in.
func (d directory) HasUsers() bool { return d.catalog.Access().HasLogins() }

// people is who there is for a session: it knows which users are the catalog's.
type people struct {
	*auth.Users
	elsewhere bool
}

// Elsewhere reports whether there are users that are not the catalog's.
func (p people) Elsewhere() bool { return p.elsewhere }

// Known reports whether the users file has a name.
func (p people) Known(name string) bool { return p.OfFile(name) }

// openUsers reads who there is.
func (s *Server) openUsers() error {
	c := auth.Config{Directory: directory{s.Catalog}, Certificates: s.config.TLS.clients != nil, Log: s.config.Log}
	if path := s.config.Security.Users; path != "" {
		failed := func(err error) {
			s.config.Log.Error("the users file cannot be read; its last content holds", "error", err)
		}
		var err error
		if c.File, err = auth.OpenFile(path, failed); err != nil {
			return sqlerr.Wrap(err, "--users")
		}
	}
	if s.config.Security.Issuer != nil {
		var err error
		if c.Issuer, err = auth.NewIssuer(*s.config.Security.Issuer); err != nil {
			return sqlerr.Wrap(err, "--oidc-issuer, --oidc-audience")
		}
	}
	s.users = people{auth.NewUsers(c), c.File != nil || c.Issuer != nil || c.Certificates}
	return nil
}

// allowed are the prefixes of --allow-path, and what --tables names: whoever starts the
// process may read that. Nil: everywhere.
func (s *Server) allowed() ([]string, error) {
	if len(s.config.Security.Allow) == 0 {
		return nil, nil
	}
	var out []string
	for _, text := range slices.Concat(s.config.Security.Allow, s.config.Tables) {
		prefix, err := access.Prefix(text)
		if err != nil {
			return nil, sqlerr.Wrap(err, "--allow-path")
		}
		out = append(out, prefix)
	}
	return out, nil
}

// checkExposed refuses to listen to the network without knowing who calls, and to have
// passwords and rows travel in the clear, unless that is what is wanted. A worker takes no
// statements.
func (s *Server) checkExposed() error {
	if s.coord == nil || s.config.Security.Insecure || loopback(s.config.Listen) {
		return nil
	}
	var missing []string
	if s.config.TLS.toClients() == nil {
		missing = append(missing, "TLS (--tls-cert and --tls-key)")
	}
	if !s.users.Required() {
		missing = append(missing, "users (--users, --oidc-issuer, --tls-client-ca or CREATE USER)")
	}
	if missing == nil {
		return nil
	}
	return sqlerr.New(sqlerr.InvalidAuthorization, "--listen %s is reached by the network, and there is no %s", s.config.Listen, strings.Join(missing, " and no ")).
		WithHint("--insecure listens all the same.")
}

// Exposed reports whether statements are taken from the network without TLS or without
// users.
func (s *Server) Exposed() bool {
	return s.coord != nil && !loopback(s.config.Listen) && (s.config.TLS.toClients() == nil || !s.users.Required())
}

// loopback reports whether an address to listen on is reached from this machine only.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// forAdmins has the console ask for the password of an administrator, once there are
// users. What machines ask for, health and metrics, shows nothing of statements.
func (s *Server) forAdmins(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown := r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || r.URL.Path == "/metrics"
		if !shown && s.users.Required() && !s.isAdmin(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Skein", charset="UTF-8"`)
			http.Error(w, "log in as an administrator", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (s *Server) isAdmin(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	if !ok {
		return false
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	id, err := s.users.Password(r.Context(), user, password, host)
	return err == nil && s.Catalog.Access().Of(id.User, id.Roles).Admin()
}
