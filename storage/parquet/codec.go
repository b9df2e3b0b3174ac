package parquet

import (
	"bytes"
	"encoding/binary"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/parquet/snappy"
)

// Codecs, by their number in the format.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecBrotli = 4
	codecLz4    = 5 // Hadoop's frames
	codecZstd   = 6
	codecLz4Raw = 7
)

// codecs decompresses pages; it keeps decoders that are dear to make. Safe for
// concurrent use.
type codecs struct {
	zstd, gzip, brotli sync.Pool
}

// decompress fills dst, which has exactly the size that the page header says.
func (c *codecs) decompress(codec int32, dst, src []byte) error {
	n, err := 0, error(nil)
	switch codec {
	case codecNone:
		n = copy(dst, src)
		if len(src) > len(dst) {
			n = len(src)
		}
	case codecSnappy:
		n, err = snappy.DecodedLen(src)
		if err == nil && n == len(dst) {
			err = snappy.Decode(dst, src)
		}
	case codecLz4Raw:
		n, err = lz4Block(dst, src)
	case codecLz4:
		n, err = lz4Hadoop(dst, src)
	case codecZstd:
		n, err = c.zstdAll(dst, src)
	case codecGzip:
		n, err = c.gzipAll(dst, src)
	case codecBrotli:
		n, err = c.brotliAll(dst, src)
	default:
		return sqlerr.New(sqlerr.FeatureNotSupported, "compression codec %d is not supported", codec)
	}
	if err != nil {
		return badCause(err, "a page that cannot be decompressed")
	}
	if n != len(dst) {
		return bad("a page of %d bytes that says it has %d", n, len(dst))
	}
	return nil
}

func lz4Block(dst, src []byte) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	return lz4.UncompressBlock(src, dst)
}

// lz4Hadoop reads the codec LZ4 as Hadoop writes it: frames of the two sizes, big
// endian, and a raw block. Some writers used it for a bare raw block.
func lz4Hadoop(dst, src []byte) (int, error) {
	n, in := 0, src
	for len(in) >= 8 {
		raw, packed := int(binary.BigEndian.Uint32(in)), int(binary.BigEndian.Uint32(in[4:]))
		in = in[8:]
		if packed > len(in) || raw > len(dst)-n {
			return lz4Block(dst, src)
		}
		k, err := lz4Block(dst[n:n+raw], in[:packed])
		if err != nil || k != raw {
			return lz4Block(dst, src)
		}
		n, in = n+raw, in[packed:]
	}
	if len(in) != 0 || n != len(dst) {
		return lz4Block(dst, src)
	}
	return n, nil
}

func (c *codecs) zstdAll(dst, src []byte) (int, error) {
	d, _ := c.zstd.Get().(*zstd.Decoder)
	if d == nil {
		var err error
		d, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderLowmem(true))
		if err != nil {
			return 0, err
		}
	}
	out, err := d.DecodeAll(src, dst[:0:len(dst)])
	c.zstd.Put(d)
	return len(out), err
}

func (c *codecs) gzipAll(dst, src []byte) (int, error) {
	z, _ := c.gzip.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	defer c.gzip.Put(z)
	if err := z.Reset(bytes.NewReader(src)); err != nil {
		return 0, err
	}
	return readExactly(z, dst)
}

func (c *codecs) brotliAll(dst, src []byte) (int, error) {
	z, _ := c.brotli.Get().(*brotli.Reader)
	if z == nil {
		z = new(brotli.Reader)
	}
	defer c.brotli.Put(z)
	if err := z.Reset(bytes.NewReader(src)); err != nil {
		return 0, err
	}
	return readExactly(z, dst)
}

// readExactly fills dst and reports one byte more when there is more.
func readExactly(r io.Reader, dst []byte) (int, error) {
	n, err := io.ReadFull(r, dst)
	if err != nil {
		return n, err
	}
	var more [1]byte
	k, err := r.Read(more[:])
	if err == io.EOF {
		err = nil
	}
	return n + k, err
}

// maxRatio is how much larger a page can be than its compressed form: a header
// that claims more is lying, and is found out before memory is taken.
func maxRatio(codec int32) int64 {
	switch codec {
	case codecNone:
		return 1
	case codecSnappy:
		return 64
	case codecLz4, codecLz4Raw:
		return 256
	case codecGzip:
		return 1100
	}
	return 1 << 20
}
