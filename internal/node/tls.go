package node

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS is the certificates of a process; the zero value is none.
type TLS struct {
	certificates []tls.Certificate
	authority    *x509.CertPool // nil: processes do not ask each other for certificates
}

// LoadTLS reads PEM files: the process's certificate and its key, and the authority that
// has signed those of all processes of the cluster, or "".
func LoadTLS(certificate, key, authority string) (TLS, error) {
	var t TLS
	c, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return t, err
	}
	t.certificates = []tls.Certificate{c}
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

// toClients is the server's side of connections of clients; nil without a certificate.
func (t TLS) toClients() *tls.Config {
	if t.certificates == nil {
		return nil
	}
	return &tls.Config{Certificates: t.certificates, MinVersion: tls.VersionTLS12}
}

// toPeers is both sides of connections between processes, who show each other
// certificates of the authority; nil without one.
func (t TLS) toPeers() *tls.Config {
	if t.certificates == nil || t.authority == nil {
		return nil
	}
	return &tls.Config{Certificates: t.certificates, RootCAs: t.authority, ClientCAs: t.authority,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}
}
