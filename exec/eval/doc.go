// Package eval turns expressions into functions over batches.
//
// It is compiled once per operator instance: every node becomes a step that reads
// columns and writes a column, by kernels of package kernel; what is special about
// a node (laziness, three-valued logic, errors) is decided here.
//
// Invariants:
//
//  1. A result column has as many rows as the batch; only the selected ones are
//     defined (vector's invariant 3).
//  2. An expression that can fail is never evaluated on a row that is not selected,
//     that an earlier conjunct rejected or an earlier CASE branch took. Work per
//     dictionary entry keeps an entry's error and raises it only when a selected
//     row uses that entry.
//  3. Memory of a result is held by the batch it was computed for.
//  4. An Evaluator is used by one goroutine at a time.
package eval
