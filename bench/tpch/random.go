package tpch

// The reference generator's random numbers: one Lehmer generator (Park and
// Miller's minimal standard) per column, so that columns are independent of
// one another, and a fixed number of draws per row, so that rows are.

const (
	lehmerMultiplier = 16807
	lehmerModulus    = 1<<31 - 1
)

// lehmerPowers holds multiplier^n for the short skips at the end of each row.
var lehmerPowers = func() (powers [128]int64) {
	powers[0] = 1
	for i := 1; i < len(powers); i++ {
		powers[i] = powers[i-1] * lehmerMultiplier % lehmerModulus
	}
	return powers
}()

// stream is the source of one column.
type stream struct {
	seed   int64
	perRow int64 // draws that belong to one row, used or not
	used   int64 // draws of the current row so far
}

func newStream(seed, perRow int64) stream { return stream{seed: seed, perRow: perRow} }

// fraction draws a number in (0, 1).
func (s *stream) fraction() float64 {
	s.seed = s.seed * lehmerMultiplier % lehmerModulus
	s.used++
	return float64(s.seed) / lehmerModulus
}

// between draws from lo to hi, both included.
func (s *stream) between(lo, hi int64) int64 {
	return lo + int64(s.fraction()*float64(hi-lo+1))
}

// endRow drops the draws the row did not use.
func (s *stream) endRow() {
	s.skip(s.perRow - s.used)
	s.used = 0
}

// seek moves from the first row to the given one.
func (s *stream) seek(row int64) { s.skip(row * s.perRow) }

// skip multiplies by multiplier^draws, one bit of draws at a time.
func (s *stream) skip(draws int64) {
	if draws >= 0 && draws < int64(len(lehmerPowers)) {
		s.seed = s.seed * lehmerPowers[draws] % lehmerModulus
		return
	}
	power := int64(lehmerMultiplier)
	for ; draws > 0; draws /= 2 {
		if draws%2 != 0 {
			s.seed = power * s.seed % lehmerModulus
		}
		power = power * power % lehmerModulus
	}
}

// codeStream draws the random letters of addresses.
type codeStream struct {
	stream
	minLen, maxLen int64
}

const codeAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ,"

// newCodeStream makes strings of 0.4 to 1.6 times the mean length. One draw
// gives the length and one every five letters: nine a row at mean length 25.
func newCodeStream(seed, meanLen int64) codeStream {
	return codeStream{newStream(seed, 9), meanLen * 4 / 10, meanLen * 16 / 10}
}

func (s *codeStream) next() string {
	const lettersPerDraw = 5
	letters := make([]byte, s.between(s.minLen, s.maxLen))
	var code int64
	for i := range letters {
		if i%lettersPerDraw == 0 {
			// The reference computes the width of the range 0..2^31-1 in 32
			// bits, where it wraps to -2^31.
			code = int64(s.fraction() * -(1 << 31))
		}
		letters[i] = codeAlphabet[code&63]
		code >>= 6
	}
	return string(letters)
}

// phoneStream draws telephone numbers, whose country code is the nation's.
type phoneStream struct{ stream }

func newPhoneStream(seed int64) phoneStream { return phoneStream{newStream(seed, 3)} }

func (s *phoneStream) next(nation int64) string {
	number := make([]byte, 0, len("10-100-100-1000"))
	number = appendPadded(number, 10+nation, 2)
	number = append(number, '-')
	number = appendPadded(number, s.between(100, 999), 3)
	number = append(number, '-')
	number = appendPadded(number, s.between(100, 999), 3)
	number = append(number, '-')
	number = appendPadded(number, s.between(1000, 9999), 4)
	return string(number)
}
