// Package tcp carries edges and results of a Hub between processes, over a framing
// of its own (docs/adr/0019-exchange-over-tcp.md says why).
//
// A connection carries one stream at a time: a request (query, edge, partition, from
// a cursor), then its pieces, then an end or an error. Connections
// that are between streams are kept per peer.
//
//	connect   client: magic, version, nonce · server: the same · client: proof ·
//	          server: verdict, its proof, the number of its process
//	message   kind u32 · length u32 · checksum u32, then length bytes
//	client    open · credit · pong · range
//	server    piece, its frames, piece end · end · failure · ping · bytes
//
// Between streams a connection answers requests for ranges of bytes of objects that the
// process has in its memory, each with the bytes or a failure.
//
// Invariants:
//
//  1. Nothing but the hello is read from a peer, and nothing told to it, before it has
//     proved the cluster key. Without a key and without client certificates a
//     server listens on loopback only.
//  2. A piece is taken when all its frames have come and their checksums are right;
//     else it is asked for again on another connection. A task is taken once from
//     whichever peer has it first.
//  3. A server holds of a stream one piece, which the edge holds anyway, and one
//     frame's copied parts. It sends a piece only while the reader's window is open.
//  4. Every read and write has a deadline. A peer that waits is pinged and answers; one
//     that does not is lost.
//  5. A reader's memory is charged before it is read into: slabs, held by the batches.
//  6. Every goroutine is joined by the Close of the server or reader that began it.
//
// It must not know plans, workers or actors. Reading order: message.go, control.go,
// handshake.go, server.go, serve.go, client.go, reader.go, fetch.go, range.go.
package tcp
