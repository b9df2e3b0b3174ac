package node

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// TLS is the certificates of a process; the zero value is none.
type TLS struct {
	pair      *keyPair
	authority *x509.CertPool // nil: processes do not ask each other for certificates
	clients   *x509.CertPool // whose certificates clients may show; nil: nobody's
}

// LoadTLS reads PEM files: the process's certificate and its key, and the authority that
// has signed those of all processes of the cluster, or "".
func LoadTLS(certificate, key, authority string) (TLS, error) {
	var t TLS
	pair, err := loadPair(certificate, key)
	if err != nil {
		return t, err
	}
	t.pair = pair
	if authority != "" {
		if t.authority, err = LoadAuthority(authority); err != nil {
			return t, err
		}
	}
	return t, nil
}

// LoadAuthority reads the certificates of a PEM file.
func LoadAuthority(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %w", path, errors.New("no certificate in PEM form"))
	}
	return pool, nil
}

// WithClients has clients, who need not, show certificates of an authority's.
func (t TLS) WithClients(authority string) (TLS, error) {
	var err error
	t.clients, err = LoadAuthority(authority)
	return t, err
}

// toClients is the server's side of connections of clients; nil without a certificate.
func (t TLS) toClients() *tls.Config {
	if t.pair == nil {
		return nil
	}
	c := &tls.Config{GetCertificate: t.pair.server, MinVersion: tls.VersionTLS12}
	if t.clients != nil {
		c.ClientCAs, c.ClientAuth = t.clients, tls.VerifyClientCertIfGiven
	}
	return c
}

// toPeers is both sides of connections between processes, who show each other
// certificates of the authority; nil without one.
func (t TLS) toPeers() *tls.Config {
	if t.pair == nil || t.authority == nil {
		return nil
	}
	return &tls.Config{GetCertificate: t.pair.server, GetClientCertificate: t.pair.client, RootCAs: t.authority, ClientCAs: t.authority,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}
}

// keyPair is a certificate and its key, read again when their files have changed: a
// certificate is renewed while the process runs. While they cannot be read, or do not fit
// each other since one of them is still the old one, the last good pair is shown.
type keyPair struct {
	certificate, key string

	mu      sync.Mutex
	current *tls.Certificate
	seen    [2]fileVersion
	looked  time.Time
}

type fileVersion struct{ size, modified int64 }

// lookAgain is how often the files are looked at.
const lookAgain = time.Second

func loadPair(certificate, key string) (*keyPair, error) {
	p := &keyPair{certificate: certificate, key: key, looked: time.Now()}
	p.seen = p.versions()
	c, err := tls.LoadX509KeyPair(certificate, key)
	p.current = &c
	return p, err
}

func (p *keyPair) versions() (out [2]fileVersion) {
	for i, path := range []string{p.certificate, p.key} {
		if info, err := os.Stat(path); err == nil {
			out[i] = fileVersion{info.Size(), info.ModTime().UnixNano()}
		}
	}
	return out
}

func (p *keyPair) get(now time.Time) *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.looked) < lookAgain {
		return p.current
	}
	p.looked = now
	if v := p.versions(); v != p.seen {
		if c, err := tls.LoadX509KeyPair(p.certificate, p.key); err == nil {
			p.current, p.seen = &c, v
		}
	}
	return p.current
}

func (p *keyPair) server(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return p.get(time.Now()), nil
}

func (p *keyPair) client(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return p.get(time.Now()), nil
}
