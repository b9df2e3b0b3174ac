package expr

import (
	"strings"
)

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
