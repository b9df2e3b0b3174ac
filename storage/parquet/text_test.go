package parquet_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/exec/vector"
)

// cell is row i of a column in the notation of testdata/make.py: nil, a string, or
// a list.
func cell(c *vector.Column, t arrow.DataType, i int) any {
	if c.IsNull(i) {
		return nil
	}
	c, i = c.At(i)
	switch c.Kind {
	case vector.Bool:
		return strconv.FormatBool(c.Bools()[i] != 0)
	case vector.Int16:
		return strconv.FormatInt(int64(c.Int16s()[i]), 10)
	case vector.Int32:
		return strconv.FormatInt(int64(c.Int32s()[i]), 10)
	case vector.Int64:
		return integer(big.NewInt(c.Int64s()[i]), t)
	case vector.Int128:
		v := c.Int128s()[i]
		n := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
		return integer(n.Add(n, new(big.Int).SetUint64(v.Lo)), t)
	case vector.Float32:
		return float64Bits(float64(c.Float32s()[i]))
	case vector.Float64:
		return float64Bits(c.Float64s()[i])
	case vector.String:
		if t.ID() == arrow.BINARY {
			return hex.EncodeToString([]byte(c.StringAt(i)))
		}
		return strings.Clone(c.StringAt(i))
	case vector.Interval:
		v := c.Intervals()[i]
		return []any{strconv.Itoa(int(v.Months)), strconv.Itoa(int(v.Days)), strconv.FormatInt(v.Micros, 10)}
	case vector.Struct:
		out := []any{}
		for k, f := range t.(*arrow.StructType).Fields() {
			out = append(out, cell(&c.Children[k], f.Type, i))
		}
		return out
	case vector.List:
		out := []any{}
		elem := t.(arrow.ListLikeType).Elem()
		for k := c.Offsets()[i]; k < c.Offsets()[i+1]; k++ {
			out = append(out, cell(&c.Children[0], elem, int(k)))
		}
		return out
	}
	return fmt.Sprintf("a column of kind %v", c.Kind)
}

// integer writes a number with the scale of its type.
func integer(n *big.Int, t arrow.DataType) string {
	d, ok := t.(arrow.DecimalType)
	if !ok || d.GetScale() == 0 {
		return n.String()
	}
	digits := new(big.Int).Abs(n).String()
	scale := int(d.GetScale())
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func float64Bits(v float64) string { return fmt.Sprintf("%016x", math.Float64bits(v)) }
