package expr

import (
	"strings"
	"time"
	_ "time/tzdata" // zones are the same on every machine
)

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
	if lower == "local" || len(lower) > 64 || strings.Trim(lower, "abcdefghijklmnopqrstuvwxyz0123456789_+-/") != "" {
		return nil // no name of a file that could hold a zone
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
