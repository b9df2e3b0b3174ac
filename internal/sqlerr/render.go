package sqlerr

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxLine bounds the excerpt of a long line, in runes.
const maxLine = 120

// Render draws err for a terminal: message and code, the line of text with a
// caret under the span, the hint. The text is the statement the span counts in.
//
//	ERROR 42703: column "o_orderkee" does not exist
//	LINE 1: select o_orderkee from orders
//	               ^^^^^^^^^^
//	HINT: Did you mean "o_orderkey"?
func Render(err error, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ERROR %s: %s", CodeOf(err), err.Error())
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return b.String()
	}
	if caret := Caret(text, e.Span); caret != "" {
		b.WriteString("\n" + caret)
	}
	if e.Hint != "" {
		b.WriteString("\nHINT: " + e.Hint)
	}
	return b.String()
}

// Caret gives the line that holds the span and a second line with carets under
// it, or "" when the span names no place in the text. A long line is cut around
// the span.
func Caret(text string, span Span) string {
	if span.IsZero() || int(span.Start) >= len(text) {
		return ""
	}
	start, end := int(span.Start), min(int(span.End), len(text))
	lineStart := strings.LastIndexByte(text[:start], '\n') + 1
	lineEnd := len(text)
	if i := strings.IndexByte(text[start:], '\n'); i >= 0 {
		lineEnd = start + i
	}
	end = min(end, lineEnd)
	before := []rune(strings.ReplaceAll(text[lineStart:start], "\t", " "))
	marked := max(1, utf8.RuneCountInString(text[start:max(start, end)]))
	line := []rune(strings.ReplaceAll(text[lineStart:lineEnd], "\t", " "))
	from := 0
	if len(line) > maxLine && len(before) > maxLine/2 {
		from = len(before) - maxLine/2
	}
	to := min(len(line), from+maxLine)
	marked = min(marked, max(1, to-len(before)))
	prefix := fmt.Sprintf("LINE %d: ", 1+strings.Count(text[:lineStart], "\n"))
	pad := len(prefix) + len(before) - from
	excerpt := string(line[from:to])
	if from > 0 {
		excerpt, pad = "..."+excerpt, pad+3
	}
	if to < len(line) {
		excerpt += "..."
	}
	return prefix + excerpt + "\n" + strings.Repeat(" ", pad) + strings.Repeat("^", marked)
}
