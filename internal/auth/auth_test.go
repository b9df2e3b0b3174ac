package auth

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skein-query/skein/internal/sqlerr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHashesVerifyTheirPasswordOnly(t *testing.T) {
	a, b := Hash("correct horse"), Hash("correct horse")
	if a == b {
		t.Error("two hashes have the same salt")
	}
	for password, want := range map[string]bool{"correct horse": true, "correct horse ": false, "": false, "Correct horse": false, strings.Repeat("x", 2000): false} {
		if Verify(a, password) != want {
			t.Errorf("%.20q: not %v", password, want)
		}
	}
	// Made by the reference implementation: argon2 -id -t 2 -m 16 -p 1 -l 32, salt "somesalt".
	reference := "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if !Verify(reference, "password") || Verify(reference, "Password") {
		t.Error("the reference's hash is not understood")
	}
}

func TestHashesThatAskForTooMuchAreRefused(t *testing.T) {
	good := Hash("x")
	for _, bad := range []string{"", "x", "$argon2i$" + good[10:], strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "m=19456", "m=99999999", 1),
		strings.Replace(good, "t=2", "t=1000000", 1), strings.Replace(good, "t=2", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "p=1", "p=1,x=1", 1),
		good + "$x", good[:len(good)-40], good + "="} {
		if IsHash(bad) || Verify(bad, "x") {
			t.Errorf("%q is taken for a hash", bad)
		}
	}
}

func TestUsersFilesAreReadStrictly(t *testing.T) {
	h := Hash("x")
	got, err := parseFile([]byte("# people\n\nalice:" + h + "\nbob:" + h + ":readers,skein_admin\r\n"))
	if err != nil || len(got) != 2 || fmt.Sprint(got["bob"].Roles) != "[readers skein_admin]" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"alice", "alice:secret", ":" + h, "alice:" + h + ":a:b", "alice:" + h + "\nalice:" + h, "alice:" + h + ":,", "a,b:" + h, "public:" + h, " :" + h} {
		if _, err := parseFile([]byte(bad)); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), h[20:]) {
			t.Errorf("%.30q: %v", bad, err)
		}
	}
}

func FuzzUsersFile(f *testing.F) {
	f.Add([]byte("alice:" + Hash("x") + ":r\n"))
	f.Add([]byte("#\n:::\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		users, err := parseFile(text)
		if err != nil {
			return
		}
		path := filepath.Join(dir, fmt.Sprint(os.Getpid()))
		if err := WriteFile(path, users); err != nil {
			t.Fatal(err)
		}
		again, err := ReadFile(path)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(users) {
			t.Errorf("written and read: %v, %v; was %v", again, err, users)
		}
	})
}

func write(t *testing.T, path string, users map[string]string) {
	t.Helper()
	entries := map[string]Entry{}
	for name, password := range users {
		entries[name] = Entry{Name: name, Hash: Hash(password)}
	}
	if err := WriteFile(path, entries); err != nil {
		t.Fatal(err)
	}
}

func TestAUsersFileIsReadAgainWhenItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	write(t, path, map[string]string{"alice": "one"})
	var failures []error
	file, err := OpenFile(path, func(err error) { failures = append(failures, err) })
	if err != nil {
		t.Fatal(err)
	}
	u := NewUsers(Config{File: file})
	id, err := u.Password(t.Context(), "alice", "one", "here")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, map[string]string{"alice": "two", "bob": "three"})
	if _, err := u.Password(t.Context(), "alice", "one", "here"); sqlerr.CodeOf(err) != sqlerr.InvalidPassword {
		t.Errorf("the old password: %v", err)
	}
	if _, err := u.Refresh(id); sqlerr.CodeOf(err) != sqlerr.InvalidAuthorization {
		t.Errorf("a token for the old password: %v", err)
	}
	if _, err := u.Password(t.Context(), "bob", "three", "here"); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("half a line"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := u.Password(t.Context(), "bob", "three", "here"); err != nil {
			t.Errorf("while the file cannot be read: %v", err)
		}
	}
	if len(failures) != 1 {
		t.Errorf("heard %v", failures)
	}
	if _, err := OpenFile(path, nil); err == nil {
		t.Error("a file that cannot be read is opened")
	}
}

// roles is a directory of one role.
type roles struct {
	name, hash string
	login      bool
}

func (r roles) User(name string) (string, bool, bool) { return r.hash, r.login, name == r.name }
func (r roles) HasUsers() bool                        { return r.login }

func TestFailedLoginsTellNothing(t *testing.T) {
	u := NewUsers(Config{Directory: roles{"group", Hash("x"), false}})
	u.gate.now = func() time.Time { return time.Unix(0, 0) }
	messages := map[string]bool{}
	for user, password := range map[string]string{"group": "x", "nobody": "x", "": ""} {
		_, err := u.Password(t.Context(), user, password, "here")
		if sqlerr.CodeOf(err) != sqlerr.InvalidPassword {
			t.Errorf("%q: %v", user, err)
		}
		messages[strings.Replace(err.Error(), fmt.Sprintf("%q", user), "U", 1)] = true
	}
	if len(messages) != 1 {
		t.Errorf("answers differ: %v", messages)
	}
	if u.Required() || !NewUsers(Config{Directory: roles{"group", "", true}}).Required() {
		t.Error("credentials are needed exactly when somebody can log in")
	}
}

func TestPasswordsThatWereRightAreNotHashedAgain(t *testing.T) {
	u := NewUsers(Config{Directory: roles{"alice", Hash("x"), true}})
	if _, err := u.Password(t.Context(), "alice", "x", "here"); err != nil {
		t.Fatal(err)
	}
	for range maxHashing { // nobody can hash now
		u.slots <- struct{}{}
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := u.Password(t.Context(), "alice", "x", "there"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := u.Password(ctx, "alice", "y", "here"); err == nil {
		t.Error("a wrong password is let in")
	}
}

func TestLoginsWaitLongerWithEveryFailure(t *testing.T) {
	g := newGate()
	now := time.Unix(1000, 0)
	g.now = func() time.Time { return now }
	wait := func(user, peer string) time.Duration {
		d, ok := g.reserve(user, peer)
		if !ok {
			return -1
		}
		return d
	}
	var waits []time.Duration
	for range 9 {
		d := wait("alice", "a")
		waits = append(waits, d)
		now = now.Add(d)
		g.failed("alice", "a")
	}
	if got, want := fmt.Sprint(waits), "[0s 100ms 200ms 400ms 800ms 1.6s 3.2s 5s 5s]"; got != want {
		t.Errorf("waits %s, want %s", got, want)
	}
	if d := wait("alice", "b"); d != 0 {
		t.Errorf("another peer waits %v", d)
	}
	if d := wait("bob", "a"); d != 0 {
		t.Errorf("another user waits %v", d)
	}
	for range 2 { // attempts at once come one after the other
		if d := wait("alice", "a"); d < maxDelay {
			t.Errorf("an attempt beside another waits only %v", d)
		}
	}
	if d := wait("alice", "a"); d != -1 {
		t.Errorf("many attempts at once are queued for %v", d)
	}
	g.succeeded("alice", "a")
	if d := wait("alice", "a"); d != 0 {
		t.Errorf("after a success: %v", d)
	}
}

func TestGuessesOverManyUsersMakeAPeerWait(t *testing.T) {
	g := newGate()
	g.now = func() time.Time { return time.Unix(1000, 0) }
	for i := range peerGrace + 5 {
		g.failed(fmt.Sprint("user", i), "a")
	}
	if d, ok := g.reserve("new", "a"); ok && d < firstDelay {
		t.Errorf("waits only %v", d)
	}
	if d, ok := g.reserve("new", "b"); !ok || d != 0 {
		t.Errorf("another peer waits %v", d)
	}
}

func TestFailuresAreBoundedAndForgotten(t *testing.T) {
	g := newGate()
	now := time.Unix(1000, 0)
	g.now = func() time.Time { return now }
	for i := range 3 * maxTracked {
		g.failed(fmt.Sprint("user", i), fmt.Sprint("peer", i))
	}
	if n := len(g.byKey); n > maxTracked || n != g.order.Len() {
		t.Errorf("%d are tracked", n)
	}
	now = now.Add(forget + time.Second)
	g.failed("x", "y")
	if n := len(g.byKey); n != 2 {
		t.Errorf("%d are tracked after a while", n)
	}
}

func TestCertificatesNameTheirUsers(t *testing.T) {
	u := NewUsers(Config{Directory: roles{"alice", "", true}, Certificates: true})
	for name, c := range map[string]*x509.Certificate{
		"common name": {Subject: pkix.Name{CommonName: "alice"}},
		"mail":        {Subject: pkix.Name{CommonName: "Alice Smith"}, EmailAddresses: []string{"alice"}},
		"host":        {DNSNames: []string{"other", "alice"}},
	} {
		if id, err := u.Certificate(c); err != nil || id.User != "alice" {
			t.Errorf("%s: %v, %v", name, id, err)
		}
	}
	for name, c := range map[string]*x509.Certificate{"nobody": {}, "another": {Subject: pkix.Name{CommonName: "mallory"}}} {
		if id, err := u.Certificate(c); sqlerr.CodeOf(err) != sqlerr.InvalidAuthorization {
			t.Errorf("%s: %v, %v", name, id, err)
		}
	}
	group := NewUsers(Config{Directory: roles{"group", "", false}, Certificates: true})
	if _, err := group.Certificate(&x509.Certificate{Subject: pkix.Name{CommonName: "group"}}); err == nil || !strings.Contains(err.Error(), "not permitted") {
		t.Errorf("a role that cannot log in: %v", err)
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	var log strings.Builder
	u := NewUsers(Config{Directory: roles{"alice", Hash("s3cret"), true}, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	_, err := u.Password(t.Context(), "alice", "hunter2", "here")
	_, err2 := u.Token(t.Context(), "tok3n", "here")
	text := fmt.Sprintf("%s %+v %+v", log.String(), err, err2)
	for _, secret := range []string{"hunter2", "s3cret", "tok3n", "argon2id"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
	if !strings.Contains(log.String(), "a login failed") {
		t.Errorf("the log says nothing: %s", log.String())
	}
}
