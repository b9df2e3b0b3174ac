package eval

import (
	"math"
	"strings"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// formatFunction gives to_char, to_date, to_timestamp and to_number.
func formatFunction(e *expr.Call) (rowFunc, error) {
	switch e.Name {
	case "to_char":
		return toChar(e), nil
	case "to_date":
		return func(in []input, row int, out *output) error {
			us, err := parsePattern(in[0].text(row), in[1].text(row))
			out.ints[row] = floorDiv(us, microsPerDay)
			return err
		}, nil
	case "to_timestamp":
		return func(in []input, row int, out *output) error {
			us, err := parsePattern(in[0].text(row), in[1].text(row))
			out.ints[row] = us
			return err
		}, nil
	case "to_number":
		return toNumber, nil
	}
	return nil, nil
}

func toChar(e *expr.Call) rowFunc {
	switch t := e.Args[0].Type(); t.Kind {
	case expr.Timestamp, expr.TimestampTZ:
		return func(in []input, row int, out *output) error {
			out.string(row, formatMoment(in[1].text(row), momentOf(in[0].int(row), t.Kind == expr.TimestampTZ)))
			return nil
		}
	case expr.Interval:
		return func(in []input, row int, out *output) error {
			out.string(row, formatMoment(in[1].text(row), momentOfInterval(in[0].interval(row))))
			return nil
		}
	case expr.Int4, expr.Int8:
		return func(in []input, row int, out *output) error {
			s, err := formatNumber(in[1].text(row), kernel.From64(in[0].int(row)), 0)
			out.string(row, s)
			return err
		}
	case expr.Numeric:
		return func(in []input, row int, out *output) error {
			s, err := formatNumber(in[1].text(row), in[0].dec(row), int(t.Scale))
			out.string(row, s)
			return err
		}
	}
	return func(in []input, row int, out *output) error {
		f := in[0].float(row)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return sqlerr.New(sqlerr.FeatureNotSupported, "to_char of %s is not supported", expr.FormatValue(expr.Float(f), expr.Of(expr.Float8)))
		}
		to := expr.NumericOf(expr.MaxPrecision, 16)
		v, err := floatDecimal(f, expr.Of(expr.Float8), to)
		if err != nil {
			return err
		}
		s, err := formatNumber(in[1].text(row), v, int(to.Scale))
		out.string(row, s)
		return err
	}
}

// literalText is the literal at the start of a pattern, and its length there.
func literalText(p string) (string, int) {
	if p[0] == '"' {
		if i := strings.IndexByte(p[1:], '"'); i >= 0 {
			return p[1 : i+1], i + 2
		}
		return p[1:], len(p)
	}
	return p[:1], 1
}

// toNumber reads a number by a template: digits, sign and point count, the rest is
// skipped.
func toNumber(in []input, row int, out *output) error {
	var b strings.Builder
	negative := false
	for _, c := range in[0].text(row) {
		switch {
		case c >= '0' && c <= '9' || c == '.':
			b.WriteRune(c)
		case c == '-' || c == '<':
			negative = true
		}
	}
	text := b.String()
	if negative {
		text = "-" + text
	}
	v, err := expr.ParseValue(text, out.typ)
	if err != nil {
		return err
	}
	out.value(row, v)
	return nil
}
