package exec

import (
	"math/big"
	"math/bits"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// exactMoments is count, sum and sum of squares of integers and numerics, exactly:
// PostgreSQL's variances of exact types have no rounding but the last one.
type exactMoments struct {
	b     *budget
	typ   expr.Type // of the sum
	state bool      // phase Final: the arguments are states
	n     []int64
	sum   []vector.I128
	sq    []square
}

// square is an unsigned integer of 256 bits, lowest word first.
type square [4]uint64

// squareOf is v×v.
func squareOf(v vector.I128) square {
	hi, lo, _ := kernel.Abs128(v)
	var s square
	s[1], s[0] = bits.Mul64(lo, lo)
	if hi == 0 {
		return s
	}
	s[3], s[2] = bits.Mul64(hi, hi)
	mh, ml := bits.Mul64(hi, lo) // counts twice
	top := mh >> 63
	mh, ml = mh<<1|ml>>63, ml<<1
	var c uint64
	s[1], c = bits.Add64(s[1], ml, 0)
	s[2], c = bits.Add64(s[2], mh, c)
	s[3] += top + c
	return s
}

// add adds o; false on overflow.
func (s *square) add(o *square) bool {
	var c uint64
	for i := range s {
		s[i], c = bits.Add64(s[i], o[i], c)
	}
	return c == 0
}

func (s *square) big() *big.Int {
	out := new(big.Int)
	for i := len(s) - 1; i >= 0; i-- {
		out.Lsh(out, 64).Or(out, new(big.Int).SetUint64(s[i]))
	}
	return out
}

// split gives the square as two numbers of at most 38 digits; false when it has
// more than 76.
func (s *square) split() (upper, lower vector.I128, ok bool) {
	small := vector.I128{Lo: s[0], Hi: int64(s[1])}
	if s[2]|s[3]|s[1]>>63 == 0 && kernel.InDigits(small, expr.MaxPrecision) {
		return vector.I128{}, small, true
	}
	q, r := new(big.Int).QuoRem(s.big(), kernel.BigOf(kernel.Pow10(expr.MaxPrecision)), new(big.Int))
	lower, _ = kernel.FromBig(r)
	upper, ok = kernel.FromBig(q)
	return upper, lower, ok && kernel.InDigits(upper, expr.MaxPrecision)
}

// joined is what split split.
func joined(upper, lower vector.I128) *big.Int {
	out := kernel.BigOf(lower)
	if upper == (vector.I128{}) {
		return out
	}
	return out.Add(out, new(big.Int).Mul(kernel.BigOf(upper), kernel.BigOf(kernel.Pow10(expr.MaxPrecision))))
}

func (a *exactMoments) grow(n int) (err error) {
	if a.n, err = grown(a.b, a.n, n); err != nil {
		return err
	}
	if a.sum, err = grown(a.b, a.sum, n); err != nil {
		return err
	}
	a.sq, err = grown(a.b, a.sq, n)
	return err
}

func (a *exactMoments) add(in *addition) error {
	if a.state {
		return a.addStates(in)
	}
	o := in.operand(0)
	rows, gids := o.explicit(in.scratch)
	switch o.values.Kind {
	case vector.Int16:
		return addSquares(a, o.values.Int16s(), rows, gids)
	case vector.Int32:
		return addSquares(a, o.values.Int32s(), rows, gids)
	case vector.Int64:
		return addSquares(a, o.values.Int64s(), rows, gids)
	}
	values := o.values.Int128s()
	for i, row := range rows {
		s := squareOf(values[row])
		if !a.join(gids[i], 1, values[row], &s) {
			return a.overflow()
		}
	}
	return nil
}

func addSquares[T int16 | int32 | int64](a *exactMoments, values []T, rows, gids []uint32) error {
	for i, row := range rows {
		v := int64(values[row])
		magnitude := uint64(v ^ v>>63 - v>>63)
		var s square
		s[1], s[0] = bits.Mul64(magnitude, magnitude)
		if !a.join(gids[i], 1, kernel.From64(v), &s) {
			return a.overflow()
		}
	}
	return nil
}

// join adds n values with a sum and a sum of squares to a group; false on overflow.
func (a *exactMoments) join(g uint32, n int64, sum vector.I128, sq *square) bool {
	a.n[g] += n
	var ok bool
	a.sum[g], ok = kernel.Add128(a.sum[g], sum)
	return a.sq[g].add(sq) && ok
}

func (a *exactMoments) overflow() error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "the sums of a variance do not fit %s", a.typ)
}

func (a *exactMoments) addStates(in *addition) error {
	rows, gids := in.sel, in.gids
	if rows == nil {
		rows = in.scratch.all(in.n)
	}
	if gids == nil {
		gids = in.scratch.zero(in.n)
	}
	for i, row := range rows {
		row := int(row)
		if in.cols[0].IsNull(row) {
			continue
		}
		counts, at := in.cols[0].At(row)
		var s square
		fillSquare(&s, joined(wideAt(&in.cols[2], row), wideAt(&in.cols[3], row)))
		if !a.join(gids[i], counts.Int64s()[at], wideAt(&in.cols[1], row), &s) {
			return a.overflow()
		}
	}
	return nil
}

// wideAt is a value that is not NULL of a column of wide numerics, which may come
// in both widths.
func wideAt(c *vector.Column, row int) vector.I128 {
	c, row = c.At(row)
	if c.Kind == vector.Int64 {
		return kernel.From64(c.Int64s()[row])
	}
	return c.Int128s()[row]
}

// fillSquare sets s to v, which is not negative and has at most 76 digits.
func fillSquare(s *square, v *big.Int) {
	var rest, word big.Int
	rest.Set(v)
	mask := new(big.Int).SetUint64(^uint64(0))
	for i := range s {
		s[i] = word.And(&rest, mask).Uint64()
		rest.Rsh(&rest, 64)
	}
}

func (a *exactMoments) merge(from accumulator, at, to []uint32) error {
	f := from.(*exactMoments)
	for i, g := range at {
		if !a.join(to[i], f.n[g], f.sum[g], &f.sq[g]) {
			return a.overflow()
		}
	}
	return nil
}

func (a *exactMoments) columns(from, to int) ([]vector.Column, error) {
	upper, lower := make([]vector.I128, to-from), make([]vector.I128, to-from)
	for i := range upper {
		var ok bool
		if upper[i], lower[i], ok = a.sq[from+i].split(); !ok || !kernel.InDigits(a.sum[from+i], expr.MaxPrecision) {
			return nil, a.overflow()
		}
	}
	return []vector.Column{
		vector.Flat(vector.Int64, a.n[from:to], nil),
		vector.Flat(vector.Int128, a.sum[from:to], nil),
		vector.Flat(vector.Int128, upper, nil),
		vector.Flat(vector.Int128, lower, nil),
	}, nil
}

// finishExact makes variances and deviations of exact moments of values of a
// scale.
func finishExact(fn string, scale int, result expr.Type) finisher {
	sample, root := spreadOf(fn)
	return func(states []vector.Column) (vector.Column, error) {
		n := states[0].Int64s()
		sum, upper, lower := states[1].Int128s(), states[2].Int128s(), states[3].Int128s()
		out, has := make([]vector.I128, len(n)), make([]bool, len(n))
		for i := range n {
			if has[i] = n[i] > 1 || n[i] == 1 && !sample; !has[i] {
				continue
			}
			v := exactSpread(n[i], kernel.BigOf(sum[i]), joined(upper[i], lower[i]), scale, int(result.Scale), sample, root)
			var ok bool
			if out[i], ok = kernel.FromBig(v); !ok || !kernel.InDigits(out[i], int(result.Precision)) {
				return vector.Column{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "%s does not fit %s", fn, result)
			}
		}
		return decimalColumn(out, validOf(has), result), nil
	}
}

// exactSpread is (n·sq - sum²) / (n·(n-1)), or / n² of a population, or its root,
// as an integer of scale digits after the point; sum is of argScale, sq of twice as
// many. It rounds where PostgreSQL's numeric_stddev_internal does, that is the
// quotient before the root is taken, to at least scale digits.
func exactSpread(n int64, sum, sq *big.Int, argScale, scale int, sample, root bool) *big.Int {
	count := big.NewInt(n)
	top := new(big.Int).Mul(count, sq)
	top.Sub(top, new(big.Int).Mul(sum, sum))
	if top.Sign() <= 0 {
		return new(big.Int)
	}
	below := new(big.Int).Set(count)
	if sample {
		below.Sub(below, big.NewInt(1))
	}
	below.Mul(below, count)
	digits := max(scale, divisionScale(top, 2*argScale, below))
	shift := digits - 2*argScale
	if shift >= 0 {
		top.Mul(top, pow10Big(shift))
	} else {
		below.Mul(below, pow10Big(-shift))
	}
	v := kernel.DivRoundBig(top, below)
	if root {
		v = sqrtRound(v.Mul(v, pow10Big(digits)))
	}
	return kernel.DivRoundBig(v, pow10Big(digits-scale))
}

func pow10Big(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// sqrtRound is the root of v rounded to the nearest integer.
func sqrtRound(v *big.Int) *big.Int {
	r := new(big.Int).Sqrt(v)
	rest := new(big.Int).Sub(v, new(big.Int).Mul(r, r))
	if rest.Cmp(r) > 0 { // beyond r² + r + ¼
		r.Add(r, big.NewInt(1))
	}
	return r
}

// divisionScale is the digits after the point that PostgreSQL's select_div_scale
// gives a/b, a having scale digits there and b none: at least 16 significant ones,
// counted in digits of base 10,000.
func divisionScale(a *big.Int, scale int, b *big.Int) int {
	weightA, firstA := leading(a, scale)
	weightB, firstB := leading(b, 0)
	weight := weightA - weightB
	if firstA <= firstB {
		weight--
	}
	return max(16-4*weight, scale, 0)
}

// leading is the place of the first digit in base 10,000 of v / 10^scale, 0 that
// before the point, and the digit.
func leading(v *big.Int, scale int) (weight, digit int) {
	text := v.String()
	before := len(text) - scale // decimal digits before the point; may be negative
	weight = (before+3)/4 - 1
	if before <= 0 {
		weight = before/4 - 1
	}
	for i := range before - 4*weight {
		digit *= 10
		if i < len(text) {
			digit += int(text[i] - '0')
		}
	}
	return weight, digit
}
