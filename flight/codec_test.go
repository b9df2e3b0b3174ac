package flight

import (
	"bytes"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/proto"
)

// mixed is a record with small and large buffers, NULLs and padding.
func mixed(mem memory.Allocator, rows int) arrow.RecordBatch {
	b := array.NewRecordBuilder(mem, arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "b", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "c", Type: arrow.FixedWidthTypes.Boolean, Nullable: true}}, nil))
	defer b.Release()
	for i := range rows {
		if i%7 == 3 {
			b.Field(0).AppendNull()
		} else {
			b.Field(0).(*array.Int64Builder).Append(int64(i))
		}
		b.Field(1).(*array.StringBuilder).Append(strings.Repeat("x", i%11))
		b.Field(2).(*array.BooleanBuilder).Append(i%3 == 0)
	}
	return b.NewRecordBatch()
}

func TestFramesAreTheMessagesOfTheProtocol(t *testing.T) {
	for _, rows := range []int{0, 1, 100, 5000, 100_000} {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		record := mixed(mem, rows)
		payload, err := ipc.GetRecordBatchPayload(record, ipc.WithAllocator(mem))
		if err != nil {
			t.Fatal(err)
		}
		record.Release()
		meta := payload.Meta()
		var body bytes.Buffer
		if err := payload.SerializeBody(&body); err != nil {
			t.Fatal(err)
		}
		f := &frame{payload: payload, header: meta.Bytes(), size: body.Len()}
		message, err := newCodec().Marshal(f)
		if err != nil || !f.given {
			t.Fatal(err, f.given)
		}
		want := &arrowflight.FlightData{DataHeader: bytes.Clone(meta.Bytes()), DataBody: body.Bytes()}
		meta.Release()
		message.Ref() // as the transport does
		var got arrowflight.FlightData
		if err := proto.Unmarshal(message.Materialize(), &got); err != nil || !proto.Equal(&got, want) {
			t.Errorf("%d rows: another message, %v", rows, err)
		}
		message.Free()
		if rows > 1000 && mem.CurrentAlloc() == 0 {
			t.Error("the memory is free while the transport has it")
		}
		message.Free()
		mem.AssertSize(t, 0)
	}
}
