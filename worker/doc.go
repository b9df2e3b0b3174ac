// Package worker runs fragments: it takes Run messages, shares their tasks among
// its threads and reports their end.
//
// Invariants:
//
//  1. The actor's Receive never blocks: work runs in goroutines of one run, which
//     end before the run reports Done or Failed.
//  2. Panics are recovered in one place, what works on a plan in a run (task.go), and
//     become errors that say they are bugs.
//  3. One memory account per query: it pays for the runs and for what they leave in
//     edges and in the result, and is closed when the query is and no run is left.
//  4. A run that was stopped reports nothing but that it has stopped.
//  5. What it has of another process's query is freed when that says so, or is gone.
//
// It adapts storage and exchange to what package exec declares (scan.go,
// receive.go). It must not know the coordinator.
// Reading order: actor.go, run.go, instances.go, account.go, task.go, fragment.go, divide.go, scan.go,
// receive.go, send.go, building.go, keeper.go.
package worker
