package flight

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"math"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// A signed text is version(1) purpose(1) mac(16) payload, where payload is JSON
// and mac is HMAC-SHA256 of purpose and payload, cut to 16 bytes.
const (
	signedVersion = 1
	macBytes      = 16
	headerBytes   = 2 + macBytes
)

// purpose keeps a text signed for one use from being taken for another.
type purpose byte

const (
	forTicket purpose = 't'
	forHandle purpose = 'h'
	forLogin  purpose = 'l'
	forPoll   purpose = 'p'
)

// maxSelfContained is the most bytes of statement and arguments that a ticket or
// handle carries; what is larger stays with the server and dies with its lease.
// Clients take messages of 4 MiB.
const maxSelfContained = 64 << 10

// signer makes and reads signed texts.
type signer struct{ key []byte }

// newSigner takes the key shared by the cluster, or makes one for this process.
func newSigner(key []byte) signer {
	if len(key) == 0 {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails since Go 1.24
	}
	return signer{key}
}

func (s signer) mac(p purpose, payload []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte{signedVersion, byte(p)})
	h.Write(payload)
	return h.Sum(nil)[:macBytes]
}

func (s signer) sign(p purpose, v any) ([]byte, error) {
	payload, err := json.Marshal(v)
	if err != nil {
		return nil, sqlerr.Wrap(err, "sign")
	}
	signed := append([]byte{signedVersion, byte(p)}, s.mac(p, payload)...)
	return append(signed, payload...), nil
}

// open checks a signed text and decodes it into v.
func (s signer) open(p purpose, signed []byte, v any) error {
	if len(signed) < headerBytes || signed[0] != signedVersion || signed[1] != byte(p) ||
		!hmac.Equal(signed[2:headerBytes], s.mac(p, signed[headerBytes:])) {
		return sqlerr.New(sqlerr.InvalidTicket, "the %s was not made by this server", p).
			WithHint("A server that was started again does not know what it gave out before; run the statement again.")
	}
	if err := json.Unmarshal(signed[headerBytes:], v); err != nil {
		return sqlerr.New(sqlerr.InvalidTicket, "the %s cannot be read: %v", p, err)
	}
	return nil
}

func (p purpose) String() string {
	switch p {
	case forTicket:
		return "ticket"
	case forHandle:
		return "statement handle"
	case forPoll:
		return "descriptor"
	}
	return "token"
}

// ticket is what DoGet needs: the running query while its lease lasts, and the
// statement to run a read again.
type ticket struct {
	Lease   string            `json:"lease"`             // names the running query in this process
	QueryID string            `json:"query"`             // names it everywhere
	Text    string            `json:"text,omitempty"`    // the statement, empty when it cannot run again
	Args    [][]argument      `json:"args,omitempty"`    // one row for each execution
	Options map[string]string `json:"options,omitempty"` // the session's, when the query was started
	User    string            `json:"user,omitempty"`
	Session string            `json:"session,omitempty"` // the only one in which the statement means the same
	Update  bool              `json:"update,omitempty"`  // had its effect: never runs again
	Share   Share             `json:"share"`             // of the rows; the zero value is all of them
	Guarded bool              `json:"guarded,omitempty"` // whoever shows it has to show a token of its user's
	Expires time.Time         `json:"expires"`
}

// handle names a prepared statement, and carries it so that it outlives the
// server's memory of it.
type handle struct {
	ID    string       `json:"id"`
	User  string       `json:"user,omitempty"`
	Text  string       `json:"text,omitempty"`  // empty when too large to carry
	Args  [][]argument `json:"args,omitempty"`  // bound rows, when small enough
	Bound int64        `json:"bound,omitempty"` // which binding the server holds for this handle, 0 when none was made
}

// argument is a parameter's value with its type, in a form JSON keeps exactly.
type argument struct {
	Type  string     `json:"t,omitempty"`
	Null  bool       `json:"n,omitempty"`
	I     int64      `json:"i,omitempty"`
	Hi    int64      `json:"h,omitempty"`
	F     uint64     `json:"f,omitempty"` // IEEE 754 bits: JSON has no NaN
	S     []byte     `json:"s,omitempty"`
	Elems []argument `json:"e,omitempty"`
}

func encodeValue(v expr.Value) argument {
	a := argument{Null: v.Null, I: v.I, Hi: v.Hi, F: math.Float64bits(v.F), S: []byte(v.S)}
	for _, e := range v.Elems {
		a.Elems = append(a.Elems, encodeValue(e))
	}
	return a
}

func (a argument) value() expr.Value {
	v := expr.Value{Null: a.Null, I: a.I, Hi: a.Hi, F: math.Float64frombits(a.F), S: string(a.S)}
	for _, e := range a.Elems {
		v.Elems = append(v.Elems, e.value())
	}
	return v
}

// encodeRows gives rows of arguments with their types, and about how many bytes
// they take.
func encodeRows(rows [][]expr.Value, types []expr.Type) (encoded [][]argument, size int) {
	for _, row := range rows {
		out := make([]argument, len(row))
		for i, v := range row {
			out[i] = encodeValue(v)
			out[i].Type = types[i].String()
			size += 64 + 2*len(v.S) + 64*len(v.Elems)
		}
		encoded = append(encoded, out)
		if size > maxSelfContained {
			return nil, size
		}
	}
	return encoded, size
}

// decodeRows gives back the values if they still fit the statement's parameters,
// whose types may have changed with the tables.
func decodeRows(encoded [][]argument, types []expr.Type) ([][]expr.Value, error) {
	rows := make([][]expr.Value, len(encoded))
	for i, row := range encoded {
		if len(row) != len(types) {
			return nil, sqlerr.New(sqlerr.InvalidTicket, "%d values are bound, the statement now has %d parameters", len(row), len(types))
		}
		rows[i] = make([]expr.Value, len(row))
		for j, a := range row {
			if a.Type != types[j].String() {
				return nil, sqlerr.New(sqlerr.InvalidTicket, "parameter $%d was bound as %s and is now %s", j+1, a.Type, types[j])
			}
			rows[i][j] = a.value()
		}
	}
	return rows, nil
}
