package tcp

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

// object has the same bytes under every path, in version v1.
type object string

func (o object) Range(_ context.Context, path, version string, off int64, n int) ([]byte, error) {
	if version != "v1" {
		return nil, sqlerr.New(sqlerr.FileChanged, "%s is not %s any more", path, version)
	}
	if off > int64(len(o)) || off+int64(n) > int64(len(o)) {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "%s has %d bytes", path, len(o))
	}
	return []byte(o[off : off+int64(n)]), nil
}

// Table says its name, if it is in schema s.
func (o object) Table(_ context.Context, schema, name string) ([]byte, error) {
	if schema != "s" {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name)
	}
	return []byte(name), nil
}

func TestTablesAreDescribed(t *testing.T) {
	client, peer := serveRanges(t, object(""))
	for _, name := range []string{"t", "", strings.Repeat("n", 1000)} {
		if got, err := client.Table(t.Context(), peer, "s", name); err != nil || string(got) != name {
			t.Errorf("%q %v", got, err)
		}
	}
	if _, err := client.Table(t.Context(), peer, "x", "t"); sqlerr.CodeOf(err) != sqlerr.UndefinedTable {
		t.Errorf("a table that is not there gives %v", err)
	}
	if n := len(client.parked[peer]); n != 1 {
		t.Errorf("%d connections were made", n)
	}
	none, peer := serveRanges(t, nil)
	if _, err := none.Table(t.Context(), peer, "s", "t"); sqlerr.CodeOf(err) != sqlerr.FeatureNotSupported {
		t.Errorf("a process without tables gives %v", err)
	}
}

func serveRanges(t *testing.T, r Ranges) (*Client, string) {
	t.Helper()
	c := Config{Security: Security{Key: []byte("a key of this test")}, Ranges: r}
	s, err := Listen("127.0.0.1:0", exchange.NewHub(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	client, err := NewClient(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, s.Addr()
}

func TestRangesOfObjectsAreRead(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", maxRange/8) // two messages
	client, peer := serveRanges(t, object(large))
	buf := make([]byte, len(large)-3)
	for range 3 { // on one connection
		if err := client.ReadRange(t.Context(), peer, "mem://x/1", "v1", buf, 3); err != nil || !bytes.Equal(buf, []byte(large)[3:]) {
			t.Fatalf("%.20s… %v", buf, err)
		}
	}
	if n := len(client.parked[peer]); n != 1 {
		t.Errorf("%d connections were made", n)
	}
	if err := client.ReadRange(t.Context(), peer, "mem://x/1", "v2", buf, 0); sqlerr.CodeOf(err) != sqlerr.FileChanged {
		t.Errorf("another version gives %v", err)
	}
	if err := client.ReadRange(t.Context(), peer, "mem://x/1", "v1", buf, 4); sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
		t.Errorf("bytes behind the end give %v", err)
	}
	if err := client.ReadRange(t.Context(), peer, strings.Repeat("x", maxRequest), "v1", buf, 4); sqlerr.CodeOf(err) != sqlerr.ProgramLimitExceeded {
		t.Errorf("a long path gives %v", err)
	}
	if err := client.ReadRange(t.Context(), peer, "mem://x/1", "v1", buf[:5], 0); err != nil || string(buf[:5]) != "01234" {
		t.Errorf("after errors: %s %v", buf[:5], err)
	}
	cancelled, cancel := context.WithCancelCause(t.Context())
	why := errors.New("nobody wants it")
	cancel(why)
	if err := client.ReadRange(cancelled, peer, "mem://x/1", "v1", buf, 0); !errors.Is(err, why) {
		t.Errorf("a cancelled read gives %v", err)
	}
}

func TestAPeerWithoutObjectsSaysSo(t *testing.T) {
	client, peer := serveRanges(t, nil)
	if err := client.ReadRange(t.Context(), peer, "mem://x/1", "v1", make([]byte, 1), 0); sqlerr.CodeOf(err) != sqlerr.FeatureNotSupported {
		t.Error(err)
	}
}

func TestAPeerThatIsGoneIsNamed(t *testing.T) {
	client, peer := serveRanges(t, nil)
	client.Close()
	err := client.ReadRange(t.Context(), "127.0.0.1:1", "mem://x/1", "v1", make([]byte, 1), 0)
	if p, ok := errors.AsType[*PeerError](err); !ok || p.Peer != "127.0.0.1:1" || sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("%v (%s)", err, peer)
	}
}

// FuzzRange lets a server that has proved the key answer anything: all bytes are there
// and have the checksum that was said, or there is an error with a code.
func FuzzRange(f *testing.F) {
	f.Add(said(func(l *link) { _ = l.send(msgBytes, []byte("0123456789")) }))
	f.Add(said(func(l *link) { _ = l.send(msgBytes, []byte("01234567890")) }))
	f.Add(said(func(l *link) { _ = l.send(msgFailure, encodeError(sqlerr.New(sqlerr.FileChanged, "it is gone"))) }))
	f.Add(said(func(l *link) { _ = l.send(msgPing, nil) }))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = right(data)
		client := scripted(t, Limits{}, data)
		defer client.Close()
		buf := make([]byte, 10)
		err := client.ReadRange(t.Context(), "peer", "mem://x/1", "v1", buf, 0)
		if err == nil && !bytes.Contains(data, buf) {
			t.Errorf("%q was read of %q", buf, data)
		}
		if err != nil && len(sqlerr.CodeOf(err)) != 5 {
			t.Errorf("an error without a code: %v", err)
		}
	})
}
