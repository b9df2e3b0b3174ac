package shell

import (
	"context"
	"errors"
	"io"

	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/sqlerr"
)

// Shell runs statements on a server.
type Shell struct {
	Client   *client.Client
	Out      io.Writer
	Err      io.Writer
	Format   string // one of Formats
	Expanded bool   // table: one line for each column (\x)
	Timing   bool   // print how long each statement took (\timing)
	Progress bool   // show on Err that a statement still runs
	// Interrupts gives a value for each interrupt of the user; nil: only the context
	// ends a statement.
	Interrupts <-chan struct{}

	names namesCache // for completion
}

// Error is a failed statement, drawn with a caret.
type Error struct {
	err  error
	text string
}

// Error is the drawing of sqlerr.Render.
func (e *Error) Error() string { return sqlerr.Render(e.err, e.text) }

// Unwrap gives what failed.
func (e *Error) Unwrap() error { return e.err }

// errQuit ends a script or the interactive shell.
var errQuit = errors.New("quit")

// RunScript runs the statements and backslash commands of a text one after another
// and stops at the first error.
func (s *Shell) RunScript(ctx context.Context, r io.Reader) error {
	pieces := newSplitter(r)
	for {
		piece, err := pieces.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.RunPiece(ctx, piece)
		}
		if errors.Is(err, errQuit) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// RunPiece runs one statement or one backslash command.
func (s *Shell) RunPiece(ctx context.Context, piece string) error {
	if isCommand(piece) {
		err := s.command(ctx, piece)
		if _, drawn := errors.AsType[*Error](err); err == nil || drawn || errors.Is(err, errQuit) {
			return err
		}
		return &Error{err: err}
	}
	if isEmpty(piece) {
		return nil
	}
	return s.run(ctx, piece)
}
