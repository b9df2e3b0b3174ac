package node

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/internal/console"
	"github.com/skein-query/skein/planner/physical"
)

// serveHTTP opens the console's port.
func (s *Server) serveHTTP() error {
	l, err := net.Listen("tcp", s.config.HTTP)
	if err != nil {
		return err
	}
	s.httpListener = l
	s.http = &http.Server{Handler: s.forAdmins(console.Handler(shown{s})), ReadHeaderTimeout: 5 * time.Second}
	s.following.Go(func() { _ = s.http.Serve(l) }) // ends with Close, and then has an error to say so
	return nil
}

// HTTPAddr is the address of the console; empty when there is none.
func (s *Server) HTTPAddr() string {
	if s.httpListener == nil {
		return ""
	}
	return s.httpListener.Addr().String()
}

func (s *Server) closeHTTP() {
	if s.http == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close() // somebody reads for long
	}
}

// shown is what the console shows of a server.
type shown struct{ server *Server }

// Process is what the server says of itself.
func (v shown) Process() console.Process {
	s := v.server
	if !s.serving.Load() { // what it is made of is not all there yet
		return console.Process{Name: alone, Version: s.config.Version, Why: "it starts"}
	}
	p := console.Process{Name: alone, Version: s.config.Version, UsedBytes: s.ledger.UsedBytes(), PeakBytes: s.ledger.PeakBytes(),
		LimitBytes: max(0, s.ledger.LimitBytes()), Ended: map[string]int64{}}
	if s.config.Cluster != nil {
		p.Name = s.config.Cluster.Name
	}
	p.S3 = console.Traffic{Requests: s.s3.Requests.Load(), Bytes: s.s3.Bytes.Load(), Retries: s.s3.Retries.Load(), Errors: s.s3.Errors.Load()}
	if s.columns != nil {
		p.ColumnBytes = s.columns.UsedBytes()
	}
	if s.coord != nil {
		for state, n := range s.coord.Counts() {
			p.Ended[string(state)] = n
		}
	}
	switch {
	case s.draining.Load():
		p.Why = "it drains"
	case s.coord != nil && s.coord.Workers() == 0:
		p.Why = "no worker is known"
	default:
		p.Ready = true
	}
	return p
}

// Members are those that SHOW MEMBERS shows.
func (v shown) Members() []console.Member {
	out := []console.Member{}
	if !v.server.serving.Load() {
		return out
	}
	var loads map[string]coordinator.Load
	if v.server.coord != nil {
		loads = v.server.coord.Loads(context.Background())
	}
	for _, m := range v.server.members() {
		out = append(out, console.Member{Name: m.Name, Roles: m.Roles, Flight: m.Flight, Threads: m.Threads, Version: m.Version, State: m.State,
			Runs: loads[m.Name].Runs, Tasks: loads[m.Name].Tasks})
	}
	return out
}

// Queries are those of this coordinator that have a text.
func (v shown) Queries() []console.Query {
	out := []console.Query{}
	if !v.server.serving.Load() || v.server.coord == nil {
		return out
	}
	now := time.Now()
	for _, q := range v.server.coord.Queries() {
		if q.Text == "" {
			continue
		}
		c := console.Query{ID: q.ID, User: q.User, Text: q.Text, State: string(q.State), Created: q.Created, Seconds: q.Running(now).Seconds(),
			Tasks: q.Tasks, Done: q.Done, Runs: q.Runs, Lost: q.Lost}
		if q.Err != nil {
			c.Error = q.Err.Error()
		}
		out = append(out, c)
	}
	return out
}

// Plan is how a query that has not been forgotten runs.
func (v shown) Plan(query string) (console.Plan, bool) {
	p := console.Plan{Fragments: []console.Fragment{}}
	if !v.server.serving.Load() || v.server.coord == nil {
		return p, false
	}
	q, ok := v.server.coord.Info(query)
	if !ok || q.Plan == nil {
		return p, ok
	}
	for i, f := range q.Plan.Fragments {
		shown := console.Fragment{ID: f.ID, Inputs: []int{}, Text: physical.FormatWith(f.Root, func(physical.Node) string { return "" })}
		for _, e := range f.Inputs {
			shown.Inputs = append(shown.Inputs, q.Plan.Edges[e].From)
		}
		if i < len(q.Fragments) {
			shown.Tasks, shown.Done = q.Fragments[i].Tasks, q.Fragments[i].Done
		}
		p.Fragments = append(p.Fragments, shown)
	}
	return p, true
}
