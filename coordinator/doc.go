// Package coordinator runs queries: it places their fragments on workers, follows
// their tasks, and tells the reader of the result how it ended.
//
// What to do is decided by a pure state machine (query.go): Step takes an event and
// gives effects, and knows neither time nor network. actor.go is its shell.
//
// Invariants:
//
//  1. A fragment starts when every fragment that feeds it has sealed all its pieces.
//  2. Every query ends exactly once: with all rows delivered, or with an error that
//     its reader sees; in both cases every worker that ran a part of it is told.
//  3. Messages of tasks or attempts that are over change nothing.
//
// It must not know workers' insides, SQL or Flight.
// Reading order: query.go, actor.go, place/place.go.
package coordinator
