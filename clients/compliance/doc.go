// Command compliance runs the TPC-H suite of IBM's substrait-compliance, by its Go SDK,
// against a running server. Its module is apart from Skein's, since the SDK is on no
// module proxy: scripts/substrait-compliance.sh points it at a checkout.
//
// The SDK compares strictly: types by name, numbers within 1e-9, rows in their order. What
// the engine says of its result follows the suite's files where that is no matter of the
// answer: names in lower case, integers and numerics as "integer" and "double", dates as
// texts. For a query that fails the first difference is printed.
//
// Reading order: main.go, suite.go, engine.go.
package main
