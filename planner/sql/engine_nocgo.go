//go:build !cgo

package sql

import (
	"errors"
	"fmt"
	"sync"

	pg "github.com/pganalyze/pg_query_go/v6"
	wasm "github.com/wasilibs/go-pgquery"
	"github.com/wasilibs/go-pgquery/parser"
)

// wasmTurn lets one text at a time through the WebAssembly build: the library
// keeps a pool of instances and compiles the grammar anew (about a second) for
// each one it lacks, while a parse takes 0.2 ms. The one mutable variable of the
// package; it guards the library's own global pool.
var wasmTurn sync.Mutex

// Warm compiles the grammar in the background, which the first Parse would wait
// for otherwise; the channel closes when it is ready. The goroutine ends by
// itself after one parse and belongs to nobody.
func Warm() <-chan struct{} {
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		_, _ = parseTree("select 1") // an error here is every later Parse's too
	}()
	return ready
}

// parseTree runs PostgreSQL's grammar over text, which the guard has let pass.
//
// A text near the guard's limit of depth leaves the instance's stack grown, and
// PostgreSQL's setjmp, which WebAssembly gets by copying that stack, makes each
// later parse cost about 2 ms in place of 0.15. A fresh instance would cost a
// second, so the grown one stays.
func parseTree(text string) (tree *pg.ParseResult, err error) {
	wasmTurn.Lock()
	defer wasmTurn.Unlock()
	defer func() {
		if p := recover(); p != nil {
			tree, err = nil, fmt.Errorf("parser: %v", p)
			dropInstances()
		}
	}()
	tree, err = wasm.Parse(text)
	if e, ok := errors.AsType[*parser.Error](err); ok {
		return nil, &grammarError{message: e.Message, cursor: e.Cursorpos}
	}
	return tree, err
}
