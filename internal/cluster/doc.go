// Package cluster is the actors and the members of the cluster: the only importer of
// the actor runtime and of the gossip library.
//
// An Actor translates messages into work and never blocks; messages between two
// actors arrive in the order they were sent. Within a process they are handed over as
// they are. To another process they go as letters that are numbered, acknowledged and
// sent again (docs/adr/0020): each arrives once, or its sender hears of it.
//
// Invariants of membership:
//
//  1. Who is a member is decided in one place (roster.go), whoever reports: gossip, or
//     a call that failed. Suspicion removes nobody.
//  2. A member joins and leaves by turns, each time with one event; a process that
//     comes is never taken for one of the same name that is gone.
//  3. Nothing that gossip calls blocks or calls gossip back. A watch that nobody reads
//     holds at most two events for each member.
//
// Invariants of messages between processes:
//
//  1. An address has the incarnation of its process: nothing reaches the one that has
//     come in its place.
//  2. A letter is given to its actor once and after those before it, or the sender of
//     its Envelope gets it back. A process given up is reported as Failed.
//  3. All that waits is bounded: by letters a peer, by peers, by time.
//  4. Without the cluster's key, or TLS, only loopback is listened on, for messages
//     and for gossip.
//
// It must not know queries, plans or who places them.
// Reading order: system.go, address.go, fields.go, member.go, roster.go, watch.go,
// members.go, delegate.go, key.go; then outbox.go, frame.go, link.go, remote.go,
// credentials.go.
package cluster
