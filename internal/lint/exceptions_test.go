package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// exceptions are what is allowed to break a rule.
type exceptions struct {
	used map[string]bool // "kind subject" → it was needed
}

// parseExceptions reads lines of "kind subject: reason".
func parseExceptions(text string) (*exceptions, error) {
	x := &exceptions{used: map[string]bool{}}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		subject, reason, _ := strings.Cut(line, ": ")
		if len(strings.Fields(subject)) != 2 || len(strings.Fields(reason)) < 3 {
			return nil, fmt.Errorf("exceptions.txt:%d: want \"kind subject: reason\", a reason of some words", i+1)
		}
		x.used[strings.Join(strings.Fields(subject), " ")] = false
	}
	return x, nil
}

// allows reports whether the subject is excepted.
func (x *exceptions) allows(kind, subject string) bool {
	key := kind + " " + subject
	if _, ok := x.used[key]; !ok {
		return false
	}
	x.used[key] = true
	return true
}

// unused are exceptions that nothing needs.
func (x *exceptions) unused() []string {
	var faults []string
	for _, key := range slices.Sorted(maps.Keys(x.used)) {
		if !x.used[key] {
			faults = append(faults, fmt.Sprintf("internal/lint/exceptions.txt: %q is not needed any more; delete it", key))
		}
	}
	return faults
}

// otherwise says how to except a subject.
func otherwise(kind, subject string) string {
	return fmt.Sprintf("; if there is a good reason, say it in internal/lint/exceptions.txt: \"%s %s: REASON\"", kind, subject)
}
