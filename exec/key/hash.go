package key

import "math/bits"

const (
	seed     = 0x9e3779b97f4a7c15
	factor   = 0xd6e8feb86659fd93
	nullHash = 0xa0761d6478bd642f
)

// mix folds the 128-bit product of a and the factor (wyhash's mum).
func mix(a uint64) uint64 {
	hi, lo := bits.Mul64(a, factor)
	return hi ^ lo
}

// HashWords is the hashes of rows whose keys are no strings; strings add theirs to
// them. They come from the bits that are values.
func (l *Layout) HashWords(words, hashes []uint64) {
	if l.words == 1 {
		valued := l.valued[0]
		for i, w := range words[:len(hashes)] {
			hashes[i] = mix(w&valued ^ seed)
		}
		return
	}
	for i := range hashes {
		row := words[i*l.words : (i+1)*l.words]
		h := uint64(seed)
		for j, w := range row {
			if v := l.valued[j]; v != 0 {
				h = mix(h ^ w&v)
			}
		}
		hashes[i] = h
	}
}

// hashString adds the hash of a string key to a row's.
func hashString(h, s uint64) uint64 { return mix(h ^ s) }

// Hash is the hash of one row whose words use the ids of s, equal to what Encode
// gives for it.
func (l *Layout) Hash(row []uint64, s *Strings) uint64 {
	var one [1]uint64
	l.HashWords(row, one[:])
	for i := range l.fields {
		if f := &l.fields[i]; f.form >= formString {
			one[0] = hashString(one[0], s.Hash(uint32(row[f.word]>>f.shift)))
		}
	}
	return one[0]
}
