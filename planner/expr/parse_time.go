package expr

import (
	"strconv"
	"strings"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// moment is what a date or timestamp text says.
type moment struct {
	year, month, day int
	haveDate         bool
	micros           int64 // since midnight
	haveTime         bool
	zone             *time.Location // nil: none given
	bc               bool
}

func badDate(s string, t Type) error {
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, "invalid input syntax for type %s: %q", bare(t), s)
}

func fieldOverflow(s string) error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "date/time field value out of range: %q", s)
}

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// monthOf is the number of a month's English name, whole or its first three
// letters; 0 when it is none.
func monthOf(word string) int {
	for i, m := range months {
		full := strings.ToLower(time.Month(i + 1).String())
		if word == m || word == full || word == "sept" && i == 8 {
			return i + 1
		}
	}
	return 0
}

// parseMoment reads the words of a date or timestamp: ISO 8601, SQL and the forms
// with English month names; 1/2/2003 is January 2nd.
func parseMoment(s string, t Type) (moment, error) {
	var m moment
	text := strings.ToLower(strings.TrimSpace(s))
	if i := strings.IndexByte(text, 't'); i > 0 && i+1 < len(text) && isDigit(text[i-1]) && isDigit(text[i+1]) {
		text = text[:i] + " " + text[i+1:]
	}
	var numbers []int // of a date with a month's name
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' }) {
		var err error
		switch {
		case w == "bc":
			m.bc = true
		case w == "ad":
		case w == "am" || w == "pm":
			err = m.halfDay(w, s)
		case strings.Contains(w, ":") && !m.haveTime:
			err = m.clock(w, s, t)
		case monthOf(w) > 0 && m.month == 0 && !m.haveDate:
			m.month = monthOf(w)
		case !m.haveDate && isDigit(w[0]) && strings.ContainsAny(w, "-/."):
			err = m.date(w, s, t)
		case !m.haveDate && len(w) == 8 && allDigits(w) && m.month == 0:
			m.year, m.month, m.day, m.haveDate = number(w[:4]), number(w[4:6]), number(w[6:]), true
		case !m.haveDate && allDigits(w):
			numbers = append(numbers, number(w))
		case isDayName(w):
		default:
			if m.zone = ZoneOf(w); m.zone == nil && strings.Contains(w, "/") {
				return m, sqlerr.New(sqlerr.InvalidParameterValue, "time zone %q not recognized", w)
			} else if m.zone == nil {
				return m, badDate(s, t)
			}
		}
		if err != nil {
			return m, err
		}
	}
	if len(numbers) > 0 {
		if m.month == 0 || len(numbers) != 2 {
			return m, badDate(s, t)
		}
		m.day, m.year = numbers[0], numbers[1]
		if numbers[0] > 31 {
			m.year, m.day = numbers[0], numbers[1]
		}
		m.haveDate = true
	}
	if m.haveDate {
		return m, m.check(s)
	}
	return m, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

func isDayName(w string) bool {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if full := strings.ToLower(d.String()); len(w) >= 3 && strings.HasPrefix(full, w) {
			return true
		}
	}
	return false
}

// date reads y-m-d, m/d/y, y/m/d, d-mon-y and y.ddd-less variants of them.
func (m *moment) date(w, s string, t Type) error {
	sep := w[strings.IndexAny(w, "-/.")]
	p := strings.Split(w, string(sep))
	if len(p) != 3 {
		return badDate(s, t)
	}
	m.haveDate = true
	if mon := monthOf(p[1]); mon > 0 {
		m.month = mon
		m.day, m.year = number(p[0]), number(p[2])
		if len(p[0]) > 2 {
			m.year, m.day = number(p[0]), number(p[2])
		}
		return nil
	}
	for _, part := range p {
		if !allDigits(part) {
			return badDate(s, t)
		}
	}
	if len(p[0]) > 2 {
		m.year, m.month, m.day = number(p[0]), number(p[1]), number(p[2])
		return nil
	}
	m.month, m.day, m.year = number(p[0]), number(p[1]), number(p[2])
	if len(p[2]) <= 2 { // two digits: 1970 to 2069
		m.year += 1900
		if m.year < 1970 {
			m.year += 100
		}
	}
	return nil
}

func (m *moment) check(s string) error {
	if m.year < 1 || m.year > 5874897 || m.month < 1 || m.month > 12 || m.day < 1 {
		return fieldOverflow(s)
	}
	if m.bc {
		m.year = 1 - m.year
	}
	if m.day > DaysInMonth(m.year, m.month) {
		return fieldOverflow(s)
	}
	return nil
}

// DaysInMonth is the length of a month; years count through zero (1 BC).
func DaysInMonth(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// notFinite refuses the special values that have no place in a column.
func notFinite(s string, t Type) error {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "infinity", "-infinity", "now", "today", "tomorrow", "yesterday":
		return sqlerr.New(sqlerr.FeatureNotSupported, "%s %q is not supported", bare(t), s)
	}
	return nil
}

func parseDate(s string) (Value, error) {
	if strings.EqualFold(strings.TrimSpace(s), "epoch") {
		return Int(0), nil
	}
	if err := notFinite(s, Of(Date)); err != nil {
		return Value{}, err
	}
	m, err := parseMoment(s, Of(Date))
	if err != nil {
		return Value{}, err
	}
	if !m.haveDate {
		return Value{}, badDate(s, Of(Date))
	}
	return Int(m.days()), nil
}

func (m *moment) days() int64 {
	return time.Date(m.year, time.Month(m.month), m.day, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

func parseTime(s string) (Value, error) {
	if err := notFinite(s, Of(Time)); err != nil {
		return Value{}, err
	}
	m, err := parseMoment(s, Of(Time))
	if err == nil && !m.haveTime {
		err = badDate(s, Of(Time))
	}
	return Int(m.micros), err
}

func parseTimestamp(s string, t Type) (Value, error) {
	if strings.EqualFold(strings.TrimSpace(s), "epoch") {
		return Int(0), nil
	}
	if err := notFinite(s, t); err != nil {
		return Value{}, err
	}
	m, err := parseMoment(s, t)
	if err == nil && !m.haveDate {
		err = badDate(s, t)
	}
	if err != nil {
		return Value{}, err
	}
	if m.year > 294246 || m.year < -4712 {
		return Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range: %q", s)
	}
	us := m.days()*86400e6 + m.micros
	if t.Kind == TimestampTZ && m.zone != nil && m.zone != time.UTC {
		us = LocalToUTC(us, m.zone)
	}
	return Int(us), nil
}
