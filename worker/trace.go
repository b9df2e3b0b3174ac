package worker

import (
	"fmt"
	"strings"

	"github.com/skein-query/skein/internal/trace"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/physical"
)

// begin begins the span of a run; nil when its query is not traced.
func (w *Worker) begin(m *wire.Run) *trace.Span {
	if m.Options.Trace == "" {
		return nil
	}
	span := w.res.Trace.Begin(m.Options.Trace, "fragment")
	span.Text("skein.query", m.Query)
	span.Text("skein.worker", w.Name)
	span.Int("skein.fragment", int64(m.Fragment))
	span.Int("skein.attempt", int64(m.Attempt))
	span.Int("skein.tasks", int64(len(m.Tasks)))
	return span
}

// end ends the span of a run: with an event for each operator of its plan where this run
// alone was measured.
func end(span *trace.Span, r *run, stats wire.Stats, err error) {
	if !span.Recording() {
		return
	}
	span.Int("skein.memory_bytes", stats.PeakBytes)
	if p := r.message.Options.Profile; p != nil && err == nil && (r.message.Whole || r.message.Options.Measure) {
		physical.Walk(r.plan, func(n physical.Node) bool {
			c := p.Node(n)
			span.Event(operator(n), trace.Number{Key: "rows", Value: c.Rows.Load()}, trace.Number{Key: "batches", Value: c.Batches.Load()},
				trace.Number{Key: "time_us", Value: c.Nanos.Load() / 1000}, trace.Number{Key: "memory_bytes", Value: c.PeakBytes()},
				trace.Number{Key: "spilled_bytes", Value: c.Spill.Bytes.Load()}, trace.Number{Key: "requests", Value: c.Scan.Requests.Load()},
				trace.Number{Key: "fetched_bytes", Value: c.Scan.Fetched.Load()})
			return true
		})
	}
	span.Fail(err)
	span.End()
}

// operator is the kind of a plan's node, of a scan with its table.
func operator(n physical.Node) string {
	if s, ok := n.(*physical.Scan); ok {
		return "Scan " + s.Table
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", n), "*physical.")
}
