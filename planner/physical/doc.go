// Package physical is physical plans as data: which operator runs where on which
// columns. Nothing in a plan changes after planning, and nothing in it is state.
//
// Invariants:
//
//  1. In the expressions of a node, Column.ID is the ordinal of the column in the
//     node's input. With two inputs the ordinals go on: a join's residual counts
//     the probe side's columns first, then the build side's.
//  2. Every Scan names the version of every file it reads.
//  3. A plan with Exchanges says where data moves; package fragment cuts it there
//     and puts Receive nodes in their place. Without Exchanges it runs in one worker.
//  4. A Shared node stands in every place its subplan is used, with the same ID and
//     the same Input; the input runs once.
//  5. Est is the optimizer's guess and changes no answer.
//
// Reading order: node.go, scan.go, rowgroup.go, join.go, origin.go, aggregate.go, window.go, exchange.go, print.go.
package physical
