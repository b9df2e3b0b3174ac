package substrait

import (
	"bytes"
	"encoding/json"

	"github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/physical"
)

// The limits of a plan: its length in bytes, and relations and expressions
// counted from the root down.
const (
	MaxBytes = 64 << 20
	MaxDepth = 2000
)

// Marshal is the plan with root n as the bytes of a Substrait plan. Equal plans
// give equal bytes.
func Marshal(n physical.Node) ([]byte, error) {
	p, err := Encode(n)
	if err != nil {
		return nil, err
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
	if err != nil {
		return nil, sqlerr.Wrap(err, "substrait plan")
	}
	if len(b) > MaxBytes {
		return nil, sqlerr.New(sqlerr.StatementTooComplex, "substrait plan: %d bytes, at most %d are sent", len(b), MaxBytes)
	}
	return b, nil
}

// Unmarshal is the root of the plan in b. Nothing in it refers to b.
func Unmarshal(b []byte) (physical.Node, error) {
	if len(b) > MaxBytes {
		return nil, sqlerr.New(sqlerr.InvalidPlan, "substrait plan: %d bytes, at most %d are read", len(b), MaxBytes)
	}
	p := new(substraitpb.Plan)
	if err := proto.Unmarshal(b, p); err != nil {
		return nil, &sqlerr.Error{Code: sqlerr.InvalidPlan, Msg: "substrait plan", Err: err}
	}
	return Decode(p)
}

// Text is the plan as JSON in protobuf's mapping, indented; equal plans give
// equal text.
func Text(p *substraitpb.Plan) (string, error) {
	b, err := protojson.Marshal(p)
	if err != nil {
		return "", sqlerr.Wrap(err, "substrait plan")
	}
	// protojson puts in blanks at random, so that nobody compares its output.
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return "", sqlerr.Wrap(err, "substrait plan")
	}
	return out.String(), nil
}
