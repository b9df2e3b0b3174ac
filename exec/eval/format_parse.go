package eval

import (
	"strconv"
	"strings"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

func badTemplate(s, field string) error {
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, "invalid value %q for %q", s, field)
}

// parsePattern reads a time by a template, in microseconds since 1970.
func parsePattern(s, pattern string) (int64, error) {
	p := template{year: 1, month: 1, day: 1}
	rest := s
	for i := 0; i < len(pattern); {
		if len(pattern) >= i+2 && strings.EqualFold(pattern[i:i+2], "FM") {
			i += 2
			continue
		}
		field := fieldAt(pattern[i:])
		if field == "" {
			k := 1
			if pattern[i] == '"' {
				var text string
				text, k = literalText(pattern[i:])
				rest = rest[min(len(rest), len(text)):]
			} else if rest != "" && !isAlnum(rest[0]) {
				rest = rest[1:]
			} else if rest != "" && isAlnum(pattern[i]) {
				rest = rest[1:]
			}
			i += k
			continue
		}
		i += len(field)
		rest = strings.TrimLeft(rest, " ")
		glued := i < len(pattern) && fieldAt(pattern[i:]) != ""
		var err error
		if rest, err = p.read(field, rest, glued); err != nil {
			return 0, err
		}
	}
	return p.micros(s)
}

// template collects what a pattern reads.
type template struct {
	year, month, day, doy int
	hour, min, sec, us    int64
	pm, half, bc          bool
}

// templateWidths are the digits that a numeric pattern takes at most when another
// follows at once.
var templateWidths = map[string]int{"YYYY": 4, "YYY": 3, "YY": 2, "Y": 1, "MM": 2, "DD": 2, "DDD": 3, "HH24": 2, "HH12": 2,
	"HH": 2, "MI": 2, "SS": 2, "MS": 3, "US": 6, "SSSS": 5, "SSSSS": 5}

func (p *template) read(field, s string, glued bool) (string, error) {
	switch field {
	case "MONTH", "MON":
		for n := time.January; n <= time.December; n++ {
			full := n.String()
			for _, name := range []string{full, full[:3]} {
				if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
					p.month = int(n)
					return s[len(name):], nil
				}
			}
		}
		return s, badTemplate(s, field)
	case "DAY", "DY":
		return strings.TrimLeft(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), nil
	case "AM", "PM", "A.M.", "P.M.":
		if len(s) < len(field) {
			return s, badTemplate(s, field)
		}
		p.half, p.pm = true, s[0] == 'p' || s[0] == 'P'
		return s[len(field):], nil
	case "BC", "AD", "B.C.", "A.D.":
		if len(s) < len(field) {
			return s, badTemplate(s, field)
		}
		p.bc = s[0] == 'b' || s[0] == 'B'
		return s[len(field):], nil
	}
	width := templateWidths[field]
	if width == 0 {
		return s, sqlerr.New(sqlerr.FeatureNotSupported, "template pattern %q is not supported", field)
	}
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' && (n < width || !glued && field == "YYYY") {
		n++
	}
	if n == 0 {
		return s, badTemplate(s, field)
	}
	v, err := strconv.ParseInt(s[:n], 10, 32)
	if err != nil {
		return s, badTemplate(s, field)
	}
	p.set(field, v, n)
	return s[n:], nil
}

func (p *template) set(field string, v int64, digits int) {
	switch field {
	case "YYYY":
		p.year = int(v)
	case "YYY", "YY", "Y":
		if p.year = int(v); v < 70 { // adjusted towards 2020
			p.year += 2000
		} else if v < 100 {
			p.year += 1900
		} else {
			p.year += map[bool]int{true: 2000, false: 1000}[v < 520]
		}
	case "MM":
		p.month = int(v)
	case "DD":
		p.day = int(v)
	case "DDD":
		p.doy = int(v)
	case "HH24", "HH12", "HH":
		p.hour = v
	case "MI":
		p.min = v
	case "SS":
		p.sec = v
	case "MS":
		p.us += v * 1000 * pow10Int(3-digits)
	case "US":
		p.us += v * pow10Int(6-digits)
	case "SSSS", "SSSSS":
		p.hour, p.min, p.sec = v/3600, v/60%60, v%60
	}
}

func (p *template) micros(s string) (int64, error) {
	if p.half {
		if p.hour < 1 || p.hour > 12 {
			return 0, sqlerr.New(sqlerr.InvalidDatetimeFormat, "hour %q is invalid for the 12-hour clock", strconv.FormatInt(p.hour, 10)).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		p.hour %= 12
		if p.pm {
			p.hour += 12
		}
	}
	if p.bc {
		p.year = 1 - p.year
	}
	if p.month < 1 || p.month > 12 || p.day < 1 || p.day > expr.DaysInMonth(p.year, p.month) ||
		p.hour > 24 || p.min > 59 || p.sec > 60 {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date/time field value out of range: %q", s)
	}
	days := daysOf(p.year, p.month, p.day)
	if p.doy > 0 {
		days = daysOf(p.year, 1, 1) + int64(p.doy) - 1
	}
	return days*microsPerDay + p.hour*3600e6 + p.min*60e6 + p.sec*1e6 + p.us, nil
}
