package standard

import (
	"encoding/json"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// removed is what older versions of Substrait had fields for: URIs in the place of
// URNs. protobuf keeps such fields as unknown ones.
type removed struct {
	uris map[uint32]string // by anchor
	// references are the URI anchors of the plan's extensions, by their index.
	references map[int]uint32
}

// The numbers of the removed fields.
const (
	fieldURIs         = 1 // of Plan: SimpleExtensionURI{anchor 1, uri 2}
	fieldURIReference = 1 // of an extension's declaration
)

func (r *removed) init() {
	if r.uris == nil {
		r.uris, r.references = map[uint32]string{}, map[int]uint32{}
	}
}

// take moves the removed fields of a plan into r, so that what is unknown then is
// not understood.
func (r *removed) take(p *pb.Plan) error {
	r.init()
	err := consume(p.ProtoReflect(), func(number protowire.Number, value []byte, _ uint64) bool {
		if number != fieldURIs || value == nil {
			return false
		}
		anchor, uri := uint64(0), ""
		ok := fields(value, func(n protowire.Number, v []byte, i uint64) bool {
			switch n {
			case 1:
				anchor = i
			case 2:
				uri = string(v)
			}
			return n == 1 || n == 2
		})
		r.uris[uint32(anchor)] = uri
		return ok
	})
	if err != nil {
		return err
	}
	for i, d := range p.GetExtensions() {
		for _, m := range []protoreflect.Message{d.GetExtensionFunction().ProtoReflect(),
			d.GetExtensionType().ProtoReflect(), d.GetExtensionTypeVariation().ProtoReflect()} {
			if !m.IsValid() {
				continue
			}
			err := consume(m, func(number protowire.Number, value []byte, n uint64) bool {
				if number != fieldURIReference || value != nil {
					return false
				}
				r.references[i] = uint32(n)
				return true
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// consume gives the unknown fields of m to take, which says whether it is a field
// it knows, and removes them.
func consume(m protoreflect.Message, take func(number protowire.Number, value []byte, n uint64) bool) error {
	u := m.GetUnknown()
	if len(u) == 0 {
		return nil
	}
	if !fields(u, take) {
		return invalid("field %d of %s is not known", fieldNumber(u), m.Descriptor().FullName())
	}
	m.SetUnknown(nil)
	return nil
}

// fields gives every field of an encoded message to visit: bytes, or a number when
// value is nil. It ends when visit says false.
func fields(b []byte, visit func(number protowire.Number, value []byte, n uint64) bool) bool {
	for len(b) > 0 {
		number, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		ok := false
		switch typ {
		case protowire.VarintType:
			var v uint64
			if v, n = protowire.ConsumeVarint(b); n >= 0 {
				ok = visit(number, nil, v)
			}
		case protowire.BytesType:
			var v []byte
			if v, n = protowire.ConsumeBytes(b); n >= 0 {
				ok = visit(number, append([]byte{}, v...), 0)
			}
		}
		if !ok {
			return false
		}
		b = b[n:]
	}
	return true
}

func fieldNumber(b []byte) protowire.Number {
	number, _, _ := protowire.ConsumeTag(b)
	return number
}

// takeJSON moves the removed fields out of a plan in JSON.
func (r *removed) takeJSON(plan map[string]any) {
	r.init()
	for _, u := range take(plan, "extensionUris", "extension_uris") {
		uris, _ := u.([]any)
		for _, entry := range uris {
			m, _ := entry.(map[string]any)
			anchor, _ := anchorIn(m, "extensionUriAnchor", "extension_uri_anchor")
			r.uris[anchor], _ = m["uri"].(string)
		}
	}
	list, _ := plan["extensions"].([]any)
	for i, entry := range list {
		kinds, _ := entry.(map[string]any)
		for _, declaration := range kinds {
			m, _ := declaration.(map[string]any)
			if anchor, ok := anchorIn(m, "extensionUriReference", "extension_uri_reference"); ok {
				r.references[i] = anchor
				take(m, "extensionUriReference", "extension_uri_reference")
			}
		}
	}
}

// take removes keys and gives their values.
func take(m map[string]any, keys ...string) []any {
	var out []any
	for _, k := range keys {
		if v, ok := m[k]; ok {
			out = append(out, v)
			delete(m, k)
		}
	}
	return out
}

func anchorIn(m map[string]any, keys ...string) (uint32, bool) {
	for _, k := range keys {
		if n, ok := m[k].(json.Number); ok {
			if i, err := n.Int64(); err == nil {
				return uint32(i), true
			}
		}
	}
	return 0, false
}
