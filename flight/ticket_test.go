package flight

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

func TestTicketRoundTrip(t *testing.T) {
	s := newSigner(nil)
	types := []expr.Type{expr.Of(expr.Float8), expr.Of(expr.Bytea), expr.NumericOf(38, 2), expr.ListOf(expr.Of(expr.Int4))}
	rows := [][]expr.Value{{expr.Float(math.Inf(-1)), expr.Str("\x00\xff\"<"), {I: -1, Hi: math.MaxInt64}, {Elems: []expr.Value{expr.Int(math.MinInt64), expr.Null}}}}
	encoded, _ := encodeRows(rows, types)
	in := ticket{Lease: "l", QueryID: "q", Text: "select '\xff'", Args: encoded, Options: map[string]string{"a": "b"}, Expires: time.Now().UTC()}
	in.Text = "select 1"
	signed, err := s.sign(forTicket, in)
	if err != nil {
		t.Fatal(err)
	}
	var out ticket
	if err := s.open(forTicket, signed, &out); err != nil {
		t.Fatal(err)
	}
	got, err := decodeRows(out.Args, types)
	if err != nil || !reflect.DeepEqual(got, rows) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := s.open(forHandle, signed, &handle{}); sqlerr.CodeOf(err) != sqlerr.InvalidTicket {
		t.Errorf("a ticket passes for a handle: %v", err)
	}
	if err := newSigner(nil).open(forTicket, signed, &out); sqlerr.CodeOf(err) != sqlerr.InvalidTicket {
		t.Errorf("another server's ticket passes: %v", err)
	}
	if _, err := decodeRows(out.Args, types[:3]); sqlerr.CodeOf(err) != sqlerr.InvalidTicket {
		t.Errorf("got %v", err)
	}
	if _, err := decodeRows(out.Args, append([]expr.Type{expr.Of(expr.Float4)}, types[1:]...)); sqlerr.CodeOf(err) != sqlerr.InvalidTicket {
		t.Errorf("got %v", err)
	}
}

// FuzzTicket opens hostile bytes as they are, and signed with the server's own key,
// which is what a peer with a bug could send.
func FuzzTicket(f *testing.F) {
	s := newSigner([]byte("key"))
	good, _ := s.sign(forTicket, ticket{Lease: "l", Text: "select $1", Args: [][]argument{{{Type: "bigint", I: 1}}}})
	f.Add(good)
	f.Add(good[headerBytes:])
	f.Add([]byte(`{"args":[[{"e":[{"e":null}]}]]}`))
	types := []expr.Type{expr.Of(expr.Int8)}
	f.Fuzz(func(t *testing.T, data []byte) {
		signed := append([]byte{signedVersion, byte(forTicket)}, s.mac(forTicket, data)...)
		for _, bytes := range [][]byte{data, append(signed, data...)} {
			var got ticket
			err := s.open(forTicket, bytes, &got)
			if err == nil {
				_, err = decodeRows(got.Args, types)
			}
			if err != nil && sqlerr.CodeOf(err) != sqlerr.InvalidTicket {
				t.Errorf("an untyped error: %v", err)
			}
		}
	})
}
