// Package exchange moves batches between the fragments of a query, and from the
// last fragment to the client.
//
// An edge is a log of pieces for each consumer partition. A piece is what one task
// sends to one partition; it becomes visible only when it is sealed, is taken
// whole or not at all, and a second copy of it is ignored. A result is the stream
// from the tasks of a root fragment to the client.
//
// Invariants:
//
//  1. An edge is read when it is complete. Then it does not change any more, and a reader
//     sees every piece of its partition once, in the order of tasks.
//  2. Merged keeps that order over all processes that have pieces of a partition, so that
//     a task reads the same rows in the same order whenever it runs.
//  3. A result takes every row of a task once, however often the task is run.
//  4. A batch in an edge is owned by the edge until a reader takes it; a broadcast
//     edge gives every reader a share of its own.
//  5. A piece is batches, those that are kept outside of memory first, or frames where
//     other processes may read it (docs/adr/0025); the reader cannot tell. Its sender
//     learns when it is freed.
//  6. Close frees what nobody took; after it every reader fails.
//
// It must not know plans, SQL or actors. Reading order: edge.go, merge.go, result.go,
// hub.go, frame.go, frame_decode.go.
package exchange
