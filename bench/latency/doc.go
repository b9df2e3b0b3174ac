// Command latency measures what small queries cost through Flight SQL:
//
//	latency [--skein bin/skein] [--tables data/peers/sf1] [--python data/venv/bin/python] [--seconds 3] [--clients 64]
//
// It starts a server over TPC-H's files, which shares the processors with the
// clients, and prints a table: p50 and p99 of a statement, and statements a second.
//
// Statements that begin with the word "Python" come from its ADBC driver, over
// select_one.py; the others from Go's, in this process. What the planner needs is what EXPLAIN
// ANALYZE says of itself.
//
// The first batch of a scan and the rate of a wide numeric result follow.
//
// It reports and judges nothing: times are those of the machine, and a table is
// only comparable with one of the same minute.
//
// Reading order: main.go, measure.go, server.go.
package main
