package eval

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skein-query/skein/exec/vector"
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
