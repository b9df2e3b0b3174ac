package vector

import (
	"bytes"
	"testing"

	"github.com/skein-query/skein/exec/memory"
)

// A batch of a few rows lets go of the slabs under them; one of many keeps them.
func TestOwnCopiesRowsThatHoldMuch(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	pool := memory.NewPoisonPool()
	for _, c := range []struct {
		rows   int
		copied bool
	}{{3, true}, {4096, false}} {
		slab, err := pool.Get(1<<18, account)
		if err != nil {
			t.Fatal(err)
		}
		text := bytes.Repeat([]byte("a string that is not inline, "), 8)
		copy(slab.Bytes()[1<<16:], text)
		ints := view[int64](slab.Bytes(), 4096)
		for i := range ints {
			ints[i] = int64(i)
		}
		dict := &Dict{Values: Column{Kind: Int64, Len: 4096, Data: slab.Bytes()}}
		words := slab.Bytes()[1<<16 : 1<<16+len(text)]
		views := make([]View, 4096)
		codes := make([]uint16, 4096)
		for i := range views {
			views[i] = MakeView(words[:20+i%30], 0, 0)
			codes[i] = uint16(4095 - i)
		}
		valid := NewBitmapSet(4096)
		valid.Clear(2)
		b := New([]Column{
			{Kind: Int64, Width: 2, Len: 4096, Dict: dict, Data: BytesOf(codes), Valid: valid},
			{Kind: String, Len: 4096, Data: BytesOf(views), Buffers: [][]byte{words}},
		}, 4096)
		b.Sel = make(Selection, c.rows)
		for i := range b.Sel {
			b.Sel[i] = uint32(i)
		}
		b.Hold(slab)
		b = Own(b)
		if copied := account.UsedBytes() == 0; copied != c.copied {
			t.Errorf("%d rows: copied %t", c.rows, copied)
		}
		if b.Rows() != c.rows || !b.Cols[0].IsNull(2) {
			t.Errorf("%d rows: %d", c.rows, b.Rows())
		}
		for i := range 2 {
			values, at := b.Cols[0].At(i)
			if values.Int64s()[at] != int64(4095-i) || !bytes.Equal(b.Cols[1].Views()[i].Bytes(b.Cols[1].Buffers), text[:20+i]) {
				t.Errorf("%d rows: row %d differs", c.rows, i)
			}
		}
		b.Release()
		if account.UsedBytes() != 0 {
			t.Errorf("%d rows: %d bytes are still held", c.rows, account.UsedBytes())
		}
	}
}
