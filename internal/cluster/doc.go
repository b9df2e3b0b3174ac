// Package cluster is the actors and, later, the members of the cluster: the only
// importer of the actor runtime and of the gossip library.
//
// An Actor translates messages into work and never blocks; messages between two
// actors arrive in the order they were sent, at most once.
package cluster
