// Package client is a Flight SQL client over ADBC's Go driver: what the shell, the
// TPC-H runner and the tests talk to a server with.
//
// Invariants:
//
//  1. Errors are *sqlerr.Error with the code, span, message and hint that the
//     server gave; one from elsewhere has a code, too (08006 for a lost server).
//  2. The end of the context given to Query cancels the query, also while its rows
//     are read.
//  3. Rows gives batches to the caller, who releases them; Close may come at any time.
//
// The package knows nothing of how a server works; it goes through the wire
// whatever it talks to. Reading order: client.go, rows.go, tables.go, errors.go.
package client
