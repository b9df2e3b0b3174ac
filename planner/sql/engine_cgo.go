//go:build cgo

package sql

import (
	"errors"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"
)

// Warm makes the grammar ready in the background; the channel closes when it is.
// With cgo it always is.
func Warm() <-chan struct{} {
	ready := make(chan struct{})
	close(ready)
	return ready
}

// parseTree runs PostgreSQL's grammar over text, which the guard has let pass.
func parseTree(text string) (*pg.ParseResult, error) {
	tree, err := pg.Parse(text)
	if e, ok := errors.AsType[*parser.Error](err); ok {
		return nil, &grammarError{message: e.Message, cursor: e.Cursorpos}
	}
	return tree, err
}
