// Package tpch makes the data, the queries and the answers of the TPC-H
// benchmark (TPC Benchmark H, revision 3.0.1).
//
// The eight tables are reproduced byte for byte as the reference generator
// writes them. Every column draws from its own random stream, and every row
// uses a fixed number of draws, so any range of rows can be produced without
// the rows before it: that is what makes the output independent of parts and
// threads, and memory independent of the scale factor.
//
// Invariants:
//
//  1. Rows(t, sf, 0, 1) is the concatenation of Rows(t, sf, p, n) for p in
//     [0, n), for every n.
//  2. A row depends on the scale factor, the table and its position only;
//     never on the clock, the machine or the number of threads.
//  3. Generate leaves under a table's final name the whole table or what was
//     there before, never a part of a file.
//  4. A Row handed to a consumer is valid until the next one is asked for;
//     the strings in it stay valid, and a comment that is kept keeps the whole
//     text pool in memory.
//
// The text columns are cut out of one pool of 300 MiB of pseudo text, made on
// first use (about a second) and dropped when no generator holds it.
//
// The package knows nothing of the engine under test: it is used by the
// command line, by tests and by the side-by-side runs against other systems.
//
// Read in this order: table.go and scale.go (what there is and how much of
// it), random.go and text.go (where values come from), row.go and the file of
// each table, rows.go, then schema.go, parquet.go and generate.go for the
// files, refresh.go for the update streams, and query.go, qgen.go, answer.go
// for the 22 queries.
package tpch
