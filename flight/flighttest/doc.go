// Package flighttest has an engine without an engine: statements in a tiny
// language that do what a test of the server, the client or the shell needs, and a
// server on a local port that runs them.
//
//	rows N            N rows: n bigint counting from 0, name text
//	types             a row of every type, then a row of NULLs
//	echo T, T, …      the parameters $1, $2, … of these types as columns a, b, …
//	wide ROWS BYTES   rows with a text of that many bytes
//	wait              blocks until cancelled
//	fail              a batch of one row, then division by zero at the word
//	panic             panics while rows are read
//	panic prepare     panics while preparing
//	insert            an update with a bigint parameter, one row each
//	create NAME       an update without a row count
//	returning         an update with a row
//	warn WORDS        an update that warns of these words
//	private           an update after which the session has things of its own
//	set NAME VALUE    sets a session option
//	show NAME         gives one
//
// Anything else is a syntax error at its first word with a hint.
//
// Invariant: a Fake counts what it started and closed, so that a test can tell
// whether a query was left behind.
package flighttest
