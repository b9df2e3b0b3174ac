package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/skein-query/skein/internal/sqlerr"
)

// IssuerConfig is whose tokens are taken.
type IssuerConfig struct {
	URL        string // of the issuer, as its tokens have it
	Audience   string // that tokens must be for
	UserClaim  string // names the user; "": sub
	RolesClaim string // a list of roles that the user has besides; "": none
}

// Issuer checks tokens of an OpenID Connect issuer. It is asked for its keys when the
// first token comes, and again when a token has a key that is not known.
type Issuer struct {
	config IssuerConfig
	client *http.Client

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
	tried    time.Time // when the issuer could not be asked
}

const (
	issuerTimeout = 10 * time.Second
	issuerRetry   = 5 * time.Second // between attempts after one that failed
)

// NewIssuer checks a configuration; it asks nobody yet.
func NewIssuer(c IssuerConfig) (*Issuer, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil, fmt.Errorf("the issuer %q is not an https:// address", c.URL)
	}
	if c.Audience == "" {
		return nil, errors.New("an audience is needed: without one tokens meant for others are good here")
	}
	if c.UserClaim == "" {
		c.UserClaim = "sub"
	}
	return &Issuer{config: c, client: &http.Client{Timeout: issuerTimeout}}, nil
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// ready gives what checks tokens, asking the issuer about itself the first time.
func (i *Issuer) ready(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.verifier != nil {
		return i.verifier, nil
	}
	if time.Since(i.tried) < issuerRetry {
		return nil, errIssuer
	}
	// The key set keeps the context for its later requests, which outlive this call.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), i.client), i.config.URL)
	if err != nil {
		i.tried = time.Now()
		return nil, fmt.Errorf("%w: %w", errIssuer, err)
	}
	i.verifier = provider.Verifier(&oidc.Config{ClientID: i.config.Audience})
	return i.verifier, nil
}

// Verify gives the user of a token whose signature, issuer, audience and times are good.
func (i *Issuer) Verify(ctx context.Context, token string) (Identity, error) {
	v, err := i.ready(ctx)
	if err != nil {
		return Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "%s", errIssuer.Error()).WithHint("Try again in a while.")
	}
	t, err := v.Verify(oidc.ClientContext(ctx, i.client), token)
	if _, expired := errors.AsType[*oidc.TokenExpiredError](err); expired {
		return Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token has expired").WithHint("Log in again.")
	}
	if err != nil { // its text may quote the token
		return Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token is not good here").
			WithHint("It must be signed by %s and be for %q.", i.config.URL, i.config.Audience)
	}
	var claims map[string]any
	if err := t.Claims(&claims); err != nil {
		return Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token's claims cannot be read")
	}
	user, _ := claims[i.config.UserClaim].(string)
	if CheckName(user) != nil {
		return Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token's claim %q is not a user's name", i.config.UserClaim)
	}
	return Identity{User: user, Roles: i.roles(claims), Expires: t.Expiry}, nil
}

// roles are those of the token's claim; what is no name of a role is passed over, as
// issuers list groups that mean nothing here.
func (i *Issuer) roles(claims map[string]any) []string {
	if i.config.RolesClaim == "" {
		return nil
	}
	list, _ := claims[i.config.RolesClaim].([]any)
	if one, ok := claims[i.config.RolesClaim].(string); ok {
		list = []any{one}
	}
	var out []string
	for _, v := range list {
		if name, ok := v.(string); ok && CheckName(name) == nil {
			out = append(out, name)
		}
	}
	return out
}
