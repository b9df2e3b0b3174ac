// Package session is what a client's statements mean: it implements what the
// Flight SQL server calls, by the planner, the catalog and the coordinator.
//
// A query is described at Prepare and planned at Execute, with its parameters as
// constants and over the files as they are at that moment. Everything that has an
// effect (DDL, SET) has had it when Execute returns.
//
// Reading order: statements.go, query.go, effect.go, show.go, explain.go,
// lookup.go (tables for the planner), information_schema.go, option.go.
package session
