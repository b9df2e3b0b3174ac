package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/reeflective/readline"

	"github.com/skein-query/skein/planner/sql"
)

// Interactive reads statements from the terminal until the user quits. Errors are
// printed and end nothing.
func (s *Shell) Interactive(ctx context.Context) error {
	editor := s.newEditor()
	fmt.Fprintln(s.Err, `Type SQL ending in a semicolon, \? for help, \q to quit.`)
	ctx, cancel := context.WithCancel(ctx)
	listed := s.listNames(ctx)
	defer func() { cancel(); <-listed }()
	for ctx.Err() == nil {
		line, err := editor.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if done := s.line(ctx, line); done {
			return nil
		}
		if changesNames(line) {
			<-listed
			listed = s.listNames(ctx)
		}
	}
	return nil
}

// line runs what was typed up to an accepted Enter.
func (s *Shell) line(ctx context.Context, line string) (quit bool) {
	switch strings.ToLower(strings.TrimRight(strings.TrimSpace(line), ";")) {
	case "quit", "exit":
		return true
	case "help":
		line = `\?`
	}
	err := s.RunScript(ctx, strings.NewReader(line))
	if err != nil {
		fmt.Fprintln(s.Err, err)
	}
	// RunScript takes \q for the end of a script: here it ends the shell.
	return isCommand(line) && (strings.HasPrefix(strings.TrimSpace(line), `\q`))
}

// changesNames reports whether a statement may have made or dropped a table.
func changesNames(line string) bool {
	word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(line)), " ")
	return word == "create" || word == "drop" || word == "alter"
}

// listNames fetches the names for completion; the channel is closed at its end.
func (s *Shell) listNames(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() { // ends with the listing or its context
		defer close(done)
		_, _ = s.tables(ctx) // without them there are only keywords to complete
	}()
	return done
}

// accepts reports whether Enter runs the text instead of beginning a new line.
func accepts(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "quit", "exit", "help":
		return true
	}
	return isEmpty(text) || isCommand(text) || sql.Complete(text)
}
