package worker

import (
	"slices"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
)

// building is a piece that is not sealed yet.
type building struct {
	account *memory.Account
	encoder *exchange.Encoder // nil: batches are kept as they are
	scratch *[]byte           // that frames are written in; the sender's
	piece   exchange.Piece
	bytes   int64    // reserved for it
	sent    int64    // bytes that were added, in memory or not
	file    *putAway // that has a part of it; nil: all is in memory
}

func newBuilding(account *memory.Account, frames bool, scratch *[]byte) *building {
	b := &building{account: account, scratch: scratch}
	if frames {
		b.encoder = &exchange.Encoder{}
	}
	return b
}

// add takes a batch over, unless it fails: only the selected rows are kept.
func (b *building) add(batch *vector.Batch) error {
	if batch.Rows() == 0 {
		batch.Release()
		return nil
	}
	if b.encoder != nil {
		return b.addFrame(batch)
	}
	// Columns count as if nobody else paid for them: what an operator made
	// elsewhere than in slabs is nobody's any more when it has closed.
	bytes := keptBytes(batch.Cols, batch.Rows())
	if err := b.account.Reserve(bytes); err != nil {
		return err
	}
	b.bytes, b.sent = b.bytes+bytes, b.sent+bytes
	b.piece.Batches = append(b.piece.Batches, vector.Compact(batch))
	return nil
}

func (b *building) addFrame(batch *vector.Batch) error {
	// Of exactly its length, for it may be kept for long.
	var err error
	if *b.scratch, err = b.encoder.Append((*b.scratch)[:0], batch); err != nil {
		return err
	}
	bytes := int64(len(*b.scratch))
	if err := b.account.Reserve(bytes); err != nil {
		// The encoder believes that what it has written is there.
		b.encoder = nil
		return err
	}
	batch.Release()
	b.bytes, b.sent = b.bytes+bytes, b.sent+bytes
	b.piece.Frames = append(b.piece.Frames, slices.Clone(*b.scratch))
	return nil
}

// putAway writes what is in memory to a file. What comes later is kept as batches: the
// frames of an encoder belong together.
func (b *building) putAway(f *putAway) error {
	b.encoder = nil
	var decoder exchange.Decoder
	for _, frame := range b.piece.Frames {
		batch, _, err := decoder.Decode(frame)
		if err != nil {
			return err
		}
		if err := b.write(batch, f); err != nil {
			batch.Release()
			return err
		}
	}
	for i, batch := range b.piece.Batches {
		if err := b.write(batch, f); err != nil {
			b.piece.Batches = b.piece.Batches[i:]
			return err
		}
	}
	b.piece.Frames, b.piece.Batches = nil, nil
	b.account.Release(b.bytes)
	b.bytes = 0
	return nil
}

// write takes a batch over, unless it fails, and puts it at the piece's end in the file.
// Nothing of the piece that comes after it may be in memory.
func (b *building) write(batch *vector.Batch, f *putAway) error {
	stored, err := f.append(batch)
	if err != nil {
		return err
	}
	if b.file == nil {
		b.file = f
		f.enter()
	}
	b.piece.Stored = append(b.piece.Stored, stored)
	batch.Release()
	return nil
}

// settle has another account pay.
func (b *building) settle(to *memory.Account) error {
	b.account.Release(b.bytes)
	if err := to.Reserve(b.bytes); err != nil {
		if again := b.account.Reserve(b.bytes); again != nil {
			b.bytes = 0 // what is written now is not paid for meanwhile
		}
		return err
	}
	b.account = to
	return nil
}

// take gives the piece away, with what was reserved for it.
func (b *building) take() exchange.Piece {
	p, account, bytes, file := b.piece, b.account, b.bytes, b.file
	p.Freed = func() {
		account.Release(bytes)
		if file != nil {
			file.done()
		}
	}
	b.piece, b.bytes, b.file = exchange.Piece{}, 0, nil
	return p
}

// keptBytes is what n rows of columns take, without dictionaries and the bytes of
// strings, which stay where they are.
func keptBytes(cols []vector.Column, n int) int64 {
	total := int64(0)
	for i := range cols {
		c := &cols[i]
		width := c.Kind.Size()
		if c.Dict != nil {
			width = int(c.Width)
		}
		total += int64(n * width)
		if c.Valid != nil {
			total += int64(n / 8)
		}
		if c.Dict != nil || c.Len == 0 {
			continue
		}
		for j := range c.Children {
			// A list has as many values a row as the others, about.
			total += keptBytes(c.Children[j:j+1], c.Children[j].Len*n/c.Len)
		}
	}
	return total
}
