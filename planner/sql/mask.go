package sql

import (
	"errors"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

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

// concealed is an error about a text that may have a password in it, without what it
// quotes of it: errors are kept in traces. Where it is, its span says.
func concealed(err error, text string) error {
	e, ok := errors.AsType[*sqlerr.Error](err)
	if !ok || !strings.Contains(strings.ToLower(text), "password") {
		return err
	}
	if e.Code != sqlerr.SyntaxError {
		return err
	}
	first, last := strings.IndexByte(e.Msg, '"'), strings.LastIndexByte(e.Msg, '"')
	if first < 0 { // it quotes nothing
		return err
	}
	out := *e
	out.Msg = e.Msg[:first] + `"…"` + e.Msg[last+1:]
	return &out
}
