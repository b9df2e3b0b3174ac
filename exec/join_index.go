package exec

import (
	"math/bits"
	"slices"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

const (
	// maxJoinRows keeps row+1 inside 32 bits.
	maxJoinRows = 1<<32 - 2
	// A dense array may have this many places per row, and this many for nothing:
	// below that the array is no larger than a hash table and much faster.
	densePerRow, denseExtra = 8, 1 << 16
	// A bitmap takes a bit per possible key, so it may be much sparser.
	bitmapPerRow, bitmapExtra = 64, 1 << 20
)

// joinIndex is the keys of the build rows and the table over them.
//
// One integer-like key is taken from its column as it is; other keys are packed
// into words by package key. Rows whose key holds a NULL are in no table, unless
// nulls are equal.
type joinIndex struct {
	ints      bool // one integer-like key
	nullEqual bool
	layout    *key.Layout  // not ints
	strings   *key.Strings // not ints; nil without strings
	width     int          // words a row

	table joinTable
	rows  int // of the store, those without a usable key included
	keyed int // rows in the table
	parts []indexPart
	held  budget
}

// indexPart is the keys of one instance's rows until they are in the table.
type indexPart struct {
	keys      chunks // words
	hashes    chunks // not ints
	skip      []uint32
	rows      int
	base      int
	low, high uint64 // of the single word; as signed numbers when ints
	twice     bool
	encoder   *key.Encoder
	block     key.Block
	held      budget
}

// newJoinIndex makes the index for keys of these types, filled by n instances. The
// strings among the keys are charged to share.
func newJoinIndex(types []expr.Type, nullEqual bool, n int, account, share *memory.Account) *joinIndex {
	x := &joinIndex{nullEqual: nullEqual, width: 1, held: budget{account: account}}
	x.ints = len(types) == 1 && !nullEqual && integerLike(types[0])
	if !x.ints {
		nullable := make([]bool, len(types))
		for i := range nullable {
			nullable[i] = nullEqual
		}
		x.layout = key.NewLayout(types, nullable)
		x.width = x.layout.Words()
		if x.layout.HasStrings() {
			x.strings = key.NewSharedStrings(share, n)
		}
	}
	x.parts = make([]indexPart, n)
	return x
}

// integerLike reports whether values of a type are 64-bit integers or narrower.
func integerLike(t expr.Type) bool {
	switch t.Kind {
	case expr.Bool, expr.Int2, expr.Int4, expr.Int8, expr.Date, expr.Time, expr.Timestamp, expr.TimestampTZ:
		return true
	case expr.Numeric:
		return !t.IsWide()
	}
	return false
}

// open readies the part of one instance.
func (x *joinIndex) open(part int, account *memory.Account) {
	p := &x.parts[part]
	p.held.account = account
	p.low, p.high = ^uint64(0), 0
	if x.ints {
		p.low, p.high = 1<<63-1, 1<<63
		return
	}
	p.encoder = key.NewEncoder(x.layout, x.strings)
}

// add takes the keys of the rows sel of a batch of n rows. Rows without a usable
// key are taken too when all is set, else dropped; it gives the rows taken.
func (x *joinIndex) add(part int, cols []vector.Column, n int, sel vector.Selection, all bool) (vector.Selection, error) {
	p := &x.parts[part]
	var err error
	if x.ints {
		sel, err = p.addInts(&cols[0], sel, all)
	} else {
		sel, err = x.addWords(p, cols, n, sel, all)
	}
	p.rows += len(sel)
	if p.rows > maxJoinRows {
		return nil, sqlerr.New(sqlerr.OutOfMemory, "more than %d rows in the build side of a join", maxJoinRows)
	}
	return sel, err
}

func (p *indexPart) addInts(c *vector.Column, sel vector.Selection, all bool) (vector.Selection, error) {
	usable := sel
	if c.Valid != nil {
		usable = withoutNulls(nil, c, sel)
		if !all {
			sel = usable
		} else if err := p.skipOthers(sel, usable); err != nil {
			return nil, err
		}
	}
	data, err := p.keys.take(len(sel)*8, &p.held)
	if err != nil {
		return nil, err
	}
	keys := typed[uint64](data)
	readInts(keys, c, sel)
	low, high := int64(p.low), int64(p.high)
	if len(usable) == len(sel) {
		for _, k := range keys {
			low, high = min(low, int64(k)), max(high, int64(k))
		}
	} else {
		for i, row := range sel {
			if !c.IsNull(int(row)) {
				low, high = min(low, int64(keys[i])), max(high, int64(keys[i]))
			}
		}
	}
	p.low, p.high = uint64(low), uint64(high)
	return sel, nil
}

// skipOthers notes the rows of sel that are not usable.
func (p *indexPart) skipOthers(sel, usable vector.Selection) error {
	if err := p.held.reserve(int64(len(sel)-len(usable)) * 4); err != nil {
		return err
	}
	for i, row := range sel {
		if len(usable) > 0 && usable[0] == row {
			usable = usable[1:]
			continue
		}
		p.skip = append(p.skip, uint32(p.rows+i))
	}
	return nil
}

func (x *joinIndex) addWords(p *indexPart, cols []vector.Column, n int, sel vector.Selection, all bool) (vector.Selection, error) {
	if err := p.encoder.Encode(cols, n, sel, &p.block); err != nil {
		return nil, err
	}
	b := &p.block
	if b.Nulls != nil && !x.nullEqual {
		if all {
			before := len(p.skip)
			for i := range sel {
				if b.Nulls.Get(i) {
					p.skip = append(p.skip, uint32(p.rows+i))
				}
			}
			if err := p.held.reserve(int64(len(p.skip)-before) * 4); err != nil {
				return nil, err
			}
		} else {
			sel = slices.Clone(sel)
			sel = sel[:dropRows(b, x.width, b.Nulls, nil, sel)]
		}
	}
	words, err := p.keys.take(len(sel)*x.width*8, &p.held)
	if err != nil {
		return nil, err
	}
	copy(typed[uint64](words), b.Words)
	hashes, err := p.hashes.take(len(sel)*8, &p.held)
	if err != nil {
		return nil, err
	}
	copy(typed[uint64](hashes), b.Hashes)
	if x.width == 1 {
		for i, w := range b.Words[:len(sel)] {
			if b.Nulls == nil || x.nullEqual || !all || !b.Nulls.Get(i) {
				p.low, p.high = min(p.low, w), max(p.high, w)
			}
		}
	}
	return sel, nil
}

// dropRows removes the rows in either bitmap from a block and from places; it
// gives how many are left.
func dropRows(b *key.Block, width int, nulls, misses vector.Bitmap, places []uint32) int {
	n := 0
	for i, place := range places {
		if nulls != nil && nulls.Get(i) || misses != nil && misses.Get(i) {
			continue
		}
		copy(b.Words[n*width:(n+1)*width], b.Words[i*width:(i+1)*width])
		b.Hashes[n], places[n] = b.Hashes[i], place
		n++
	}
	return n
}

// withoutNulls appends those rows of sel to out that are not null in c.
func withoutNulls(out []uint32, c *vector.Column, sel vector.Selection) []uint32 {
	out = slices.Grow(out, len(sel))
	n := len(out)
	out = out[:n+len(sel)]
	for _, row := range sel {
		out[n] = row
		n += int(c.Valid[row>>6] >> (row & 63) & 1)
	}
	return out[:n]
}

// readInts reads the rows sel of an integer-like column, sign extended. What
// stands under nulls is any number.
func readInts(out []uint64, c *vector.Column, sel vector.Selection) {
	if c.Dict != nil {
		if c.Dict.Values.Len == 0 {
			clear(out)
			return
		}
		codes := make([]uint32, len(sel))
		decodeCodes(codes, c, sel)
		c, sel = &c.Dict.Values, codes
	}
	switch c.Kind {
	case vector.Bool:
		extend(out, c.Bools(), sel)
	case vector.Int16:
		extend(out, c.Int16s(), sel)
	case vector.Int32:
		extend(out, c.Int32s(), sel)
	default:
		extend(out, c.Int64s(), sel)
	}
}

func extend[T uint8 | int16 | int32 | int64](out []uint64, values []T, sel vector.Selection) {
	out = out[:len(sel)]
	for i, row := range sel {
		out[i] = uint64(int64(values[row]))
	}
}

// hashInt is the hash of an integer-like key: a full mix, since the slot comes
// from the low bits and the tag from the high ones.
func hashInt(v uint64) uint64 {
	hi, lo := bits.Mul64(v^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo
}

// choose sizes the table when the rows of all parts are known. keysOnly says that
// only the existence of a key is asked, unique that no key comes twice.
func (x *joinIndex) choose(keysOnly, unique bool) error {
	low, high := ^uint64(0), uint64(0)
	if x.ints {
		low, high = 1<<63-1, 1<<63
	}
	inserting := 0
	for i := range x.parts {
		p := &x.parts[i]
		p.base = x.rows
		x.rows += p.rows
		x.keyed += p.rows - len(p.skip)
		if p.rows > 0 {
			inserting++
		}
		if p.rows == len(p.skip) {
			continue
		}
		if x.ints {
			low, high = uint64(min(int64(low), int64(p.low))), uint64(max(int64(high), int64(p.high)))
		} else {
			low, high = min(low, p.low), max(high, p.high)
		}
	}
	x.table.width = x.width
	x.table.shared = inserting > 1
	if x.rows > maxJoinRows {
		return sqlerr.New(sqlerr.OutOfMemory, "more than %d rows in the build side of a join", maxJoinRows)
	}
	if x.keyed == 0 {
		return nil
	}
	if !keysOnly && !unique {
		if err := x.held.reserve(int64(x.rows) * 4); err != nil {
			return err
		}
		x.table.next = make([]uint32, x.rows)
	}
	if x.width == 1 && x.chooseDirect(low, high-low, keysOnly) {
		return nil
	}
	size := 1 << bits.Len(uint(x.rows)*3/2)
	if err := x.held.reserve(int64(size)*8 + int64(x.rows*x.width)*8); err != nil {
		return err
	}
	x.table.slots = make([]uint64, size)
	x.table.words = make([]uint64, x.rows*x.width)
	return nil
}

// chooseDirect takes a bitmap or a dense array when the keys are close enough and
// memory is there.
func (x *joinIndex) chooseDirect(low, span uint64, keysOnly bool) bool {
	t := &x.table
	keyed := uint64(x.keyed)
	switch {
	case keysOnly && span < max(bitmapPerRow*keyed, bitmapExtra):
		words := vector.Words(int(span) + 1)
		if x.held.reserve(int64(words)*8) != nil {
			return false
		}
		t.bits = make(vector.Bitmap, words)
	case span < densePerRow*keyed+denseExtra:
		if x.held.reserve(int64(span+1)*4) != nil {
			return false
		}
		t.dense = make([]uint32, span+1)
	default:
		return false
	}
	t.low, t.span = low, span+1
	return true
}

// copyKeys puts the keys of a part where a hashed table compares them.
func (x *joinIndex) copyKeys(part int) {
	p := &x.parts[part]
	if x.table.slots == nil {
		return
	}
	dst := x.table.words[p.base*x.width:]
	p.keys.each(func(piece []byte) { dst = dst[copy(dst, typed[uint64](piece)):] })
}

// insert puts the rows of a part into the table. All parts must have been copied.
func (x *joinIndex) insert(part int) {
	p, t := &x.parts[part], &x.table
	var skip func(int) bool
	if len(p.skip) > 0 {
		isSkipped := newNullCursor(p.skip)
		skip = func(row int) bool { return isSkipped(row - p.base) }
	}
	row := p.base
	switch {
	case x.keyed == 0:
	case t.slots == nil:
		p.keys.each(func(piece []byte) {
			keys := typed[uint64](piece)
			p.twice = t.insertDense(keys, row, skip) || p.twice
			row += len(keys)
		})
	case x.ints:
		var hashes [512]uint64
		words := t.words[p.base : p.base+p.rows]
		for len(words) > 0 {
			n := min(len(words), len(hashes))
			for i, w := range words[:n] {
				hashes[i] = hashInt(w)
			}
			p.twice = t.insertHashed(hashes[:n], row, skip) || p.twice
			row, words = row+n, words[n:]
		}
	default:
		p.hashes.each(func(piece []byte) {
			hashes := typed[uint64](piece)
			p.twice = t.insertHashed(hashes, row, skip) || p.twice
			row += len(hashes)
		})
	}
	p.drop()
}

func (p *indexPart) drop() {
	p.keys, p.hashes, p.skip, p.encoder, p.block = chunks{}, chunks{}, nil, nil, key.Block{}
	p.held.free()
}

// seal ends the insertion: without duplicates the chains are dropped.
func (x *joinIndex) seal(unique bool) error {
	twice := false
	for i := range x.parts {
		twice = twice || x.parts[i].twice
	}
	if !twice && x.table.next != nil {
		x.table.next = nil
		x.held.giveBack(int64(x.rows) * 4)
	}
	if twice && unique {
		return sqlerr.New(sqlerr.InternalError, "a join's build keys were said to be unique and are not")
	}
	return nil
}

func (x *joinIndex) release() {
	for i := range x.parts {
		x.parts[i].drop()
	}
	if x.strings != nil {
		x.strings.Close()
	}
	x.table = joinTable{}
	x.held.free()
}
