package tcp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// authority makes certificates for 127.0.0.1.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, pool: x509.NewCertPool()}
	a.cert, a.key = a.sign(&x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) sign(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.Subject, c.NotBefore, c.NotAfter = pkix.Name{CommonName: "skein"}, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := c, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// config is the TLS side of a peer that trusts the authority.
func (a *authority) config() *tls.Config {
	cert, key := a.sign(&x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}})
	return &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: a.pool, ClientCAs: a.pool, ClientAuth: tls.RequireAndVerifyClientCert,
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
}

func TestCertificatesAreCheckedOnBothSides(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	anonymous := ours.config()
	anonymous.Certificates = nil
	for _, c := range []struct {
		name           string
		server, client *tls.Config
		want           sqlerr.Code // empty: it works
	}{
		{"both are known", ours.config(), ours.config(), ""},
		{"the server is not", others.config(), ours.config(), sqlerr.InvalidAuthorization},
		{"the client has none", ours.config(), anonymous, sqlerr.InvalidAuthorization},
		{"the client has no TLS", ours.config(), nil, sqlerr.WorkerLost},
		{"the server has no TLS", nil, ours.config(), sqlerr.WorkerLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			plain := Config{Security: Security{Key: []byte("k")}, Limits: quick(), Log: slog.New(slog.DiscardHandler)}
			server, client := plain, plain
			server.Security.TLS, client.Security.TLS = c.server, c.client
			s := newStageWith(t, server, client)
			e := s.edge("q")
			seal(e, 0, numbers(rising(0, 5000)...))
			e.Complete()
			reader := s.open(Request{Query: "q", Edge: 3})
			defer reader.Close()
			got, err := drain(t.Context(), reader)
			switch {
			case c.want == "" && (err != nil || len(got) != 5000):
				t.Errorf("%d rows, %v", len(got), err)
			case c.want != "" && sqlerr.CodeOf(err) != c.want:
				t.Errorf("%v", err)
			}
		})
	}
}
