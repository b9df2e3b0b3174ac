// Package coordinator runs queries: it places their fragments on workers, follows
// their tasks, and tells the reader of the result how it ended.
//
// What to do is decided by a pure state machine (query.go): Step takes an event and
// gives effects, and knows neither time nor network. actor.go is its shell.
//
// Invariants:
//
//  1. A fragment starts when every fragment that feeds it has sealed all its pieces.
//  2. Every query ends exactly once: with all rows delivered, when nothing of it runs
//     any more; or with an error that its reader sees, and every worker with a part
//     of it is told to stop. It waits for no answer to that.
//  3. Messages of runs or queries that are over change nothing.
//  4. An edge is freed when the fragment that reads it is done.
//  5. What a lost worker had is run again elsewhere, if somebody still needs it; a query
//     ends when it has no worker left, or cannot be repeated and has delivered rows.
//
// It must not know workers' insides, SQL or Flight.
// Reading order: query.go, schedule.go, loss.go; actor.go, fetch.go, load.go, admit.go,
// registry.go; place/place.go.
package coordinator
