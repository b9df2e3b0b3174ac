package eval

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// strftimeFunction gives strftime and strptime, whose formats are those of POSIX, with %f
// for microseconds as DuckDB and Python have it. "strptime zoned" reads an instant: in the
// zone of the text, or else in the one that is given.
func strftimeFunction(e *expr.Call) (rowFunc, error) {
	switch e.Name {
	case "strftime":
		return func(in []input, row int, out *output) error {
			s, err := appendTime(out.scratch[:0], time.UnixMicro(in[0].int(row)).UTC(), in[1].text(row), 0)
			out.scratch = s
			out.bytes(row, s)
			return err
		}, nil
	case "strptime":
		return func(in []input, row int, out *output) error {
			us, _, err := parseTime(in[0].text(row), in[1].text(row))
			out.ints[row] = us
			return err
		}, nil
	case "strptime zoned":
		return func(in []input, row int, out *output) error {
			zone := expr.ZoneOf(in[2].text(row))
			if zone == nil {
				return sqlerr.New(sqlerr.InvalidParameterValue, "time zone %q not recognized", in[2].text(row))
			}
			us, zoned, err := parseTime(in[0].text(row), in[1].text(row))
			if !zoned {
				us = expr.LocalToUTC(us, zone)
			}
			out.ints[row] = us
			return err
		}, nil
	}
	return nil, nil
}

// compounds are formats that stand for others.
var compounds = map[byte]string{'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'R': "%H:%M", 'T': "%H:%M:%S", 'r': "%I:%M:%S %p",
	'c': "%a %b %e %H:%M:%S %Y", 'x': "%m/%d/%y", 'X': "%H:%M:%S", 'h': "%b"}

// appendTime writes a time by a format.
func appendTime(out []byte, t time.Time, format string, depth int) ([]byte, error) {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			out = append(out, format[i])
			continue
		}
		i++
		if i == len(format) {
			return out, badFormat("%")
		}
		if c, ok := compounds[format[i]]; ok && depth == 0 {
			out, _ = appendTime(out, t, c, 1)
			continue
		}
		s, ok := shownField(t, format[i])
		if !ok {
			return out, badFormat("%" + string(format[i]))
		}
		out = append(out, s...)
	}
	return out, nil
}

func badFormat(field string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "%q is not supported in a format of times", field)
}

// shownField is one field of a time.
func shownField(t time.Time, field byte) (string, bool) {
	number := func(n, width int) (string, bool) { return fmt.Sprintf("%0*d", width, n), true }
	sunday, monday := int(t.Weekday()), (int(t.Weekday())+6)%7
	isoYear, isoWeek := t.ISOWeek()
	switch field {
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'Y':
		return strconv.Itoa(t.Year()), true
	case 'C':
		return number(t.Year()/100, 2)
	case 'y':
		return number(t.Year()%100, 2)
	case 'm':
		return number(int(t.Month()), 2)
	case 'B':
		return t.Month().String(), true
	case 'b':
		return t.Month().String()[:3], true
	case 'd':
		return number(t.Day(), 2)
	case 'e':
		return fmt.Sprintf("%2d", t.Day()), true
	case 'j':
		return number(t.YearDay(), 3)
	case 'A':
		return t.Weekday().String(), true
	case 'a':
		return t.Weekday().String()[:3], true
	case 'w':
		return number(sunday, 1)
	case 'u':
		return number(monday+1, 1)
	case 'U':
		return number((t.YearDay()+6-sunday)/7, 2)
	case 'W':
		return number((t.YearDay()+6-monday)/7, 2)
	case 'V':
		return number(isoWeek, 2)
	case 'G':
		return strconv.Itoa(isoYear), true
	case 'g':
		return number(isoYear%100, 2)
	}
	return shownClock(t, field)
}

// shownClock is one of a time of day.
func shownClock(t time.Time, field byte) (string, bool) {
	number := func(n, width int) (string, bool) { return fmt.Sprintf("%0*d", width, n), true }
	switch field {
	case 'H':
		return number(t.Hour(), 2)
	case 'I':
		return number((t.Hour()+11)%12+1, 2)
	case 'k':
		return fmt.Sprintf("%2d", t.Hour()), true
	case 'l':
		return fmt.Sprintf("%2d", (t.Hour()+11)%12+1), true
	case 'M':
		return number(t.Minute(), 2)
	case 'S':
		return number(t.Second(), 2)
	case 'f':
		return number(t.Nanosecond()/1000, 6)
	case 'p':
		return [2]string{"AM", "PM"}[t.Hour()/12], true
	case 's':
		return strconv.FormatInt(t.Unix(), 10), true
	case 'z':
		return "+0000", true
	case 'Z':
		return "UTC", true
	}
	return "", false
}

// parseTime reads a time by a format, in microseconds since 1970; zoned says that the text
// has a zone, so that they are an instant's.
func parseTime(s, format string) (us int64, zoned bool, err error) {
	p := timeParser{text: s, template: template{year: 1970, month: 1, day: 1}}
	if !p.read(format, 0) || strings.TrimRight(p.text, " \t\n") != "" {
		if p.unknown != "" {
			return 0, false, badFormat(p.unknown)
		}
		return 0, false, sqlerr.New(sqlerr.InvalidDatetimeFormat, "%q is no time of the format %q", s, format)
	}
	us, err = p.micros(s)
	return us - p.offset, p.zoned, err
}

// timeParser is what is left of a text, and what was read of it.
type timeParser struct {
	template
	text    string
	offset  int64 // of the zone, in microseconds
	zoned   bool
	unknown string // a field that is not known
}

func (p *timeParser) read(format string, depth int) bool {
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == ' ' || c == '\t' || c == '\n':
			p.text = strings.TrimLeft(p.text, " \t\n")
		case c != '%':
			if p.text == "" || p.text[0] != c {
				return false
			}
			p.text = p.text[1:]
		default:
			i++
			if i == len(format) {
				p.unknown = "%"
				return false
			}
			ok := false
			if c, compound := compounds[format[i]]; compound && depth == 0 {
				ok = p.read(c, 1)
			} else {
				ok = p.field(format[i])
			}
			if !ok {
				return false
			}
		}
	}
	return true
}

// number reads up to so many digits, of a value between two bounds.
func (p *timeParser) number(digits int, least, most int64) (int64, bool) {
	p.text = strings.TrimLeft(p.text, " ")
	n := 0
	for n < len(p.text) && n < digits && p.text[n] >= '0' && p.text[n] <= '9' {
		n++
	}
	v, err := strconv.ParseInt(p.text[:n], 10, 64)
	p.text = p.text[n:]
	return v, err == nil && v >= least && v <= most
}

// word reads one of words, or its first letters, in any case.
func (p *timeParser) word(words []string) (int, bool) {
	for i, w := range words {
		for _, w := range []string{w, w[:min(3, len(w))]} {
			if len(p.text) >= len(w) && strings.EqualFold(p.text[:len(w)], w) {
				p.text = p.text[len(w):]
				return i, true
			}
		}
	}
	return 0, false
}

var (
	monthNames = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
)

func (p *timeParser) field(field byte) (ok bool) {
	var n int64
	var at int
	switch field {
	case '%':
		if ok = strings.HasPrefix(p.text, "%"); ok {
			p.text = p.text[1:]
		}
	case 'n', 't':
		p.text, ok = strings.TrimLeft(p.text, " \t\n"), true
	case 'Y':
		n, ok = p.number(4, 1, 9999)
		p.year = int(n)
	case 'y':
		n, ok = p.number(2, 0, 99)
		p.year = int(n) + 1900
		if n < 69 {
			p.year += 100
		}
	case 'm':
		n, ok = p.number(2, 1, 12)
		p.month = int(n)
	case 'd', 'e':
		n, ok = p.number(2, 1, 31)
		p.day = int(n)
	case 'j':
		n, ok = p.number(3, 1, 366)
		p.doy = int(n)
	case 'b', 'B', 'h':
		at, ok = p.word(monthNames)
		p.month = at + 1
	case 'a', 'A':
		_, ok = p.word(dayNames)
	default:
		return p.clock(field)
	}
	return ok
}

func (p *timeParser) clock(field byte) (ok bool) {
	var at int
	switch field {
	case 'H', 'k':
		p.hour, ok = p.number(2, 0, 23)
	case 'I', 'l':
		p.hour, ok = p.number(2, 1, 12)
		p.half = true
	case 'p':
		at, ok = p.word([]string{"AM", "PM"})
		p.half, p.pm = true, at == 1
	case 'M':
		p.min, ok = p.number(2, 0, 59)
	case 'S':
		p.sec, ok = p.number(2, 0, 60)
	case 'f':
		digits := len(p.text) - len(strings.TrimLeft(p.text, "0123456789"))
		p.us, ok = p.number(6, 0, 999999)
		for ; digits < 6; digits++ {
			p.us *= 10
		}
		p.text = strings.TrimLeft(p.text, "0123456789") // what is finer than a microsecond
	case 'z':
		ok = p.zone()
	default:
		p.unknown = "%" + string(field)
	}
	return ok
}

// zone reads Z, +hh, +hhmm or +hh:mm.
func (p *timeParser) zone() bool {
	p.text, p.zoned = strings.TrimLeft(p.text, " "), true
	if strings.HasPrefix(p.text, "Z") {
		p.text = p.text[1:]
		return true
	}
	if p.text == "" || p.text[0] != '+' && p.text[0] != '-' {
		return false
	}
	sign := int64(1)
	if p.text[0] == '-' {
		sign = -1
	}
	p.text = p.text[1:]
	h, ok := p.number(2, 0, 15)
	if !ok {
		return false
	}
	p.text = strings.TrimPrefix(p.text, ":")
	m := int64(0)
	if p.text != "" && p.text[0] >= '0' && p.text[0] <= '9' {
		if m, ok = p.number(2, 0, 59); !ok {
			return false
		}
	}
	p.offset = sign * (h*3600 + m*60) * 1e6
	return true
}
