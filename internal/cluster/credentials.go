package cluster

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"time"
)

// tls is a configuration for both ends of a connection between processes that hold
// the key. The key gives both the same pair of signing keys; TLS proves that the other
// end holds the private one, so no certificate needs an authority or a name.
func (k Key) tls(use string) (*tls.Config, error) {
	seed, err := k.derive(use)
	if err != nil {
		return nil, err
	}
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "skein"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<37, 0)}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}},
		ClientAuth:   tls.RequireAnyClientCert,
		// Neither name nor authority is asked for; VerifyConnection asks for the key.
		InsecureSkipVerify: true,
		VerifyConnection: func(c tls.ConnectionState) error {
			if len(c.PeerCertificates) != 1 || !public.Equal(c.PeerCertificates[0].PublicKey) {
				return errors.New("the other end holds another cluster key")
			}
			return nil
		},
	}, nil
}
