package auth

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/auth/authtest"
	"github.com/skein-query/skein/internal/sqlerr"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func TestTokensOfAnIssuerAreTaken(t *testing.T) {
	i := authtest.NewIssuer(t)
	defer http.DefaultClient.CloseIdleConnections()
	of, err := NewIssuer(IssuerConfig{URL: i.URL, Audience: "skein", RolesClaim: "groups"})
	if err != nil {
		t.Fatal(err)
	}
	defer of.client.CloseIdleConnections()
	u := NewUsers(Config{Issuer: of})
	id, err := u.Token(t.Context(), i.Token(t, map[string]any{"groups": []string{"readers", "has:colon", "skein_admin"}}), "here")
	if err != nil || id.User != "alice" || strings.Join(id.Roles, " ") != "readers skein_admin" {
		t.Errorf("%+v, %v", id, err)
	}
	good := i.Token(t, nil)
	none := b64([]byte(`{"alg":"none"}`)) + "." + strings.Split(good, ".")[1] + "."
	other := authtest.NewIssuer(t)
	for name, token := range map[string]string{
		"expired": i.Token(t, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), "for another": i.Token(t, map[string]any{"aud": "other"}),
		"of another": i.Token(t, map[string]any{"iss": "https://example.com"}), "with another's key": other.Token(t, map[string]any{"iss": i.URL}),
		"unsigned": none, "cut": good[:len(good)-10], "no token": "xyz", "of nobody": i.Token(t, map[string]any{"sub": ""}),
		"of a reserved name": i.Token(t, map[string]any{"sub": "public"}), "not yet": i.Token(t, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
	} {
		id, err := u.Token(t.Context(), token, "here")
		if sqlerr.CodeOf(err) != sqlerr.InvalidAuthorization {
			t.Errorf("%s: %+v, %v", name, id, err)
		} else if strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error has the token: %v", name, err)
		}
	}
}

func TestKeysOfAnIssuerAreKeptAndChange(t *testing.T) {
	i := authtest.NewIssuer(t)
	of, err := NewIssuer(IssuerConfig{URL: i.URL, Audience: "skein", UserClaim: "email"})
	if err != nil {
		t.Fatal(err)
	}
	defer of.client.CloseIdleConnections()
	u := NewUsers(Config{Issuer: of, Directory: roles{"group@example.com", "", false}})
	for range 3 {
		if id, err := u.Token(t.Context(), i.Token(t, map[string]any{"email": "bob@example.com"}), "here"); err != nil || id.User != "bob@example.com" {
			t.Errorf("%+v, %v", id, err)
		}
	}
	if n := i.Asked.Load(); n != 1 {
		t.Errorf("the issuer was asked %d times for its keys", n)
	}
	i.Rotate(t, "two")
	if _, err := u.Token(t.Context(), i.Token(t, map[string]any{"email": "bob@example.com"}), "here"); err != nil {
		t.Errorf("after the issuer has changed its key: %v", err)
	}
	if _, err := u.Token(t.Context(), i.Token(t, map[string]any{"email": "group@example.com"}), "here"); err == nil || !strings.Contains(err.Error(), "not permitted") {
		t.Errorf("a role that cannot log in: %v", err)
	}
	if _, err := u.Token(t.Context(), i.Token(t, map[string]any{"email": "carol@example.com", "exp": time.Now().Add(time.Hour).Unix()}), "here"); err != nil {
		t.Error(err)
	}
}

func TestAnIssuerThatCannotBeAskedIsAskedAgain(t *testing.T) {
	i := authtest.NewIssuer(t)
	token := i.Token(t, nil)
	of, err := NewIssuer(IssuerConfig{URL: i.URL, Audience: "skein"})
	if err != nil {
		t.Fatal(err)
	}
	defer of.client.CloseIdleConnections()
	of.config.URL = "http://127.0.0.1:1"
	u := NewUsers(Config{Issuer: of})
	for range 2 {
		if _, err := u.Token(t.Context(), token, "here"); sqlerr.CodeOf(err) != sqlerr.InvalidAuthorization || !strings.Contains(err.Error(), "cannot be asked") {
			t.Errorf("%v", err)
		}
	}
	of.config.URL, of.tried = i.URL, time.Time{}
	if _, err := u.Token(t.Context(), token, "here"); err != nil {
		t.Error(err)
	}
}

func TestIssuersNeedAnEncryptedAddressAndAnAudience(t *testing.T) {
	for _, c := range []IssuerConfig{{URL: "http://example.com", Audience: "a"}, {URL: "https://example.com"}, {URL: "example.com", Audience: "a"}, {URL: "", Audience: "a"}} {
		if _, err := NewIssuer(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
