// Package node wires a process of Skein: storage, workers, coordinator, Flight SQL
// server, and what it has to do with other processes. It is what `skein serve` runs and
// what tests open.
//
// Start opens in the order ports for peers, workers, coordinator, tables, membership, port
// for clients, so that this answers only when everything can be served; Close goes the
// other way.
//
// A process that is alone has a coordinator and several workers. One of a cluster has
// a coordinator or a worker or both; who else there is it hears by gossip, and tells its
// coordinator.
//
// Reading order: server.go, cluster.go, drain.go, catalog.go,
// console.go, tls.go, referral.go, tables.go, footers.go.
package node
