package cluster

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// Frames and what gossip carries of a member are fields in the encoding of Protocol
// Buffers, written and read without generated code.

var errFields = errors.New("fields that are cut off")

func appendText(b []byte, n protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
}

func appendNumber(b []byte, n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
}

// fields calls visit for every field of b that is a number or bytes; others, which none
// of ours is, are passed over.
func fields(b []byte, visit func(n protowire.Number, v uint64, s []byte) error) error {
	for len(b) > 0 {
		n, t, size := protowire.ConsumeTag(b)
		if size < 0 {
			return errFields
		}
		b = b[size:]
		var v uint64
		var s []byte
		switch t {
		case protowire.VarintType:
			v, size = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			s, size = protowire.ConsumeBytes(b)
		default:
			if size = protowire.ConsumeFieldValue(n, t, b); size < 0 {
				return errFields
			}
			b = b[size:]
			continue
		}
		if size < 0 {
			return errFields
		}
		b = b[size:]
		if err := visit(n, v, s); err != nil {
			return err
		}
	}
	return nil
}
