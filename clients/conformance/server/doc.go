// Command server runs the Flight SQL layer over an engine without an engine, for Arrow's
// integration client:
//
//	server --scenario flight_sql        prints "ready HOST:PORT", and ends with its standard input
//
// The scenarios say what a server must answer: certain column metadata, certain counts.
// The stub (engine.go) gives these rows and counts to the layer that users meet, which
// runs unchanged behind a relay (relay.go). The relay makes Flight SQL of the commands
// of those scenarios that are older than it, and puts onto results the column metadata
// that scenarios compare and Skein does not have; it answers nothing itself.
//
// Reading order: main.go, engine.go, relay.go.
package main
