package spill

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/pierrec/lz4/v4"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

// A block, all numbers little-endian:
//
//	magic u32 · crc32c u32 (of all that stands behind it) · length of the frame u64
//	· length of what follows u64 · the frame, in lz4 when the two lengths differ
const (
	blockMagic  = 0x4b4c4253 // "SBLK"
	blockHeader = 24
	// minSaved is the part of a frame that compression has to save.
	minSaved = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writer has what it takes to make and read one block. Its buffers are as large as the
// largest block; there are as many writers as goroutines at work.
type writer struct {
	frame, packed []byte
	lz4           lz4.Compressor
}

var writers = sync.Pool{New: func() any { return &writer{} }}

// block is the selected rows of a batch as a block, valid until the next call.
func (w *writer) block(b *vector.Batch) ([]byte, error) {
	var err error
	w.frame = slices.Grow(w.frame[:0], blockHeader)[:blockHeader]
	if w.frame, err = new(exchange.Encoder).Append(w.frame, b); err != nil {
		return nil, err
	}
	raw := w.frame[blockHeader:]
	out := w.frame
	most := len(raw) - len(raw)/minSaved
	if cap(w.packed) < blockHeader+most {
		w.packed = make([]byte, blockHeader+most)
	}
	w.packed = w.packed[:blockHeader+most]
	if n, err := w.lz4.CompressBlock(raw, w.packed[blockHeader:]); err == nil && n > 0 {
		out = w.packed[:blockHeader+n]
	}
	le := binary.LittleEndian
	le.PutUint32(out, blockMagic)
	le.PutUint64(out[8:], uint64(len(raw)))
	le.PutUint64(out[16:], uint64(len(out)-blockHeader))
	le.PutUint32(out[4:], crc32.Checksum(out[8:], castagnoli))
	return out, nil
}

// read gives the batch of a block.
func (w *writer) read(file *os.File, where extent, pool *memory.Pool, account *memory.Account) (*vector.Batch, error) {
	w.packed = slices.Grow(w.packed[:0], where.length)[:where.length]
	if _, err := file.ReadAt(w.packed, where.at); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, corrupt("it ends early")
		}
		return nil, failure(err, "read %d bytes", where.length)
	}
	le := binary.LittleEndian
	raw, stored := le.Uint64(w.packed[8:]), le.Uint64(w.packed[16:])
	if le.Uint32(w.packed) != blockMagic || crc32.Checksum(w.packed[8:], castagnoli) != le.Uint32(w.packed[4:]) ||
		stored != uint64(where.length-blockHeader) || raw > maxFrame {
		return nil, corrupt("its header or checksum is not what was written")
	}
	slab, err := pool.Get(int(raw), account)
	if err != nil {
		return nil, err
	}
	frame := slab.Bytes()[:raw]
	if raw == stored {
		copy(frame, w.packed[blockHeader:])
	} else if n, err := lz4.UncompressBlock(w.packed[blockHeader:], frame); err != nil || n != len(frame) {
		slab.Release()
		return nil, corrupt("it cannot be decompressed")
	}
	b, _, err := new(exchange.Decoder).Decode(frame)
	if err != nil {
		slab.Release()
		return nil, err
	}
	b.Hold(slab)
	return b, nil
}

// maxFrame bounds what is allocated for a block whose header lies.
const maxFrame = 1 << 32

func corrupt(what string) error { return sqlerr.New(sqlerr.DataCorrupted, "%s", what) }
