package flight

import (
	"encoding/base64"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"
)

// FuzzAuthorization holds that no header panics, and that what Basic credentials give is
// what they were made of.
func FuzzAuthorization(f *testing.F) {
	for _, h := range []string{"", "Basic", "Basic YTpi", "bearer x", "Basic YTpi=", " Basic  YTpi ", "Basic \xff", "Basic YWI"} {
		f.Add(h)
	}
	s := &Server{signer: newSigner(nil)}
	f.Fuzz(func(t *testing.T, header string) {
		scheme, credentials, err := authorization(metadata.MD{"authorization": {header}})
		if err != nil {
			t.Fatalf("one header: %v", err)
		}
		if scheme != strings.ToLower(scheme) || strings.ContainsRune(scheme, ' ') {
			t.Errorf("scheme %q", scheme)
		}
		if _, ok := s.openToken(credentials); ok {
			t.Errorf("a token that was not signed: %q", credentials)
		}
		user, password, err := basic(credentials)
		if err == nil && strings.ContainsRune(user, ':') {
			t.Errorf("user %q", user)
		}
		again, same, err2 := basic(base64.StdEncoding.EncodeToString([]byte(user + ":" + password)))
		if err == nil && (err2 != nil || again != user || same != password) {
			t.Errorf("%q:%q came back as %q:%q, %v", user, password, again, same, err2)
		}
	})
}
