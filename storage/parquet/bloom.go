package parquet

import (
	"context"
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// maxBloomValues is the most values looked up in a Bloom filter: of a longer list
// one is nearly always there.
const maxBloomValues = 64

const (
	bloomHeaderBytes = 128 // more than a BloomFilterHeader takes
	bloomBlockBytes  = 32
)

// excludedByBloom reports whether a chunk's Bloom filter has none of the values
// that a bound allows.
func (r *RowGroupScan) excludedByBloom(ctx context.Context, l *leaf, m *chunkMeta, b *Bound) (bool, error) {
	hashes := l.bloomHashes(b)
	if hashes == nil || m.bloomOffset <= 0 || m.bloomOffset >= r.file.footerOff {
		return false, nil
	}
	var size, headerBytes int64
	head := min(bloomHeaderBytes, r.file.footerOff-m.bloomOffset)
	err := r.readAside(ctx, m.bloomOffset, head, func(b []byte) { size, headerBytes = readBloomHeader(b) })
	if err != nil || size <= 0 || size%bloomBlockBytes != 0 {
		return false, err
	}
	found, read := false, false
	err = r.readAside(ctx, m.bloomOffset+headerBytes, size, func(bits []byte) {
		read = true
		for _, h := range hashes {
			found = found || bloomHas(bits, h)
		}
	})
	return read && !found, err
}

// readBloomHeader gives the bytes of the filter and of its header; 0 when it is of
// a kind that is not known (parquet.thrift has one algorithm, hash and compression).
func readBloomHeader(b []byte) (size, headerBytes int64) {
	c := &compact{b: b}
	known := 0
	c.fields(func(id int16, typ byte) {
		switch {
		case id == 1:
			size = c.int()
		case id >= 2 && id <= 4 && typ == typeStruct:
			c.fields(func(choice int16, typ byte) {
				if choice == 1 {
					known++
				}
				c.skip(typ)
			})
		default:
			c.skip(typ)
		}
	})
	if c.err != nil || known != 3 {
		return 0, 0
	}
	return size, int64(c.pos)
}

// bloomHas looks a hash up in a split block Bloom filter (BloomFilter.md of the
// format; Putze, Sanders, Singler, WEA 2007).
func bloomHas(bits []byte, hash uint64) bool {
	salts := [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}
	blocks := uint64(len(bits) / bloomBlockBytes)
	block := bits[(hash>>32)*blocks>>32*bloomBlockBytes:]
	for i, salt := range salts {
		bit := uint32(hash) * salt >> 27
		if binary.LittleEndian.Uint32(block[4*i:])>>bit&1 == 0 {
			return false
		}
	}
	return true
}

// bloomHashes are the hashes of the values that a bound allows; nil when they are
// not a short list, or not written in the filter the way we would write them.
func (l *leaf) bloomHashes(b *Bound) []uint64 {
	values := b.In
	if values == nil && b.Lo != nil && b.Hi != nil && Compare(l.kind, b.Lo, b.Hi) == 0 {
		values = []Scalar{*b.Lo}
	}
	if values == nil || len(values) > maxBloomValues {
		return nil
	}
	hashes := make([]uint64, 0, len(values))
	for i := range values {
		v := &values[i]
		var plain [8]byte
		switch {
		case l.phys == physInt32 && (l.convert == asIs || l.convert == int32To64):
			if v.I != int64(int32(v.I)) {
				continue // no such value can be in the column
			}
			binary.LittleEndian.PutUint32(plain[:], uint32(v.I))
			hashes = append(hashes, xxhash.Sum64(plain[:4]))
		case l.phys == physInt64 && l.convert == asIs:
			binary.LittleEndian.PutUint64(plain[:], uint64(v.I))
			hashes = append(hashes, xxhash.Sum64(plain[:]))
		case (l.phys == physBytes || l.phys == physFixed) && l.convert == asIs:
			hashes = append(hashes, xxhash.Sum64String(v.S))
		default:
			return nil
		}
	}
	return hashes
}
