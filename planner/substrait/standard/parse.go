package standard

import (
	"bytes"
	"encoding/json"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/skein-query/skein/internal/sqlerr"
)

// The limits of a plan: its length in bytes, and relations and expressions counted
// from the root down.
const (
	MaxBytes = 16 << 20
	MaxDepth = 1000
	// maxMessages bounds the nesting of protobuf messages; a relation or an expression
	// takes up to six of them.
	maxMessages = 6*MaxDepth + 100
)

// Document is a parsed plan. It is immutable.
type Document struct {
	plan    *pb.Plan
	removed removed
	Bytes   int // of the text it was parsed from
}

// Producer is who made the plan, for people; empty when the plan does not say.
func (d *Document) Producer() string { return d.plan.GetVersion().GetProducer() }

// Parse reads a plan from its protobuf bytes or from JSON in protobuf's mapping.
func Parse(b []byte) (*Document, error) {
	if len(b) > MaxBytes {
		return nil, invalid("the plan has %d bytes, at most %d are read", len(b), MaxBytes)
	}
	d := &Document{plan: new(pb.Plan), Bytes: len(b)}
	var err error
	if text := bytes.TrimLeft(b, " \t\r\n"); len(text) > 0 && text[0] == '{' {
		err = d.json(text)
	} else {
		err = proto.UnmarshalOptions{RecursionLimit: maxMessages}.Unmarshal(b, d.plan)
	}
	if err != nil {
		return nil, &sqlerr.Error{Code: sqlerr.InvalidPlan, Msg: "substrait plan: cannot be parsed", Err: err}
	}
	if err := d.removed.take(d.plan); err != nil {
		return nil, err
	}
	return d, known(d.plan.ProtoReflect())
}

// json reads a plan in JSON, in which removed fields have names.
func (d *Document) json(text []byte) error {
	if depth(text) > maxMessages {
		return invalid("nested more than %d deep", maxMessages)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree map[string]any
	if err := dec.Decode(&tree); err != nil {
		return err
	}
	d.removed.takeJSON(tree)
	text, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	return protojson.UnmarshalOptions{RecursionLimit: maxMessages}.Unmarshal(text, d.plan)
}

// depth is how deep the brackets of a JSON text are nested.
func depth(text []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// known refuses fields that this version does not know, which protobuf itself
// passes over: they may change what the plan means. What stands in a hint or an
// optimization does not.
func known(m protoreflect.Message) error {
	name := m.Descriptor().FullName()
	if u := m.GetUnknown(); len(u) > 0 {
		if name == "substrait.RelCommon.Hint" || name == "substrait.Version" {
			return nil
		}
		return invalid("field %d of %s is not known", fieldNumber(u), name)
	}
	var err error
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil || f.Name() == "optimization":
		case f.IsMap():
			err = invalid("field %s of %s is not known", f.Name(), name)
		case !f.IsList():
			err = known(v.Message())
		default:
			for i := 0; i < v.List().Len() && err == nil; i++ {
				err = known(v.List().Get(i).Message())
			}
		}
		return err == nil
	})
	return err
}

// invalid is an error of the plan as a whole.
func invalid(format string, args ...any) error {
	return sqlerr.New(sqlerr.InvalidPlan, "substrait plan: "+format, args...)
}
