// Package expr is expressions as data: SQL types, values, columns, calls, casts.
//
// Invariants:
//
//  1. Nodes are immutable once made; rewriting makes new nodes (Rewrite).
//  2. Every node knows its Type. After binding no node is of Kind Unknown but a
//     bare NULL.
//  3. Expressions hold no plans: the binder turns subqueries into joins, and an
//     expression sees only the columns they deliver.
//  4. Column.ID means what its plan says: in a logical plan a column unique in the
//     query, in a physical plan the ordinal of the operator's input.
//  5. And/Or/Case/Coalesce and the like are Calls with the names of this package's
//     constants; what is special about them (laziness, three-valued logic) is
//     said by their Signature, in function.go.
//
// The package is a leaf: it knows no catalog, no plan and no column format.
// Reading order: type.go, value.go, node.go, window.go, walk.go, print.go, function.go.
package expr
