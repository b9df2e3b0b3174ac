package flight

import (
	"sync/atomic"

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

// frame is a FlightData whose body is the buffers of an IPC payload: they leave as they
// are, without a copy. Whoever makes it owns the payload until it is given to gRPC.
type frame struct {
	payload ipc.Payload
	header  []byte
	size    int  // of the body
	given   bool // to gRPC, which releases it
}

// codec is the protocol's, which knows frames.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Marshal gives out the buffers of a frame, or any message of the protocol.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	f, ok := v.(*frame)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	out := parts{loose: make([]byte, 0, len(f.header)+leastShared)}
	out.loose = protowire.AppendTag(out.loose, fieldDataHeader, protowire.BytesType)
	out.loose = protowire.AppendBytes(out.loose, f.header)
	if f.size > 0 {
		out.loose = protowire.AppendTag(out.loose, fieldDataBody, protowire.BytesType)
		out.loose = protowire.AppendVarint(out.loose, uint64(f.size))
		if err := f.payload.SerializeBody(&out); err != nil {
			return nil, err
		}
	}
	f.given = true
	return out.message(f.payload), nil
}

// leastShared is from how many bytes on a buffer leaves as it is. Smaller ones, and the
// padding between, are copied: a buffer more costs as much as so many bytes.
const leastShared = 4 << 10

// parts collects what is written to it: large slices as they are, small ones copied
// together.
type parts struct {
	loose  []byte
	slices [][]byte
	shared []bool // by slice: it is the payload's memory
}

func (w *parts) Write(p []byte) (int, error) {
	if len(p) < leastShared {
		w.loose = append(w.loose, p...)
		return len(p), nil
	}
	w.flush()
	w.slices, w.shared = append(w.slices, p), append(w.shared, true)
	return len(p), nil
}

func (w *parts) flush() {
	if len(w.loose) > 0 {
		w.slices, w.shared = append(w.slices, w.loose), append(w.shared, false)
		w.loose = nil
	}
}

// message is the parts as gRPC takes them. It releases the payload when none of its
// memory is needed any more.
func (w *parts) message(p ipc.Payload) mem.BufferSlice {
	w.flush()
	out := make(mem.BufferSlice, len(w.slices))
	held := &holder{payload: p}
	for i, s := range w.slices {
		if !w.shared[i] {
			out[i] = mem.SliceBuffer(s)
			continue
		}
		held.refs.Add(1)
		s = s[:len(s):len(s)]
		out[i] = mem.NewBuffer(&s, held)
	}
	if held.refs.Load() == 0 {
		p.Release()
	}
	return out
}

// holder keeps a payload as long as gRPC has buffers of it: the pool to which they are
// given back.
type holder struct {
	payload ipc.Payload
	refs    atomic.Int32
}

// Get is never asked: nothing is made from this pool.
func (h *holder) Get(n int) *[]byte {
	b := make([]byte, n)
	return &b
}

// Put takes a buffer back.
func (h *holder) Put(*[]byte) {
	if h.refs.Add(-1) == 0 {
		h.payload.Release()
	}
}
