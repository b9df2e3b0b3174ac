package authtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// Issuer is an OpenID Connect issuer of one key at a time, for audience "skein".
type Issuer struct {
	*httptest.Server
	key   atomic.Pointer[signing]
	Asked atomic.Int64 // for its keys
}

type signing struct {
	id  string
	key *ecdsa.PrivateKey
}

// b64 is the form of JWTs.
func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// NewIssuer makes one that lives as long as the test.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{}
	i.Rotate(t, "one")
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL + "/a", "token_endpoint": i.URL + "/t",
			"id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.Asked.Add(1)
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

// Rotate has it sign with a new key of that id.
func (i *Issuer) Rotate(t testing.TB, id string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.key.Store(&signing{id, key})
}

// Token signs claims with what the issuer would say, where change does not say otherwise.
func (i *Issuer) Token(t testing.TB, change map[string]any) string {
	t.Helper()
	s := i.key.Load()
	claims := map[string]any{"iss": i.URL, "aud": "skein", "sub": "alice", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}
	maps.Copy(claims, change)
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
