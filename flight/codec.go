package flight

import (
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that frames are not for
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of FlightData that results have.
const (
	fieldDataHeader protowire.Number = 2
	fieldDataBody   protowire.Number = 1000
)

// frame is a FlightData that is written from an IPC payload into the buffer that leaves:
// of a large result, copying it once less is most of what encoding takes.
type frame struct {
	payload ipc.Payload
	header  []byte
	size    int // of the body
}

// codec is the protocol's, which knows frames.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Marshal writes a frame, or any message of the protocol.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	f, ok := v.(*frame)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	pool := mem.DefaultBufferPool()
	most := len(f.header) + f.size + 32 // tags and lengths
	buffer := pool.Get(most)
	out := (*buffer)[:0]
	out = protowire.AppendTag(out, fieldDataHeader, protowire.BytesType)
	out = protowire.AppendBytes(out, f.header)
	if f.size > 0 {
		out = protowire.AppendTag(out, fieldDataBody, protowire.BytesType)
		out = protowire.AppendVarint(out, uint64(f.size))
		w := appender{out}
		if err := f.payload.SerializeBody(&w); err != nil {
			pool.Put(buffer)
			return nil, err
		}
		out = w.out
	}
	*buffer = out
	return mem.BufferSlice{mem.NewBuffer(buffer, pool)}, nil
}

// appender writes into a slice that has room.
type appender struct{ out []byte }

func (w *appender) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}
