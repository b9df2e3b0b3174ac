package eval

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// moment is what templates print: a timestamp or an interval taken apart.
type moment struct {
	year, month, day int
	micros           int64 // of the day
	days             int64 // since 1970
	interval, zoned  bool
}

func momentOf(us int64, zoned bool) moment {
	days := floorDiv(us, microsPerDay)
	m := moment{days: days, micros: floorMod(us, microsPerDay), zoned: zoned}
	m.year, m.month, m.day = civil(days)
	return m
}

func momentOfInterval(v vector.MonthDayMicro) moment {
	return moment{year: int(v.Months / 12), month: int(v.Months % 12), day: int(v.Days), micros: v.Micros, interval: true}
}

// momentFields are the template patterns, longer ones before their beginnings.
var momentFields = []string{"HH24", "HH12", "HH", "MI", "SSSSS", "SSSS", "SS", "MS", "US",
	"FF1", "FF2", "FF3", "FF4", "FF5", "FF6",
	"A.M.", "P.M.", "AM", "PM", "Y,YYY", "YYYY", "YYY", "YY", "Y", "IYYY", "IYY", "IY", "IDDD", "IW", "ID", "I",
	"MONTH", "MON", "MM", "DAY", "DY", "DDD", "DD", "D", "WW", "W", "CC", "J", "Q", "RM", "TZH", "TZM", "TZ", "OF",
	"B.C.", "A.D.", "BC", "AD"}

// formatMoment is to_char of a time.
func formatMoment(pattern string, m moment) string {
	var b strings.Builder
	fill := false
	for i := 0; i < len(pattern); {
		if pattern[i] == '"' {
			text, k := literalText(pattern[i:])
			b.WriteString(text)
			i += k
			continue
		}
		if len(pattern) >= i+2 && strings.EqualFold(pattern[i:i+2], "FM") {
			fill = true
			i += 2
			continue
		}
		field := fieldAt(pattern[i:])
		if field == "" {
			b.WriteByte(pattern[i])
			i++
			continue
		}
		text := m.field(field, pattern[i:i+len(field)], fill)
		i += len(field)
		if len(pattern) >= i+2 && strings.EqualFold(pattern[i:i+2], "TH") {
			text += ordinalOf(text, pattern[i:i+2])
			i += 2
		}
		b.WriteString(text)
		fill = false
	}
	return b.String()
}

func fieldAt(p string) string {
	for _, f := range momentFields {
		if len(p) >= len(f) && strings.EqualFold(p[:len(f)], f) {
			return f
		}
	}
	return ""
}

// field is one pattern's text; like is how it was written, which decides case.
func (m *moment) field(name, like string, fill bool) string {
	num := func(v int64, width int) string {
		if fill {
			return strconv.FormatInt(v, 10)
		}
		return fmt.Sprintf("%0*d", width, v)
	}
	sec := m.micros / 1e6
	switch name {
	case "HH24":
		return num(sec/3600, 2)
	case "HH12", "HH":
		h := sec / 3600
		if !m.interval || h != 0 {
			h = (h+11)%12 + 1
		} else {
			h = 12
		}
		return num(h, 2)
	case "MI":
		return num(sec/60%60, 2)
	case "SS":
		return num(sec%60, 2)
	case "SSSSS", "SSSS":
		return strconv.FormatInt(sec, 10)
	case "MS":
		return fmt.Sprintf("%03d", m.micros%1e6/1000)
	case "US":
		return fmt.Sprintf("%06d", m.micros%1e6)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		return fmt.Sprintf("%06d", m.micros%1e6)[:name[2]-'0']
	case "AM", "PM", "A.M.", "P.M.":
		return m.half(like)
	case "TZ":
		if m.zoned {
			return matchCase("UTC", like)
		}
		return ""
	case "TZH", "OF":
		return "+00"
	case "TZM":
		return "00"
	}
	return m.dateField(name, like, fill, num)
}

func (m *moment) half(like string) string {
	text := "AM"
	if m.micros >= microsPerDay/2 {
		text = "PM"
	}
	if strings.Contains(like, ".") {
		text = text[:1] + "." + text[1:] + "."
	}
	if like == strings.ToLower(like) {
		return strings.ToLower(text)
	}
	return text
}

func (m *moment) dateField(name, like string, fill bool, num func(int64, int) string) string {
	year := int64(m.year)
	if year <= 0 && !m.interval {
		year = 1 - year
	}
	iso, week := time.Unix(m.days*86400, 0).UTC().ISOWeek()
	weekday := floorMod(m.days+4, 7) // Sunday is 0
	dayOfYear := m.days - daysOf(m.year, 1, 1) + 1
	switch name {
	case "Y,YYY":
		return fmt.Sprintf("%d,%03d", year/1000, year%1000)
	case "YYYY":
		return num(year, 4)
	case "YYY", "YY", "Y":
		return num(year%pow10Int(len(name)), len(name))
	case "IYYY":
		return num(int64(iso), 4)
	case "IYY", "IY", "I":
		return num(int64(iso)%pow10Int(len(name)), len(name))
	case "IW":
		return num(int64(week), 2)
	case "ID":
		return strconv.FormatInt((weekday+6)%7+1, 10)
	case "MM":
		return num(int64(m.month), 2)
	case "MONTH":
		return padName(matchCase(time.Month(m.month).String(), like), fill)
	case "MON":
		return matchCase(time.Month(m.month).String()[:3], like)
	case "DAY":
		return padName(matchCase(time.Weekday(weekday).String(), like), fill)
	case "DY":
		return matchCase(time.Weekday(weekday).String()[:3], like)
	case "DDD":
		return num(dayOfYear, 3)
	case "DD":
		return num(int64(m.day), 2)
	case "D":
		return strconv.FormatInt(weekday+1, 10)
	case "WW":
		return num((dayOfYear-1)/7+1, 2)
	case "W":
		return strconv.Itoa((m.day-1)/7 + 1)
	case "CC":
		return num((year+99)/100, 2)
	case "J":
		return strconv.FormatInt(m.days+2440588, 10)
	case "Q":
		return strconv.Itoa((m.month-1)/3 + 1)
	case "RM":
		roman := matchCase([]string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}[(m.month+11)%12], like)
		if fill {
			return roman
		}
		return fmt.Sprintf("%-4s", roman)
	case "BC", "AD", "B.C.", "A.D.":
		text := "AD"
		if m.year <= 0 {
			text = "BC"
		}
		if strings.Contains(like, ".") {
			text = text[:1] + "." + text[1:] + "."
		}
		return matchCase(text, like)
	}
	return like
}

func pow10Int(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// matchCase gives name the case of the pattern: MONTH, Month, month.
func matchCase(name, like string) string {
	switch {
	case like == strings.ToLower(like):
		return strings.ToLower(name)
	case len(like) > 1 && like[1] >= 'a' && like[1] <= 'z':
		return name[:1] + strings.ToLower(name[1:])
	}
	return strings.ToUpper(name)
}

// padName pads names of months and days to the longest one.
func padName(name string, fill bool) string {
	if fill {
		return name
	}
	return fmt.Sprintf("%-9s", name)
}

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
				_, k = literalText(pattern[i:])
				rest = rest[min(len(rest), k-2):]
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
