package flight

import (
	"context"
	"net/url"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// What a client is told that is no error stands in the metadata of the result's schema,
// under WarningKey, where every client can read it, and in a trailer of the call that
// executed the statement, escaped as in a URL path. There may be several lines.
const (
	WarningKey     = "skein:warning"
	WarningTrailer = "skein-warning"
)

// notes are what a client is told of one statement.
type notes struct {
	mu    sync.Mutex
	lines []string
}

type notesKey struct{}

func (n *notes) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

// maxNotes bounds the lines that one statement is told.
const maxNotes = 10

// Warn tells the client something about the statement that is executed with ctx.
// Outside of one it does nothing.
func Warn(ctx context.Context, line string) {
	n, ok := ctx.Value(notesKey{}).(*notes)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.lines) < maxNotes {
		n.lines = append(n.lines, cut(line))
		_ = grpc.SetTrailer(ctx, metadata.Pairs(WarningTrailer, url.PathEscape(cut(line)))) // fails only when the call is over
	}
}
