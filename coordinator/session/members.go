package session

import (
	"context"
	"strings"
	"time"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/planner/expr"
)

// Member is a process of the cluster as information_schema.skein_members shows it.
type Member struct {
	Name                            string
	PID                             int
	Roles                           string // separated by commas
	Flight, Gossip, Actor, Exchange string // addresses, host:port
	Threads                         int
	Version                         string
	State                           string
}

// memberRows are who is in the cluster, what this coordinator has given each to do, and what
// each has said of itself: threads that are busy, memory, row groups that it keeps decoded.
func (s *Statements) memberRows() [][]expr.Value {
	out := [][]expr.Value{}
	if s.Members == nil {
		return out
	}
	loads := s.Coordinator.Loads(context.Background())
	for _, m := range s.Members() {
		load := loads[m.Name]
		row := append(texts(m.Name), expr.Int(int64(m.PID)))
		row = append(row, texts(m.Roles, m.Flight, m.Gossip, m.Actor, m.Exchange)...)
		row = append(row, expr.Int(int64(m.Threads)))
		row = append(row, texts(m.Version, m.State)...)
		row = append(row, expr.Int(int64(load.Runs)), expr.Int(int64(load.Tasks)))
		if s := load.State; s != nil {
			row = append(row, expr.Float(s.Busy), expr.Int(s.FreeBytes), expr.Int(int64(s.Held())))
		} else {
			row = append(row, expr.Null, expr.Null, expr.Null)
		}
		out = append(out, row)
	}
	return out
}

func (s *Statements) showMembers(session *flight.Session) flight.Prepared {
	return &rows{statements: s, session: session, fields: systemColumns()["information_schema.skein_members"], make: func(context.Context, []expr.Value) ([][]expr.Value, error) {
		return s.memberRows(), nil
	}}
}

// queryRows are the queries of this coordinator: those that wait and run, and the last
// ones that have ended.
func (s *Statements) queryRows() [][]expr.Value {
	out := [][]expr.Value{}
	now := time.Now()
	for _, q := range s.Coordinator.Queries() {
		if s.seer != nil && q.User != s.seer.User() { // one's own, and an administrator all
			continue
		}
		if q.Text == "" { // SHOW QUERIES itself, and its like
			continue
		}
		row := append(texts(q.ID, q.User, string(q.State)), expr.Float(q.Running(now).Seconds()))
		for _, n := range []int{q.Tasks, q.Done, q.Runs, q.Lost} {
			row = append(row, expr.Int(int64(n)))
		}
		row = append(row, expr.Str(strings.Join(q.Workers, ",")))
		if q.Err != nil {
			row = append(row, expr.Str(q.Err.Error()))
		} else {
			row = append(row, expr.Null)
		}
		out = append(out, append(row, expr.Str(q.Text)))
	}
	return out
}

func (s *Statements) showQueries(session *flight.Session) flight.Prepared {
	return &rows{statements: s, session: session, fields: systemColumns()["information_schema.skein_queries"], make: func(context.Context, []expr.Value) ([][]expr.Value, error) {
		return s.as(session).queryRows(), nil
	}}
}
