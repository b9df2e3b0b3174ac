// Package console shows a process of Skein to people and to programs that watch it: a
// web page of queries, plans and members, Prometheus metrics, and whether the process
// lives and is ready.
//
// Invariants:
//
//  1. It only looks: nothing that it offers changes anything.
//  2. The page loads nothing from elsewhere, and writes what it shows as text, never as
//     markup: a query's text may be anything.
//
// It must not know coordinators, workers or plans: whoever wires it gives it a Source.
// Reading order: source.go, handler.go, metrics.go, page/.
package console
