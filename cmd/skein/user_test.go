package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-query/skein/internal/auth"
)

// user runs skein user with a standard input.
func user(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := newUserCommand()
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestUsersAreAddedChangedListedAndRemoved(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ stdin, args, want string }{
		{"hunter2\n", "add root --admin", "user root added\n"},
		{"", "add alice --role readers --password-file " + password, "user alice added\n"},
		{"hunter3\r\nmore", "add root", "user root changed\n"},
		{"", "list", "alice readers\nroot skein_admin\n"},
	} {
		if out, err := user(t, c.stdin, append(strings.Fields(c.args), "--users", file)...); out != c.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", c.args, out, err, c.want)
		}
	}
	users, err := auth.ReadFile(file)
	if err != nil || !auth.Verify(users["root"].Hash, "hunter3") || !auth.Verify(users["alice"].Hash, "from a file") {
		t.Errorf("%v, %v", users, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(text), "hunter") {
		t.Errorf("the file has a password: %s, %v", text, err)
	}
	for _, args := range []string{"add x:y", "add public", "add bob", "add bob --role a,b:c", "remove nobody", "add"} {
		if out, err := user(t, "", append(strings.Fields(args), "--users", file)...); err == nil {
			t.Errorf("%s: %s", args, out)
		}
	}
	if _, err := user(t, "", "remove", "alice", "--users", file); err != nil {
		t.Error(err)
	}
	if out, err := user(t, "", "list", "--users", file); out != "root skein_admin\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := user(t, "", "list"); err == nil || !strings.Contains(err.Error(), "users") {
		t.Errorf("without a file: %v", err)
	}
}

func TestLoginsComeFromFlagsAndTheEnvironment(t *testing.T) {
	t.Setenv("SKEIN_TOKEN", "token")
	t.Setenv("SKEIN_PASSWORD", "secret")
	if l, err := (&connection{}).login(); err != nil || l.Token != "token" || l.User != "" || l.Password != "" {
		t.Errorf("a token: %+v, %v", l, err)
	}
	if l, err := (&connection{user: "alice"}).login(); err != nil || l.Token != "" || l.User != "alice" || l.Password != "secret" {
		t.Errorf("a user: %+v, %v", l, err)
	}
	if _, err := (&connection{certFile: "x"}).login(); err == nil {
		t.Error("a certificate without its key")
	}
}
