package bitpack

// plan512 says how values of a width come to their lanes, a vector of 64 bytes at a
// time.
type plan512 struct {
	bytes  [64]byte // for each byte the one of the data to take: each 8 bytes hold all bits of their values
	fields [64]byte // for each byte the bit of those 8 bytes at which it starts
	mask   uint64   // the bits of a value, in its lane
	step   uint64   // bytes of data a vector
	width  uint64
}

// plan256 says the same for AVX2. Loads are of 16 bytes, and groups of 4 or 8 values
// in them; in every second group of 4 the values start 4 bits later if the width is
// odd.
type plan256 struct {
	bytes [2][16]byte // for each byte of a group's lanes that of the load; the two kinds of groups
	move  [2][16]byte // to the right place: factors of 16-bit lanes, shifts of 32-bit lanes
	mask  uint64      // the bits of a value, in its lane; 8 bits: the shift that ends the move
	half  uint64      // bytes from the first group of 4 to the second
	width uint64
}

// plans512 has the plans of lanes of 8, 16 and 32 bits by width; nil: none.
var plans512 = func() (all [3][33]*plan512) {
	for lanes := range all {
		for width := 1; width <= 8<<lanes; width++ {
			if width != 31 {
				all[lanes][width] = newPlan512(1<<lanes, width)
			}
		}
	}
	return all
}()

func newPlan512(lane, width int) *plan512 {
	p := &plan512{mask: 1<<width - 1, step: uint64(64 / lane * width / 8), width: uint64(width)}
	for i := range 64 {
		first := i / 8 * (8 / lane) * width // bit of the first value of these 8 bytes
		p.bytes[i] = byte(first/8 + i%8)
		value, part := i%8/lane, i%lane
		p.fields[i] = byte(first%8 + value*width + part*8)
	}
	return p
}

var plans256 = func() (all [3][33]*plan256) {
	for width := 1; width <= 25; width++ {
		if width <= 8 {
			all[0][width] = newPlan256Bytes(width)
		}
		if width <= 16 {
			all[1][width] = newPlan256(width)
		}
		all[2][width] = newPlan256(width)
	}
	return all
}()

// newPlan256 is the plan of groups of 4 values, in lanes of 32 bits.
func newPlan256(width int) *plan256 {
	p := &plan256{mask: 1<<width - 1, half: uint64(width / 2), width: uint64(width)}
	for kind := range 2 {
		for i := range 16 {
			bit := i/4*width + kind*4*(width%2)
			p.bytes[kind][i] = byte(bit/8 + i%4)
			if i%4 == 0 {
				p.move[kind][i] = byte(bit % 8)
			}
		}
	}
	return p
}

// newPlan256Bytes is the plan of groups of 8 values, in lanes of 16 bits: the factor
// moves a value to the upper end of its lane, a shift all down again.
func newPlan256Bytes(width int) *plan256 {
	p := &plan256{mask: uint64(16 - width), half: uint64(width), width: uint64(width)}
	for i := range 8 {
		bit := i * width
		p.bytes[0][2*i], p.bytes[0][2*i+1] = byte(bit/8), byte(bit/8+1)
		factor := uint16(1) << (16 - width - bit%8)
		p.move[0][2*i], p.move[0][2*i+1] = byte(factor), byte(factor>>8)
	}
	return p
}
