package expr

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

func (e *Column) String() string {
	if e.Name != "" {
		return e.Name
	}
	return fmt.Sprintf("#%d", e.ID)
}

func (e *Literal) String() string { return FormatLiteral(e.Value, e.Typ) }

func (e *Param) String() string { return "$" + strconv.Itoa(e.Number) }

func (e *Cast) String() string {
	if e.Try {
		return "TRY_CAST(" + e.Arg.String() + " AS " + e.To.String() + ")"
	}
	return operand(e.Arg) + "::" + e.To.String()
}

func (e *Case) String() string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range e.Whens {
		fmt.Fprintf(&b, " WHEN %s THEN %s", w.Cond, w.Result)
	}
	if e.Else != nil {
		fmt.Fprintf(&b, " ELSE %s", e.Else)
	}
	return b.String() + " END"
}

func (e *InList) String() string {
	const most = 12
	parts := make([]string, 0, min(len(e.List), most+1))
	for i, v := range e.List {
		if i == most {
			parts = append(parts, fmt.Sprintf("… %d more", len(e.List)-most))
			break
		}
		parts = append(parts, FormatLiteral(v, e.Arg.Type()))
	}
	op := " IN ("
	if e.Negated {
		op = " NOT IN ("
	}
	return operand(e.Arg) + op + strings.Join(parts, ", ") + ")"
}

func (e *Call) String() string {
	switch e.Name {
	case OpAnd, OpOr:
		parts := make([]string, len(e.Args))
		for i, a := range e.Args {
			parts[i] = operand(a)
		}
		return strings.Join(parts, " "+strings.ToUpper(e.Name)+" ")
	case OpNot:
		return "NOT " + operand(e.Args[0])
	case OpNeg:
		return "-" + operand(e.Args[0])
	case OpIsNull, OpIsNotNull, OpIsTrue, OpIsNotTrue, OpIsFalse, OpIsNotFalse:
		return operand(e.Args[0]) + " " + strings.ToUpper(e.Name)
	}
	if isInfix(e.Name) && len(e.Args) == 2 {
		return operand(e.Args[0]) + " " + strings.ToUpper(e.Name) + " " + operand(e.Args[1])
	}
	return e.Name + "(" + join(e.Args) + ")"
}

func isInfix(name string) bool {
	switch name {
	case OpLike, OpNotLike, OpILike, OpNotILike, OpIsDistinct, OpIsNotDistinct:
		return true
	}
	return name != "" && strings.IndexByte("=<>+-*/%|~!^&#", name[0]) >= 0
}

// operand puts parentheses around what would bind wrongly without them.
func operand(e Expr) string {
	switch n := e.(type) {
	case *Call:
		if n.Name == OpNot || n.Name == OpAnd || n.Name == OpOr || isInfix(n.Name) || strings.HasPrefix(n.Name, "is ") {
			return "(" + n.String() + ")"
		}
	case *InList:
		return "(" + n.String() + ")"
	}
	return e.String()
}

func join(args []Expr) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.String()
	}
	return strings.Join(parts, ", ")
}

// String is the call as SQL.
func (a Aggregate) String() string {
	var b strings.Builder
	b.WriteString(a.Func + "(")
	if a.Distinct {
		b.WriteString("DISTINCT ")
	}
	if len(a.Args) == 0 {
		b.WriteString("*")
	}
	b.WriteString(join(a.Args))
	if len(a.Order) > 0 {
		b.WriteString(" ORDER BY " + FormatSort(a.Order))
	}
	b.WriteString(")")
	if a.Filter != nil {
		fmt.Fprintf(&b, " FILTER (WHERE %s)", a.Filter)
	}
	return b.String()
}

// FormatSort is sort keys as SQL; PostgreSQL's default place of nulls (last when
// ascending) is left out.
func FormatSort(keys []SortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k.Expr.String()
		if k.Desc {
			parts[i] += " DESC"
		}
		if k.NullsFirst && !k.Desc {
			parts[i] += " NULLS FIRST"
		} else if !k.NullsFirst && k.Desc {
			parts[i] += " NULLS LAST"
		}
	}
	return strings.Join(parts, ", ")
}

// FormatLiteral is a value as a SQL literal, quoted where SQL wants it.
func FormatLiteral(v Value, t Type) string {
	if v.Null {
		return "NULL"
	}
	s := FormatValue(v, t)
	if t.IsNumber() || t.Kind == Bool {
		return s
	}
	s = "'" + strings.ReplaceAll(s, "'", "''") + "'"
	switch t.Kind {
	case Date, Time, Timestamp, TimestampTZ, Interval:
		return t.String() + " " + s
	}
	return s
}

// FormatValue is a value as PostgreSQL prints it in a result with default
// settings (booleans as true and false); NULL is "NULL".
func FormatValue(v Value, t Type) string {
	if v.Null {
		return "NULL"
	}
	switch t.Kind {
	case Bool:
		return strconv.FormatBool(v.I != 0)
	case Int2, Int4, Int8:
		return strconv.FormatInt(v.I, 10)
	case Numeric:
		return FormatDecimal(v.Big(), int(t.Scale))
	case Float4:
		return formatFloat(v.F, 32)
	case Float8:
		return formatFloat(v.F, 64)
	case Bytea:
		return `\x` + hex.EncodeToString([]byte(v.S))
	case Date:
		return formatYear(time.Unix(v.I*86400, 0).UTC(), "-01-02", "")
	case Time:
		return formatClock(v.I)
	case Timestamp:
		return formatTimestamp(v.I, "")
	case TimestampTZ:
		return formatTimestamp(v.I, "+00")
	case Interval:
		return formatInterval(v.Interval())
	case List, Struct, Map:
		return formatNested(v, t)
	}
	return v.S
}

// FormatDecimal is unscaled × 10^-scale in plain digits.
func FormatDecimal(unscaled *big.Int, scale int) string {
	s := new(big.Int).Abs(unscaled).String()
	if scale > 0 {
		if len(s) <= scale {
			s = strings.Repeat("0", scale-len(s)+1) + s
		}
		s = s[:len(s)-scale] + "." + s[len(s)-scale:]
	}
	if unscaled.Sign() < 0 {
		s = "-" + s
	}
	return s
}

// formatFloat is PostgreSQL's shortest round-trip form: exponents from 1e+15 (64
// bits) or 1e+06 (32 bits) up and below 1e-04, with at least two digits.
func formatFloat(f float64, bits int) string {
	switch {
	case f != f:
		return "NaN"
	case f > 0 && f*0.5 == f:
		return "Infinity"
	case f < 0 && f*0.5 == f:
		return "-Infinity"
	}
	e := strconv.FormatFloat(f, 'e', -1, bits)
	exp, _ := strconv.Atoi(e[strings.IndexByte(e, 'e')+1:])
	most := 15
	if bits == 32 {
		most = 6
	}
	if exp < -4 || exp >= most {
		return e
	}
	return strconv.FormatFloat(f, 'f', -1, bits)
}

func formatYear(t time.Time, rest, suffix string) string {
	y := t.Year()
	if y <= 0 {
		return fmt.Sprintf("%04d%s%s BC", 1-y, t.Format(rest), suffix)
	}
	return fmt.Sprintf("%04d%s%s", y, t.Format(rest), suffix)
}

func formatClock(us int64) string {
	s := fmt.Sprintf("%02d:%02d:%02d", us/3600000000, us/60000000%60, us/1000000%60)
	return s + formatMicros(us%1000000)
}

func formatMicros(us int64) string {
	if us == 0 {
		return ""
	}
	return strings.TrimRight(fmt.Sprintf(".%06d", us), "0")
}

func formatTimestamp(us int64, zone string) string {
	t := time.UnixMicro(us).UTC()
	return formatYear(t, "-01-02 15:04:05", formatMicros(int64(t.Nanosecond()/1000))+zone)
}

// formatInterval is PostgreSQL's intervalstyle "postgres".
func formatInterval(months, days int32, us int64) string {
	var parts []string
	negative := false // a part after a negative one shows its plus sign
	add := func(n int64, unit string) {
		if n == 0 {
			return
		}
		sign := ""
		if negative && n > 0 {
			sign = "+"
		}
		if n != 1 {
			unit += "s"
		}
		parts = append(parts, fmt.Sprintf("%s%d %s", sign, n, unit))
		negative = n < 0
	}
	add(int64(months/12), "year")
	add(int64(months%12), "mon")
	add(int64(days), "day")
	if us != 0 || len(parts) == 0 {
		sign := ""
		if us < 0 {
			sign, us = "-", -us
		} else if negative {
			sign = "+"
		}
		parts = append(parts, sign+formatClock(us))
	}
	return strings.Join(parts, " ")
}

func formatNested(v Value, t Type) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range v.Elems {
		if i > 0 {
			b.WriteByte(',')
		}
		et := t.Nested.Elem
		switch t.Kind {
		case Struct:
			b.WriteString(t.Nested.Fields[i].Name + ":")
			et = t.Nested.Fields[i].Type
		case Map:
			et = t.Nested.Fields[i%2].Type
		}
		b.WriteString(FormatValue(e, et))
	}
	return b.String() + "}"
}
