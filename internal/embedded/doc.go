// Package embedded wires a whole cluster in one process: storage, workers,
// coordinator, Flight SQL server. It is what `skein serve` runs and what tests
// open.
//
// Start opens in the order storage, workers, coordinator, tables, server, so that
// the port accepts only when everything can be served; Close goes the other way.
package embedded
