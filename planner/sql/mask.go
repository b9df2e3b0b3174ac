package sql

import "strings"

// Masked is a statement without what users keep to themselves: its constants are "?",
// and its comments are gone. It is empty for a text that cannot be cut into tokens.
func Masked(text string) string {
	tokens, err := scan(text)
	if err != nil {
		return ""
	}
	var b strings.Builder
	end := int32(0)
	for _, t := range tokens {
		if t.start > end && b.Len() > 0 {
			b.WriteByte(' ')
		}
		end = t.end
		switch t.kind {
		case tokenString, tokenNumber:
			b.WriteByte('?')
		case tokenComment:
		default:
			b.WriteString(text[t.start:t.end])
		}
	}
	return strings.TrimSpace(b.String())
}
