package console

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// registry has the metrics of a process: what the source says, the Go runtime and the
// operating system's view of the process.
func registry(s Source) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &collector{source: s})
	return r
}

// collector asks a source when it is scraped.
type collector struct{ source Source }

func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("skein_"+name, help, labels, nil)
}

// The metrics, by name.
var (
	queriesEnded = metric("queries_ended_total", "Queries that have ended on this coordinator.", "state")
	queriesNow   = metric("queries", "Queries that wait and run on this coordinator.", "state")
	tasksNow     = metric("tasks", "Tasks of the queries that run: all, and those that are sealed.", "state")
	workersLost  = metric("query_workers_lost", "Workers that queries which run have lost.")
	members      = metric("members", "Processes of the cluster, as this one knows them.", "state")
	memoryUsed   = metric("memory_used_bytes", "Memory that accounts hold.")
	memoryPeak   = metric("memory_peak_bytes", "The most memory that accounts have held at once.")
	memoryLimit  = metric("memory_limit_bytes", "The bound of the memory that accounts share.")
	columnsKept  = metric("column_cache_bytes", "Memory of decoded columns that are kept between queries.")
	s3Requests   = metric("s3_requests_total", "Requests to S3, each attempt by itself.")
	s3Bytes      = metric("s3_received_bytes_total", "Bytes that S3 has answered.")
	s3Retries    = metric("s3_retries_total", "Requests to S3 that were made because the one before had failed.")
	s3Errors     = metric("s3_errors_total", "Requests to S3 that were refused, broke off or got no answer.")
	ready        = metric("ready", "1 when the process is ready.")
)

// Describe gives nothing: what there is depends on the source.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect gives the metrics as they are now.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	p := c.source.Process()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, n int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	for state, n := range p.Ended {
		counter(queriesEnded, n, state)
	}
	counter(s3Requests, p.S3.Requests)
	counter(s3Bytes, p.S3.Bytes)
	counter(s3Retries, p.S3.Retries)
	counter(s3Errors, p.S3.Errors)
	counts, tasks, done, lost := map[string]float64{"queued": 0, "running": 0}, 0, 0, 0
	for _, q := range c.source.Queries() {
		if _, live := counts[q.State]; live {
			counts[q.State]++
			tasks, done, lost = tasks+q.Tasks, done+q.Done, lost+q.Lost
		}
	}
	for state, n := range counts {
		gauge(queriesNow, n, state)
	}
	gauge(tasksNow, float64(tasks), "all")
	gauge(tasksNow, float64(done), "sealed")
	gauge(workersLost, float64(lost))
	states := map[string]float64{}
	for _, m := range c.source.Members() {
		states[m.State]++
	}
	for state, n := range states {
		gauge(members, n, state)
	}
	gauge(memoryUsed, float64(p.UsedBytes))
	gauge(memoryPeak, float64(p.PeakBytes))
	gauge(memoryLimit, float64(p.LimitBytes))
	gauge(columnsKept, float64(p.ColumnBytes))
	is := 0.0
	if p.Ready {
		is = 1
	}
	gauge(ready, is)
}
