package tcp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// version is that of the framing; peers of another one are refused.
const version = 3

const (
	magic      = "SKEINXCH"
	nonceBytes = 32
	helloBytes = len(magic) + 4 + nonceBytes
)

// instance is the number of a server process: the cursors that a reader has are
// worth nothing in another one.
type instance [16]byte

type nonce [nonceBytes]byte

// verdict is what a server thinks of a client's proof.
const (
	verdictOK       = 1
	verdictWrongKey = 2
)

// prover makes the proofs of a cluster key. A peer shows that it has the key by the
// HMAC of its role and both nonces, so that a proof is good for this connection and
// direction only; the client goes first, and who cannot answer learns nothing that
// the key could be guessed from. Under TLS the proof is bound to the session.
type prover struct{ key []byte }

func newProver(key []byte) (prover, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, "skein exchange", sha256.Size)
	return prover{derived}, err
}

func (p prover) proof(role string, client, server nonce, binding []byte) []byte {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(role))
	mac.Write(client[:])
	mac.Write(server[:])
	mac.Write(binding)
	return mac.Sum(nil)
}

func newNonce() (n nonce) {
	_, _ = rand.Read(n[:]) // never fails
	return n
}

func hello(n nonce) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(magic), version), n[:]...)
}

// parseHello gives the peer's nonce, or why there can be no talk with it.
func parseHello(data []byte) (n nonce, err error) {
	if string(data[:len(magic)]) != magic {
		return n, sqlerr.New(sqlerr.DataCorrupted, "the peer speaks another protocol: it begins with %q", data[:len(magic)])
	}
	if v := binary.LittleEndian.Uint32(data[len(magic):]); v != version {
		return n, sqlerr.New(sqlerr.FeatureNotSupported, "the peer speaks version %d of the exchange, not %d", v, version).
			WithHint("All processes of a cluster have to be of one version of Skein.")
	}
	copy(n[:], data[len(magic)+4:])
	return n, nil
}

// binding is what only the two ends of a TLS session know; nil without TLS.
func binding(conn net.Conn) ([]byte, error) {
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return nil, nil
	}
	if err := secure.Handshake(); err != nil {
		return nil, err
	}
	state := secure.ConnectionState()
	return state.ExportKeyingMaterial("EXPORTER-skein-exchange", nil, 32)
}

func wrongKey(peer string) error {
	return sqlerr.New(sqlerr.InvalidAuthorization, "%s has another cluster key", peer).
		WithHint("Start all processes of the cluster with the same key.")
}

// strange is an error before the peer has been heard: certificates that are refused
// will be refused again, all else may pass.
func strange(err error) error {
	_, ours := errors.AsType[*tls.CertificateVerificationError](err)
	op, alert := errors.AsType[*net.OpError](err)
	theirs := alert && op.Op == "remote error" // as crypto/tls calls an alert
	if _, plain := errors.AsType[tls.RecordHeaderError](err); ours || theirs || plain {
		return sqlerr.New(sqlerr.InvalidAuthorization, "TLS: %v", err)
	}
	return lost(err)
}

// greet proves the key to a server and has it prove its own.
func (p prover) greet(conn net.Conn, deadline time.Time) (of instance, err error) {
	if err := conn.SetDeadline(deadline); err != nil {
		return of, lost(err)
	}
	bound, err := binding(conn)
	if err != nil {
		return of, strange(err)
	}
	mine := newNonce()
	if _, err := conn.Write(hello(mine)); err != nil {
		return of, strange(err)
	}
	var reply [helloBytes]byte
	if _, err := io.ReadFull(conn, reply[:]); err != nil {
		return of, strange(err)
	}
	theirs, err := parseHello(reply[:])
	if err != nil {
		return of, err
	}
	if _, err := conn.Write(p.proof("client", mine, theirs, bound)); err != nil {
		return of, lost(err)
	}
	var answer [1 + sha256.Size + len(of)]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return of, lost(err)
	}
	want := p.proof("server", mine, theirs, bound)
	if answer[0] != verdictOK || !hmac.Equal(answer[1:1+sha256.Size], want) {
		return of, wrongKey("the peer")
	}
	copy(of[:], answer[1+sha256.Size:])
	return of, nil
}

// admit has a client prove the key, and then proves it.
func (p prover) admit(conn net.Conn, deadline time.Time, self instance) error {
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	bound, err := binding(conn)
	if err != nil {
		return err
	}
	var greeting [helloBytes]byte
	if _, err := io.ReadFull(conn, greeting[:]); err != nil {
		return err
	}
	theirs, err := parseHello(greeting[:])
	if sqlerr.CodeOf(err) == sqlerr.DataCorrupted {
		return err // whoever that is, it is told nothing
	}
	mine := newNonce()
	if _, err := conn.Write(hello(mine)); err != nil {
		return err
	}
	if err != nil {
		return err // of another version, which it has seen now
	}
	var proof [sha256.Size]byte
	if _, err := io.ReadFull(conn, proof[:]); err != nil {
		return err
	}
	var answer [1 + sha256.Size + len(self)]byte
	if !hmac.Equal(proof[:], p.proof("client", theirs, mine, bound)) {
		answer[0] = verdictWrongKey
		_, _ = conn.Write(answer[:]) // it is refused, whether it hears it or not
		return wrongKey("the client")
	}
	answer[0] = verdictOK
	copy(answer[1:], p.proof("server", theirs, mine, bound))
	copy(answer[1+sha256.Size:], self[:])
	_, err = conn.Write(answer[:])
	return err
}
