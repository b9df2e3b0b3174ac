// Package exec runs fragments: operators that pull batches from each other.
//
// The contract is three verbs (operator.go). Build turns a plan into running
// operators with one switch; every operator is one file.
//
// How a plan runs in parallel. The N instances of a fragment in a worker are N
// operator trees built from the same plan, one goroutine each, all running the
// same program. What they share hangs on their Group: the queue of morsels a scan
// takes from, the table a join builds, the groups an aggregate merges. A breaker
// (join build, aggregate, sort) lets every instance consume its own input into
// state of its own, waits until all instances have arrived (Barrier), merges, and
// every instance goes on with a part of the result.
//
// Invariants:
//
//  1. Next hands ownership of the batch to the caller. A batch has at least one
//     row unless the operator has a reason; an empty batch does not end the stream,
//     io.EOF does. After io.EOF or an error Next is not called again.
//  2. Close is idempotent, safe before the first Next and after a failure, closes
//     the inputs and joins every goroutine the operator started.
//  3. An operator that stops pulling early closes its input at once: only so do
//     the siblings learn that this instance will not arrive at their barriers.
//  4. All instances meet the barriers of their breakers in the same order, and none
//     between two batches of one input: Next may wait until another instance has
//     taken rows (sort).
//  5. An operator asks its Account before it grows and gives back in Close.
//
// The package knows no storage, no network and no actor: leaves come from Env.
// Reading order: operator.go, env.go, group.go, build.go, filter.go, then any
// operator.
package exec
