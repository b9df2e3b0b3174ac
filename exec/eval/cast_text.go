package eval

import (
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// shortDigits is v with so many significant digits.
func shortDigits(v float64, digits int) string { return strconv.FormatFloat(v, 'e', digits-1, 64) }

// castToText is a conversion to text, varchar(n) or char(n).
func castToText(from, to expr.Type) rowFunc {
	if from.IsString() || from.Kind == expr.Unknown {
		return func(in []input, row int, out *output) error {
			s := in[0].text(row)
			if from.Kind == expr.Char {
				s = strings.TrimRight(s, " ")
			}
			return writeString(out, row, s, to)
		}
	}
	return func(in []input, row int, out *output) error {
		return writeString(out, row, in[0].format(row, from), to)
	}
}

// writeString writes s cut or padded to the length of t.
func writeString(out *output, row int, s string, t expr.Type) error {
	if t.Length == 0 {
		out.string(row, s)
		return nil
	}
	v, err := expr.ParseValue(s, t)
	out.string(row, v.S)
	return err
}

// format is the argument as PostgreSQL prints it.
func (in *input) format(row int, t expr.Type) string {
	return expr.FormatValue(in.value(row, t), t)
}

// value is the argument as a Value.
func (in *input) value(row int, t expr.Type) expr.Value {
	if in.null(row) {
		return expr.Null
	}
	c := in.col
	c.Valid = nil
	return ValueAt(&c, row&in.mask, t)
}

// castFromText reads values of any type.
func castFromText(to expr.Type) rowFunc {
	if to.IsNested() {
		return nil
	}
	return func(in []input, row int, out *output) error {
		v, err := expr.ParseValue(in[0].text(row), to)
		if err != nil {
			return err
		}
		out.value(row, v)
		return nil
	}
}

// numericIn reads numbers and rounds none.
func numericIn(e *expr.Call) rowFunc {
	to := e.Typ
	run := func(in []input, row int, out *output) error {
		v, err := expr.ParseExact(in[0].text(row), to)
		if err == nil {
			out.value(row, v)
		}
		return err
	}
	if e.Name == expr.FnNumericTry {
		return orNull(run)
	}
	return run
}

// value writes a Value of the result's type.
func (o *output) value(row int, v expr.Value) {
	switch {
	case v.Null:
		o.null(row)
	case o.bools != nil:
		o.bools[row] = uint8(v.I)
	case o.ints != nil:
		o.ints[row] = v.I
	case o.floats != nil:
		o.floats[row] = v.F
	case o.decs != nil:
		o.decs[row] = wide(v)
	case o.intervals != nil:
		o.intervals[row] = monthDayMicro(v)
	case o.views != nil:
		o.string(row, v.S)
	}
}

// castTimes converts between dates, times and timestamps; the session's zone is
// UTC. nil when there is no such cast.
func castTimes(from, to expr.Type) rowFunc {
	stamp := func(t expr.Type) bool { return t.Kind == expr.Timestamp || t.Kind == expr.TimestampTZ }
	switch {
	case from.Kind == expr.Date && stamp(to):
		return func(in []input, row int, out *output) error {
			us, err := dateMicros(in[0].int(row))
			out.ints[row] = us
			return err
		}
	case stamp(from) && to.Kind == expr.Date:
		return func(in []input, row int, out *output) error {
			out.ints[row] = floorDiv(in[0].int(row), microsPerDay)
			return nil
		}
	case stamp(from) && to.Kind == expr.Time:
		return func(in []input, row int, out *output) error {
			out.ints[row] = floorMod(in[0].int(row), microsPerDay)
			return nil
		}
	case from.Kind == expr.Time && to.Kind == expr.Interval:
		return func(in []input, row int, out *output) error {
			out.intervals[row].Micros = in[0].int(row)
			return nil
		}
	case from.Kind == expr.Interval && to.Kind == expr.Time:
		return func(in []input, row int, out *output) error {
			out.ints[row] = floorMod(in[0].interval(row).Micros, microsPerDay)
			return nil
		}
	}
	return nil
}

// dateMicros is midnight of a date as a timestamp.
func dateMicros(days int64) (int64, error) {
	if days < -2440588 || days > 106751991-1 {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return days * microsPerDay, nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 {
	if m := a % b; m < 0 {
		return m + b
	} else {
		return m
	}
}

const microsPerDay = 86400e6
