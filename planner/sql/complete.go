package sql

// Complete reports whether text ends in a statement with its semicolon: what a
// shell waits for. A semicolon in a literal, a comment or open parentheses ends
// nothing. Text that Parse would refuse for its size is complete.
func Complete(text string) bool {
	if checkText(text) != nil {
		return true
	}
	tokens, err := scan(text)
	if err != nil {
		return true
	}
	depth, ended := 0, false
	for _, t := range tokens {
		ended = false
		if t.open {
			return false
		}
		if t.kind != tokenPunct {
			continue
		}
		switch text[t.start] {
		case '(':
			depth++
		case ')':
			depth = max(0, depth-1)
		case ';':
			ended = depth == 0
		}
	}
	return ended
}
