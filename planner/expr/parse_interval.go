package expr

import (
	"math"
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// span collects the parts of an interval.
type span struct {
	months, days int64
	micros       float64 // of fractions; exact parts are in whole
	whole        int64
	seen         bool
}

// intervalUnits are the words of units, with their size in months, days or
// microseconds.
var intervalUnits = map[string]struct {
	months, days int64
	micros       int64
}{
	"microsecond": {micros: 1}, "us": {micros: 1}, "usec": {micros: 1},
	"millisecond": {micros: 1e3}, "ms": {micros: 1e3}, "msec": {micros: 1e3},
	"second": {micros: 1e6}, "sec": {micros: 1e6}, "s": {micros: 1e6},
	"minute": {micros: 60e6}, "min": {micros: 60e6}, "m": {micros: 60e6},
	"hour": {micros: 3600e6}, "hr": {micros: 3600e6}, "h": {micros: 3600e6},
	"day": {days: 1}, "d": {days: 1},
	"week": {days: 7}, "w": {days: 7},
	"month": {months: 1}, "mon": {months: 1},
	"year": {months: 12}, "yr": {months: 12}, "y": {months: 12},
	"decade": {months: 120}, "dec": {months: 120},
	"century": {months: 1200}, "centurie": {months: 1200}, "cent": {months: 1200}, "c": {months: 1200},
	"millennium": {months: 12000}, "millennia": {months: 12000}, "mil": {months: 12000},
}

// IntervalUnit is the interval of one unit by its name, singular or plural.
func IntervalUnit(word string) (months, days, micros int64, ok bool) {
	word = strings.ToLower(word)
	u, ok := intervalUnits[word]
	if !ok {
		u, ok = intervalUnits[strings.TrimSuffix(word, "s")]
	}
	return u.months, u.days, u.micros, ok
}

func badInterval(s string) error { return badDate(s, Of(Interval)) }

// parseInterval reads PostgreSQL's, SQL's and ISO 8601's forms of intervals.
func parseInterval(s string) (Value, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	if strings.HasPrefix(text, "p") || strings.HasPrefix(text, "-p") {
		return parseISOInterval(s, text)
	}
	if err := notFinite(s, Of(Interval)); err != nil {
		return Value{}, err
	}
	var sp span
	ago := false
	words := intervalWords(strings.TrimPrefix(text, "@"))
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "ago" && i == len(words)-1:
			ago = true
		case strings.Contains(w, ":"):
			if !sp.clock(w) {
				return Value{}, badInterval(s)
			}
		case isYearMonth(w):
			y, m, _ := strings.Cut(strings.TrimLeft(w, "+-"), "-")
			n := int64(number(y)*12 + number(m))
			if w[0] == '-' {
				n = -n
			}
			sp.months += n
			sp.seen = true
		default:
			unit := "second"
			if i+1 < len(words) && !isDigit(words[i+1][0]) && !strings.ContainsAny(words[i+1][:1], "+-.") && words[i+1] != "ago" {
				i++
				unit = words[i]
			} else if i+1 < len(words) && strings.Contains(words[i+1], ":") {
				unit = "day" // '1 02:03:04'
			}
			if !sp.add(w, unit) {
				return Value{}, badInterval(s)
			}
		}
	}
	if !sp.seen {
		return Value{}, badInterval(s)
	}
	if ago {
		sp = span{months: -sp.months, days: -sp.days, micros: -sp.micros, whole: -sp.whole}
	}
	return sp.value(s)
}

// intervalWords splits at blanks and between numbers and letters.
func intervalWords(text string) []string {
	var out []string
	letter := func(c byte) bool { return c >= 'a' && c <= 'z' }
	for _, w := range strings.Fields(text) {
		from := 0
		for i := 1; i < len(w); i++ {
			if letter(w[i]) != letter(w[i-1]) {
				out, from = append(out, w[from:i]), i
			}
		}
		out = append(out, w[from:])
	}
	return out
}

// isYearMonth reports whether w is SQL's years-months, as 1-2.
func isYearMonth(w string) bool {
	y, m, ok := strings.Cut(strings.TrimLeft(w, "+-"), "-")
	return ok && allDigits(y) && allDigits(m)
}

func (sp *span) clock(w string) bool {
	negative := w[0] == '-'
	p := strings.Split(strings.TrimLeft(w, "+-"), ":")
	if len(p) > 3 || !allDigits(p[0]) || !allDigits(p[1]) || number(p[1]) > 59 {
		return false
	}
	us := int64(number(p[0]))*3600e6 + int64(number(p[1]))*60e6
	if len(p) == 3 {
		sec, ok := secondMicros(p[2])
		if !ok || sec >= 60e6 {
			return false
		}
		us += sec
	}
	if negative {
		us = -us
	}
	sp.whole += us
	sp.seen = true
	return true
}

// add takes number × unit; a fraction of a larger unit spills into smaller ones
// as in PostgreSQL: of months into days of 30 a month, of days into time.
func (sp *span) add(num, unit string) bool {
	months, days, micros, ok := IntervalUnit(unit)
	if !ok {
		return false
	}
	whole, frac := num, ""
	if i := strings.IndexByte(num, '.'); i >= 0 {
		whole, frac = num[:i], num[i:]
	}
	if whole == "" || whole == "-" || whole == "+" {
		whole += "0"
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return false
	}
	var f float64
	if frac != "" && frac != "." {
		if f, err = strconv.ParseFloat("0"+frac, 64); err != nil {
			return false
		}
		if num[0] == '-' {
			f = -f
		}
	}
	sp.seen = true
	sp.months += n * months
	sp.days += n * days
	sp.whole += n * micros
	switch {
	case months == 1:
		sp.addDays(f * 30)
	case months > 1:
		sp.months += int64(math.RoundToEven(f * float64(months)))
	case days > 0:
		sp.addDays(f * float64(days))
	default:
		sp.micros += f * float64(micros)
	}
	return true
}

// addDays adds days whose fraction becomes time.
func (sp *span) addDays(d float64) {
	whole := math.Trunc(d)
	sp.days += int64(whole)
	sp.micros += (d - whole) * 86400e6
}

func (sp *span) value(s string) (Value, error) {
	us := sp.whole + int64(math.RoundToEven(sp.micros))
	if sp.months != int64(int32(sp.months)) || sp.days != int64(int32(sp.days)) {
		return Value{}, sqlerr.New("22015", "interval field value out of range: %q", s)
	}
	return IntervalValue(int32(sp.months), int32(sp.days), us), nil
}

// parseISOInterval reads P1Y2M3DT4H5M6S and P1W.
func parseISOInterval(s, text string) (Value, error) {
	var sp span
	negative := text[0] == '-'
	text = strings.TrimPrefix(strings.TrimPrefix(text, "-"), "p")
	inTime := false
	for text != "" {
		if text[0] == 't' && !inTime {
			inTime, text = true, text[1:]
			continue
		}
		i := strings.IndexFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' })
		if i <= 0 {
			return Value{}, badInterval(s)
		}
		units := map[byte]string{'y': "year", 'm': "month", 'w': "week", 'd': "day"}
		if inTime {
			units = map[byte]string{'h': "hour", 'm': "minute", 's': "second"}
		}
		if !sp.add(text[:i], units[text[i]]) {
			return Value{}, badInterval(s)
		}
		text = text[i+1:]
	}
	if !sp.seen {
		return Value{}, badInterval(s)
	}
	if negative {
		sp = span{months: -sp.months, days: -sp.days, micros: -sp.micros, whole: -sp.whole}
	}
	return sp.value(s)
}
