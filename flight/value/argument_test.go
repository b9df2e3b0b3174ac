package value

import (
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

func TestNumericArgumentsLoseNoDigits(t *testing.T) {
	numeric := func(s string) (expr.Value, expr.Type) {
		typ, _ := expr.LiteralType(s)
		typ = expr.NumericFor(typ)
		v, err := expr.ParseValue(s, typ)
		if err != nil {
			t.Fatal(err)
		}
		return v, typ
	}
	text := func(s string) (expr.Value, expr.Type) { return expr.Str(s), expr.Of(expr.Text) }
	double := func(f float64) (expr.Value, expr.Type) { return expr.Float(f), expr.Of(expr.Float8) }
	to := expr.NumericOf(12, 2)
	for _, c := range []struct {
		give   func() (expr.Value, expr.Type)
		want   string
		digits bool // it does not fit to
	}{
		{func() (expr.Value, expr.Type) { return numeric("1.50") }, "1.50", false},
		{func() (expr.Value, expr.Type) { return numeric("1.500") }, "1.50", false},
		{func() (expr.Value, expr.Type) { return numeric("0.12345678901234567") }, "0.12345678901234567", true},
		{func() (expr.Value, expr.Type) { return numeric("12345678901234567890123456789012345678") }, "12345678901234567890123456789012345678", true},
		{func() (expr.Value, expr.Type) { return expr.Int(12345678901), expr.Of(expr.Int8) }, "12345678901", true},
		{func() (expr.Value, expr.Type) { return text(" -1.005 ") }, "-1.005", true},
		{func() (expr.Value, expr.Type) { return text("1e3") }, "1000.00", false},
		{func() (expr.Value, expr.Type) { return double(0.1) }, "0.10", false},
		{func() (expr.Value, expr.Type) { return double(1.0 / 3) }, "0.333333333333333", true},
	} {
		v, from := c.give()
		out, err := Argument(v, from, to)
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		typ, own := expr.DigitsType(out)
		if own != c.digits {
			t.Errorf("%s is given by its digits: %v", c.want, own)
			continue
		}
		if !own {
			typ = to
		} else if out, err = expr.ParseValue(out.S, typ); err != nil {
			t.Error(err)
		}
		if got := expr.FormatValue(out, typ); got != c.want {
			t.Errorf("%s became %s", c.want, got)
		}
	}
	for s, code := range map[string]sqlerr.Code{"x": sqlerr.InvalidTextRepresent, "1e60": sqlerr.NumericValueOutOfRange,
		"1234567890123456789012345678901234567.89": sqlerr.NumericValueOutOfRange, "NaN": sqlerr.FeatureNotSupported} {
		if _, err := Argument(expr.Str(s), expr.Of(expr.Text), to); sqlerr.CodeOf(err) != code {
			t.Errorf("%s: %v, want %s", s, err, code)
		}
	}
}
