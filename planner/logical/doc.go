// Package logical is logical plans as data: what is to be computed, not how.
//
// Invariants:
//
//  1. Every output column of every node has a ColumnID unique in the query. Two
//     readings of one table have different IDs; a column that passes through a
//     node keeps its ID.
//  2. Nodes are immutable; a rewrite makes new nodes and shares what it keeps.
//  3. A node whose expressions (or those below it) use columns that nothing below
//     it delivers is correlated: it may stand only on the right side of a Join with
//     Dependent set. Rule "unnest" removes all of them.
//  4. A Shared plan is read through one or more References; every Reference gives
//     the columns fresh IDs.
//
// Reading order: node.go, window.go, table.go, column.go, walk.go, print.go, check.go
// (the invariants as code).
package logical
