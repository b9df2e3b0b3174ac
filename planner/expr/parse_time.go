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

// clock reads hh:mm[:ss[.ffffff]] with a zone perhaps attached.
func (m *moment) clock(w, s string, t Type) error {
	for _, half := range []string{"am", "pm"} {
		if rest, ok := strings.CutSuffix(w, half); ok {
			if err := m.clock(rest, s, t); err != nil {
				return err
			}
			return m.halfDay(half, s)
		}
	}
	if i := strings.IndexAny(w, "+-zu"); i > 0 {
		zone := w[i:]
		if m.zone = ZoneOf(zone); m.zone == nil {
			return badDate(s, t)
		}
		w = w[:i]
	}
	us, ok := clockMicros(w)
	if !ok {
		return badDate(s, t)
	}
	if us < 0 {
		return fieldOverflow(s)
	}
	m.micros, m.haveTime = us, true
	return nil
}

// clockMicros reads hh:mm[:ss[.ffffff]]; -1 when a field is out of range.
func clockMicros(w string) (int64, bool) {
	p := strings.Split(w, ":")
	if len(p) < 2 || len(p) > 3 || !allDigits(p[0]) || !allDigits(p[1]) {
		return 0, false
	}
	h, min := int64(number(p[0])), int64(number(p[1]))
	var us int64
	if len(p) == 3 {
		var ok bool
		if us, ok = secondMicros(p[2]); !ok {
			return 0, false
		}
	}
	total := h*3600e6 + min*60e6 + us
	if h > 24 || min > 59 || us > 60e6 || total > 86400e6 {
		return -1, true
	}
	return total, true
}

// secondMicros reads ss[.ffffff…], rounded to microseconds.
func secondMicros(s string) (int64, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" {
		whole = "0"
	}
	if !allDigits(whole) || frac != "" && !allDigits(frac) || len(whole) > 12 {
		return 0, false
	}
	us := int64(number(whole)) * 1e6
	if len(frac) > 6 {
		if frac[6] >= '5' {
			us++
		}
		frac = frac[:6]
	}
	for len(frac) < 6 {
		frac += "0"
	}
	return us + int64(number(frac)), true
}

func (m *moment) halfDay(word, s string) error {
	h := m.micros / 3600e6
	switch {
	case h < 1 || h > 12:
		return fieldOverflow(s)
	case word == "am" && h == 12:
		m.micros -= 12 * 3600e6
	case word == "pm" && h < 12:
		m.micros += 12 * 3600e6
	}
	return nil
}

// ZoneOf is a time zone by name or by offset east of UTC (+02, -03:30, +0530); nil
// when there is none of that name.
func ZoneOf(name string) *time.Location {
	lower := strings.ToLower(strings.TrimSpace(name))
	switch lower {
	case "utc", "gmt", "z", "zulu", "ut", "":
		return time.UTC
	}
	for _, prefix := range []string{"utc", "gmt"} {
		if rest, ok := strings.CutPrefix(lower, prefix); ok && (rest[0] == '+' || rest[0] == '-') {
			return offsetZone(rest, -1) // POSIX: west is positive
		}
	}
	if lower[0] == '+' || lower[0] == '-' {
		return offsetZone(lower, 1)
	}
	if s, ok := zoneAbbreviations[lower]; ok {
		return time.FixedZone(strings.ToUpper(lower), s*3600)
	}
	if lower == "local" {
		return nil
	}
	for _, try := range []string{name, strings.ToUpper(name), titleZone(lower)} {
		if loc, err := time.LoadLocation(try); err == nil {
			return loc
		}
	}
	return nil
}

// zoneAbbreviations are the everyday ones of PostgreSQL's default set, in hours
// east of UTC.
var zoneAbbreviations = map[string]int{"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
	"pdt": -7, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "wet": 0, "west": 1, "bst": 1, "msk": 3, "jst": 9}

// titleZone is a lower-case zone name as the zone files spell it.
func titleZone(lower string) string {
	up := true
	out := []byte(lower)
	for i, c := range out {
		if up && c >= 'a' && c <= 'z' {
			out[i] -= 32
		}
		up = c == '/' || c == '_' || c == '-'
	}
	return string(out)
}

func offsetZone(s string, sign int) *time.Location {
	if s[0] == '-' {
		sign = -sign
	}
	p := strings.Split(s[1:], ":")
	if len(p) == 1 && len(p[0]) == 4 {
		p = []string{p[0][:2], p[0][2:]}
	}
	seconds := 0
	for i, part := range p {
		if !allDigits(part) || len(part) > 2 || i > 2 {
			return nil
		}
		seconds += number(part) * []int{3600, 60, 1}[i]
	}
	if seconds > 16*3600 {
		return nil
	}
	return time.FixedZone("", sign*seconds)
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

// LocalToUTC is the instant, in microseconds, at which clocks in zone show local.
func LocalToUTC(local int64, zone *time.Location) int64 {
	t := time.UnixMicro(local).UTC()
	at := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	return at.UnixMicro()
}

// UTCToLocal is what clocks in zone show at an instant, both in microseconds.
func UTCToLocal(us int64, zone *time.Location) int64 {
	_, offset := time.UnixMicro(us).In(zone).Zone()
	return us + int64(offset)*1e6
}
