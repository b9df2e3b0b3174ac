// Package exchange moves batches between the fragments of a query, and from the
// last fragment to the client.
//
// An edge is a log of pieces for each consumer partition. A piece is what one task
// sends to one partition; it becomes visible only when it is sealed, is taken
// whole or not at all, and a second copy of it is ignored. A result is the stream
// of a query that runs whole in one worker.
//
// Invariants:
//
//  1. A reader sees every sealed piece of its partition exactly once, in the order
//     they were sealed, and ends when the producer has said that no more will come.
//  2. A batch in an edge is owned by the edge until a reader takes it; a broadcast
//     edge gives every reader a share of its own.
//  3. A piece is batches, or frames when it has crossed a network (or shall look as
//     if); the reader cannot tell. Its sender learns when it is freed.
//  4. Close frees what nobody took; after it every reader fails.
//
// It must not know plans, SQL or actors. Reading order: edge.go, result.go, hub.go,
// frame.go, frame_decode.go.
package exchange
