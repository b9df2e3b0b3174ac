package node

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/auth"
	"github.com/skein-query/skein/internal/auth/authtest"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/sqlerr"
)

func TestTheNetworkIsListenedToWithTLSAndUsersOnly(t *testing.T) {
	_, cert, key := certificates(t)
	tls, err := LoadTLS(cert, key, "")
	if err != nil {
		t.Fatal(err)
	}
	users := usersFile(t)
	for name, c := range map[string]struct {
		Config
		want string
	}{
		"nothing":       {Config{}, "no TLS (--tls-cert and --tls-key) and no users"},
		"TLS alone":     {Config{TLS: tls}, "no users"},
		"users alone":   {Config{Security: Security{Users: users}}, "no TLS"},
		"both":          {Config{TLS: tls, Security: Security{Users: users}}, ""},
		"it is wanted":  {Config{Security: Security{Insecure: true}}, ""},
		"loopback":      {Config{Listen: "localhost:0"}, ""},
		"all addresses": {Config{Listen: ":0"}, "no users"},
	} {
		if c.Listen == "" {
			c.Listen = "0.0.0.0:0"
		}
		c.Workers, c.Threads = 1, 1
		s, err := Start(t.Context(), c.Config)
		if err == nil {
			if s.Exposed() != (name == "it is wanted") {
				t.Errorf("%s: exposed %v", name, s.Exposed())
			}
			s.Close()
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for listen, want := range map[string]bool{"127.0.0.1:0": true, "127.9.9.9:1": true, "[::1]:0": true, "localhost:1": true, ":0": false, "0.0.0.0:1": false,
		"[::]:1": false, "10.0.0.1:1": false, "example.com:1": false, "localhost.example.com:1": false, "nonsense": false} {
		if loopback(listen) != want {
			t.Errorf("%s is loopback: not %v", listen, want)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestClientCertificatesNameUsers(t *testing.T) {
	authority, cert, key := certificates(t) // it is skein's
	tls, err := LoadTLS(cert, key, "")
	if err == nil {
		tls, err = tls.WithClients(authority)
	}
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(t.TempDir(), "users")
	write := func(name string) {
		if err := auth.WriteFile(users, map[string]auth.Entry{name: {Name: name, Hash: auth.Hash("x-secret"), Roles: []string{"skein_admin"}}}); err != nil {
			t.Fatal(err)
		}
	}
	write("skein")
	s := start(t, Config{Workers: 1, Threads: 1, TLS: tls, Security: Security{Users: users}}, tables)
	ask := func(l client.Login) (string, error) {
		l.Authority = read(t, authority)
		c, err := client.OpenAs(t.Context(), s.URL(), l)
		if err != nil {
			return "", err
		}
		defer c.Close()
		got, err := (&sqlConn{c}).Query(t.Context(), "select current_user || count(*) from numbers")
		if err != nil {
			return "", err
		}
		return got.Rows[0][0].Text, nil
	}
	mine := client.Login{Certificate: read(t, cert), Key: read(t, key)}
	if got, err := ask(mine); got != "skein100" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := ask(client.Login{}); sqlerr.CodeOf(err) != sqlerr.InvalidAuthorization {
		t.Errorf("without a certificate: %s, %v", got, err)
	}
	_, strange, strangeKey := certificates(t)
	if got, err := ask(client.Login{Certificate: read(t, strange), Key: read(t, strangeKey)}); err == nil {
		t.Errorf("with another authority's certificate: %s", got)
	}
	write("other")
	if got, err := ask(mine); sqlerr.CodeOf(err) != sqlerr.InvalidAuthorization {
		t.Errorf("a user who has gone: %s, %v", got, err)
	}
	mine.User, mine.Password = "other", "x-secret" // who logs in is not whom the certificate names
	if got, err := ask(mine); got != "other100" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func TestCertificatesAreReadAgain(t *testing.T) {
	_, cert, key := certificates(t)
	pair, err := loadPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	first := pair.get(now)
	_, newCert, newKey := certificates(t)
	replace := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Hour) // a file system's clock may be coarse
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	replace(cert, read(t, newCert))
	if pair.get(now.Add(2*lookAgain)) != first {
		t.Error("a certificate is shown whose key is not there yet")
	}
	replace(key, read(t, newKey))
	second := pair.get(now.Add(4 * lookAgain))
	if second == first || string(second.Certificate[0]) == string(first.Certificate[0]) {
		t.Error("the new certificate is not shown")
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	if pair.get(now.Add(6*lookAgain)) != second {
		t.Error("without the file the last certificate must be shown")
	}
}

// capturedLog is a log that can be read while it is written.
type capturedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *capturedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func TestSecretsAreNowhere(t *testing.T) {
	log := &capturedLog{}
	dir := t.TempDir()
	c := Config{Workers: 1, Threads: 1, Catalog: dir, HTTP: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Security: Security{Users: usersFile(t)}}
	s := start(t, c, tables)
	open, err := client.OpenAs(t.Context(), s.URL(), client.Login{User: "root", Password: "root-secret"})
	if err != nil {
		t.Fatal(err)
	}
	conn := &sqlConn{open}
	defer conn.Close()
	all := &strings.Builder{}
	for _, sql := range []string{
		"create user alice password 'hunter2-a'", "alter user alice password 'hunter2-b'", "create user alice password 'hunter2-c'", "create user bob pasword 'hunter2-d' password",
		"alter user nobody password 'hunter2-e'", "create user bob password 'hunter2-f' connection limit 5", "explain create user bob password 'hunter2-g'",
		"explain select * from read_parquet('s3://KEY:hunter2-h@bucket/x')", "create external table x stored as parquet location 's3://KEY:hunter2-i@bucket/x'",
		"create external table x stored as parquet location '/nothing' with (s3_secret_access_key = 'hunter2-j')",
		"select * from information_schema.skein_queries", "show queries", "select * from pg_catalog.pg_roles", "select * from pg_catalog.pg_user", "show all",
	} {
		got, err := conn.Query(t.Context(), sql)
		fmt.Fprintln(all, got, err)
	}
	for _, password := range []string{"hunter2-x", "hunter2-y"} {
		_, err := client.OpenAs(t.Context(), s.URL(), client.Login{User: "root", Password: password})
		fmt.Fprintln(all, err)
		if c, err := client.OpenAs(t.Context(), s.URL(), client.Login{Token: password}); err == nil {
			_, err = c.Query(t.Context(), "select 1")
			fmt.Fprintln(all, err)
			_ = c.Close() // it never logged in
		}
	}
	for _, path := range []string{"/api/state", "/metrics"} {
		fmt.Fprintln(all, get(t, s, path, "root", "root-secret"))
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all.WriteString(read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	log.mu.Lock()
	all.WriteString(log.text.String())
	log.mu.Unlock()
	for _, secret := range []string{"hunter2", "root-secret"} {
		if at := strings.Index(all.String(), secret); at >= 0 {
			t.Errorf("%s is told: …%s…", secret, all.String()[max(0, at-200):min(all.Len(), at+50)])
		}
	}
	if !strings.Contains(all.String(), "$argon2id$") {
		t.Error("the catalog has no hash: what was searched is not all")
	}
}

func get(t *testing.T, s *Server, path, user, password string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.HTTPAddr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status + " " + string(text)
}

func TestTheConsoleIsForAdministrators(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	if err := auth.WriteFile(users, map[string]auth.Entry{"root": {Name: "root", Hash: auth.Hash("a"), Roles: []string{"skein_admin"}}, "alice": {Name: "alice", Hash: auth.Hash("b")}}); err != nil {
		t.Fatal(err)
	}
	s := start(t, Config{Workers: 1, Threads: 1, HTTP: "127.0.0.1:0", Security: Security{Users: users}}, tables)
	for _, path := range []string{"/", "/api/state", "/api/plan/x", "//api/state"} {
		for user, password := range map[string]string{"": "", "alice": "b", "root": "b", "nobody": "a"} {
			if got := get(t, s, path, user, password); !strings.HasPrefix(got, "401") {
				t.Errorf("%s as %q: %s", path, user, got)
			}
		}
		if got := get(t, s, path, "root", "a"); strings.HasPrefix(got, "401") {
			t.Errorf("%s as an administrator: %s", path, got)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if got := get(t, s, path, "", ""); !strings.HasPrefix(got, "200") {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestTokensOfAnIssuerHaveTheRolesThatTheyList(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	c := Config{Catalog: t.TempDir(), Threads: 1, Version: "1.0.0", Security: Security{Issuer: &auth.IssuerConfig{URL: issuer.URL, Audience: "skein", RolesClaim: "groups"}}}
	c.Cluster = &Cluster{Name: "c1", Coordinator: true, Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t)}
	first := start(t, c, tables)
	c.Cluster = &Cluster{Name: "c2", Coordinator: true, Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t), Join: []string{first.peers.members.Load().Address()}}
	second := start(t, c, "")
	ask := func(s *Server, sql, user string, groups ...string) (string, error) {
		t.Helper()
		conn, err := client.OpenAs(t.Context(), s.URL(), client.Login{Token: issuer.Token(t, map[string]any{"sub": user, "groups": groups})})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		got, err := (&sqlConn{conn}).Query(t.Context(), sql)
		if err != nil || len(got.Rows) == 0 {
			return "", err
		}
		return got.Rows[0][0].Text, nil
	}
	const count = "select current_user || count(*) from numbers"
	if got, err := ask(first, count, "alice"); sqlerr.CodeOf(err) != sqlerr.InsufficientPrivilege {
		t.Errorf("without a role: %s, %v", got, err)
	}
	if got, err := ask(first, count, "root", "skein_admin"); got != "root100" || err != nil {
		t.Errorf("an administrator: %s, %v", got, err)
	}
	for _, sql := range []string{"create role readers", "grant select on numbers to readers"} {
		if _, err := ask(first, sql, "root", "skein_admin"); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []*Server{first, second} {
		if err := s.Catalog.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := ask(s, count, "alice", "readers", "others"); got != "alice100" || err != nil {
			t.Errorf("with the role: %s, %v", got, err)
		}
		// The plan of the one token's roles is not that of another's.
		if got, err := ask(s, count, "alice", "others"); sqlerr.CodeOf(err) != sqlerr.InsufficientPrivilege {
			t.Errorf("without the role: %s, %v", got, err)
		}
	}
}
