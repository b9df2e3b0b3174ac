package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// issuer is an OpenID Connect issuer of one key at a time.
type issuer struct {
	*httptest.Server
	key  atomic.Pointer[signing]
	asks atomic.Int64 // for keys
}

type signing struct {
	id  string
	key *ecdsa.PrivateKey
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	i.rotate(t, "one")
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL + "/a", "token_endpoint": i.URL + "/t",
			"id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.asks.Add(1)
		s := i.key.Load()
		point, err := s.key.PublicKey.Bytes()
		if err != nil {
			t.Error(err)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{"kty": "EC", "crv": "P-256", "kid": s.id, "alg": "ES256", "use": "sig",
			"x": b64(point[1:33]), "y": b64(point[33:])}}})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) rotate(t *testing.T, id string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.key.Store(&signing{id, key})
}

// token signs claims with what the issuer would say, where change does not say otherwise.
func (i *issuer) token(t *testing.T, change map[string]any) string {
	t.Helper()
	s := i.key.Load()
	claims := map[string]any{"iss": i.URL, "aud": "skein", "sub": "alice", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}
	for k, v := range change {
		claims[k] = v
	}
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b64(text)
	}
	signed := part(map[string]string{"alg": "ES256", "kid": s.id, "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	r, v, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	bytes := func(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }
	return signed + "." + b64(append(bytes(r), bytes(v)...))
}

func TestTokensOfAnIssuerAreTaken(t *testing.T) {
	i := newIssuer(t)
	defer http.DefaultClient.CloseIdleConnections()
	of, err := NewIssuer(IssuerConfig{URL: i.URL, Audience: "skein", RolesClaim: "groups"})
	if err != nil {
		t.Fatal(err)
	}
	defer of.client.CloseIdleConnections()
	u := NewUsers(Config{Issuer: of})
	id, err := u.Token(t.Context(), i.token(t, map[string]any{"groups": []string{"readers", "has:colon", "skein_admin"}}), "here")
	if err != nil || id.User != "alice" || strings.Join(id.Roles, " ") != "readers skein_admin" {
		t.Errorf("%+v, %v", id, err)
	}
	good := i.token(t, nil)
	none := b64([]byte(`{"alg":"none"}`)) + "." + strings.Split(good, ".")[1] + "."
	other := newIssuer(t)
	for name, token := range map[string]string{
		"expired": i.token(t, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), "for another": i.token(t, map[string]any{"aud": "other"}),
		"of another": i.token(t, map[string]any{"iss": "https://example.com"}), "with another's key": other.token(t, map[string]any{"iss": i.URL}),
		"unsigned": none, "cut": good[:len(good)-10], "no token": "xyz", "of nobody": i.token(t, map[string]any{"sub": ""}),
		"of a reserved name": i.token(t, map[string]any{"sub": "public"}), "not yet": i.token(t, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
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
	i := newIssuer(t)
	of, err := NewIssuer(IssuerConfig{URL: i.URL, Audience: "skein", UserClaim: "email"})
	if err != nil {
		t.Fatal(err)
	}
	defer of.client.CloseIdleConnections()
	u := NewUsers(Config{Issuer: of, Directory: roles{"group@example.com", "", false}})
	for range 3 {
		if id, err := u.Token(t.Context(), i.token(t, map[string]any{"email": "bob@example.com"}), "here"); err != nil || id.User != "bob@example.com" {
			t.Errorf("%+v, %v", id, err)
		}
	}
	if n := i.asks.Load(); n != 1 {
		t.Errorf("the issuer was asked %d times for its keys", n)
	}
	i.rotate(t, "two")
	if _, err := u.Token(t.Context(), i.token(t, map[string]any{"email": "bob@example.com"}), "here"); err != nil {
		t.Errorf("after the issuer has changed its key: %v", err)
	}
	if _, err := u.Token(t.Context(), i.token(t, map[string]any{"email": "group@example.com"}), "here"); err == nil || !strings.Contains(err.Error(), "not permitted") {
		t.Errorf("a role that cannot log in: %v", err)
	}
	if _, err := u.Token(t.Context(), i.token(t, map[string]any{"email": "carol@example.com", "exp": time.Now().Add(time.Hour).Unix()}), "here"); err != nil {
		t.Error(err)
	}
}

func TestAnIssuerThatCannotBeAskedIsAskedAgain(t *testing.T) {
	i := newIssuer(t)
	token := i.token(t, nil)
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
