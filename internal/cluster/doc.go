// Package cluster is the actors and the members of the cluster: the only importer of
// the actor runtime and of the gossip library.
//
// An Actor translates messages into work and never blocks; messages between two
// actors of a process arrive in the order they were sent, at most once.
//
// Invariants of membership:
//
//  1. Who is a member is decided in one place (roster.go), whoever reports: gossip, or
//     a call that failed. Suspicion removes nobody.
//  2. A member joins and leaves by turns, each time with one event; a process that
//     comes is never taken for one of the same name that is gone.
//  3. Nothing that gossip calls blocks or calls gossip back. A watch that nobody reads
//     holds at most two events for each member.
//  4. Without the cluster's key only loopback is listened on.
//
// It must not know queries, plans or who places them.
// Reading order: system.go, address.go, member.go, roster.go, watch.go, members.go,
// delegate.go, key.go.
package cluster
