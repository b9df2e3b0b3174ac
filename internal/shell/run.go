package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/skein-query/skein/internal/client"
)

// run executes a statement and prints its result.
func (s *Shell) run(ctx context.Context, text string) error {
	return s.ask(ctx, text, func(ctx context.Context) (*client.Rows, error) { return s.Client.Query(ctx, text) })
}

// RunPlan executes a Substrait plan, in protobuf or JSON, and prints its result.
func (s *Shell) RunPlan(ctx context.Context, plan []byte) error {
	return s.ask(ctx, "", func(ctx context.Context) (*client.Rows, error) { return s.Client.QueryPlan(ctx, plan) })
}

// Plan is the Substrait plan of a query for others, in JSON.
func (s *Shell) Plan(ctx context.Context, query string) ([]byte, error) {
	text := "explain (format substrait) " + query
	var out []byte
	rows, err := s.Client.Query(ctx, text)
	if err != nil {
		return nil, &Error{err, text}
	}
	defer rows.Close()
	for batch, err := range rows.Batches() {
		if err != nil {
			return nil, &Error{err, text}
		}
		for i := range int(batch.NumRows()) {
			out = append(append(out, batch.Column(0).ValueStr(i)...), '\n')
		}
		batch.Release()
	}
	return out, nil
}

// ask executes what query sends, which text stands for in errors.
func (s *Shell) ask(ctx context.Context, text string, query func(context.Context) (*client.Rows, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer s.onInterrupt(cancel)()
	started := time.Now()
	p := s.startProgress(started)
	err := s.execute(ctx, query, p)
	p.stop()
	if err != nil {
		return &Error{err, text}
	}
	if s.Timing {
		fmt.Fprintf(s.Err, "Time: %.3f ms\n", float64(time.Since(started).Microseconds())/1000)
	}
	return nil
}

func (s *Shell) execute(ctx context.Context, query func(context.Context) (*client.Rows, error), p *progress) error {
	rows, err := query(ctx)
	if err != nil {
		return err
	}
	defer rows.Close()
	if warnings := rows.Warnings(); len(warnings) > 0 {
		p.stop()
		for _, line := range warnings {
			fmt.Fprintf(s.Err, "WARNING: %s\n", line)
		}
	}
	if rows.Schema().NumFields() == 0 {
		return s.finishUpdate(rows, p)
	}
	f, err := s.newFormatter(rows.Schema(), p)
	if err != nil {
		return err
	}
	for batch, err := range rows.Batches() {
		if err != nil {
			return errors.Join(err, f.abandon())
		}
		p.add(batch.NumRows())
		err = f.write(batch)
		batch.Release()
		if err != nil {
			return err
		}
	}
	return f.close()
}

// finishUpdate reads a statement without rows to its end and says what it did.
func (s *Shell) finishUpdate(rows *client.Rows, p *progress) error {
	for batch, err := range rows.Batches() {
		if err != nil {
			return err
		}
		batch.Release()
	}
	p.stop()
	if s.Format != FormatTable {
		return nil
	}
	if n := rows.Affected(); n >= 0 {
		_, err := fmt.Fprintf(s.Out, "OK, %d %s\n", n, plural(n, "row"))
		return err
	}
	_, err := fmt.Fprintln(s.Out, "OK")
	return err
}

func plural(n int64, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// onInterrupt calls cancel when the user interrupts, until stop is called.
func (s *Shell) onInterrupt(cancel func()) (stop func()) {
	if s.Interrupts == nil {
		return func() {}
	}
	for { // interrupts from before the statement are not meant for it
		select {
		case <-s.Interrupts:
			continue
		default:
		}
		break
	}
	done := make(chan struct{})
	go func() { // ends with stop
		select {
		case <-s.Interrupts:
			cancel()
		case <-done:
		}
	}()
	return func() { close(done) }
}

// progress shows on a terminal that a statement still runs, from its first second
// until it prints something.
type progress struct {
	out     io.Writer
	started time.Time

	mu    sync.Mutex
	rows  int64
	shown bool
	done  chan struct{} // nil when stopped
}

func (s *Shell) startProgress(started time.Time) *progress {
	p := &progress{out: s.Err, started: started}
	if !s.Progress {
		return p
	}
	done := make(chan struct{})
	p.done = done
	go func() { // ends with stop
		const every = 500 * time.Millisecond
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.show()
			case <-done:
				return
			}
		}
	}()
	return p
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := time.Since(p.started)
	if p.done == nil || elapsed < time.Second {
		return
	}
	fmt.Fprintf(p.out, "\r\x1b[Krunning for %.1f s, %d rows so far (Ctrl-C cancels)", elapsed.Seconds(), p.rows)
	p.shown = true
}

func (p *progress) add(rows int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows += rows
}

// stop takes the line away; idempotent.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done == nil {
		return
	}
	close(p.done)
	p.done = nil
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
