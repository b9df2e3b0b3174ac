package shell

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/skein-query/skein/planner/sql"
)

// splitter cuts a text into statements, which end with a semicolon, and backslash
// commands, which are lines of their own between statements.
type splitter struct {
	lines   *bufio.Reader
	pending strings.Builder // lines of an unfinished statement
	ready   []string
	end     bool
}

func newSplitter(r io.Reader) *splitter { return &splitter{lines: bufio.NewReader(r)} }

// next gives the next statement or command; io.EOF ends. What stands after the
// last semicolon is a statement too.
func (s *splitter) next() (string, error) {
	for {
		if len(s.ready) > 0 {
			piece := s.ready[0]
			s.ready = s.ready[1:]
			return piece, nil
		}
		if s.end {
			rest := s.pending.String()
			s.pending.Reset()
			if isEmpty(rest) {
				return "", io.EOF
			}
			return rest, nil
		}
		line, err := s.lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			s.end = true
		} else if err != nil {
			return "", err
		}
		s.add(line)
	}
}

// add takes one line. Only a line with a semicolon can end a statement, and only
// then is the text looked at, so that a long statement is not read again for
// each of its lines.
func (s *splitter) add(line string) {
	if isCommand(line) && isEmpty(s.pending.String()) {
		s.pending.Reset()
		s.ready = append(s.ready, strings.TrimSpace(line))
		return
	}
	s.pending.WriteString(line)
	if strings.IndexByte(line, ';') < 0 {
		return
	}
	var rest string
	s.ready, rest = cutStatements(s.pending.String())
	s.pending.Reset()
	if isCommand(rest) { // on the line of a statement's end
		s.ready = append(s.ready, strings.TrimSpace(rest))
		return
	}
	s.pending.WriteString(rest)
}

// cutStatements gives the statements of a text that end with a semicolon, and what
// stands after the last.
func cutStatements(text string) (statements []string, rest string) {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], ';')
		if i < 0 {
			return statements, text
		}
		from += i + 1
		if !sql.Complete(text[:from]) {
			continue
		}
		if piece := strings.TrimSpace(text[:from]); piece != ";" {
			statements = append(statements, piece)
		}
		text, from = text[from:], 0
	}
}

// isCommand reports whether a line is a backslash command.
func isCommand(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), `\`) }

// isEmpty reports whether a text has nothing to run: blanks, line comments and
// semicolons.
func isEmpty(text string) bool {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "--")
		if strings.Trim(line, "; \t\r\n\f\v") != "" {
			return false
		}
	}
	return true
}
