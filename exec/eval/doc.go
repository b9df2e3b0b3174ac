// Package eval turns expressions into functions over batches.
//
// It is compiled once per operator instance: every node becomes a step that reads
// columns and writes a column. What is hot has a kernel of package kernel
// (comparison, arithmetic, logic, IN, LIKE, casts between numbers); everything else
// is a row function (rows.go) that one file per topic provides. What is special
// about a node (laziness, three-valued logic, errors) is decided here.
//
// Invariants:
//
//  1. A result column has as many rows as the batch; only the selected ones are
//     defined (vector's invariant 3).
//  2. An expression that can fail is never evaluated on a row that is not selected,
//     that an earlier conjunct rejected or an earlier CASE branch took. A dictionary
//     with an entry whose evaluation fails is evaluated on the rows in its place, so
//     that the error is raised only when a selected row uses that entry.
//  3. Memory of a result is held by the batch it was computed for; intermediate
//     results are released before Eval returns. What is remembered per dictionary is
//     the garbage collector's, and charged while it is remembered: until Close.
//  4. An Evaluator, Filter or Predicate is used by one goroutine at a time.
//  5. Which functions there are, and what they return, is said by the tables of
//     planner/expr alone; a test checks that each of them is implemented.
//  6. A kernel that can fail on the bytes under a NULL runs on the rows without
//     NULLs only.
//
// Expectations of the tests are PostgreSQL's: go test -run Expressions -rewrite
// asks a PostgreSQL 15 (see expression_test.go), and so does planner/expr's
// -rewrite.
//
// Reading order: eval.go, frame.go, compile.go, compare.go, arithmetic.go, decimal.go,
// logic.go, case.go, dict.go, filter.go, condition.go, range.go, predicate.go,
// bound.go, fold.go, rows.go, then any topic.
package eval
