// Package bind gives an AST its meaning: names become columns, operators and
// functions become calls of known signatures, subqueries become joins. All errors
// that are a user's fault are born here.
//
// Invariants:
//
//  1. Every error is an sqlerr.Error with the span of what it is about.
//  2. The plan that comes out is as the text says it: no optimization. Subqueries
//     are Dependent joins beside the plan whose expressions use them.
//  3. No expression that comes out has a type of Kind Unknown, but NULL literals
//     at the top of a select list, which become text as in PostgreSQL.
//  4. now() and its kin are constants of Options: a statement sees one instant.
//
// It must not know files or formats: tables come from the Catalog it declares.
// Reading order: binder.go, query.go, select.go, from.go, scope.go, expr.go,
// call.go, subquery.go; for GROUP BY group.go, groupsets.go, groupplan.go and
// regroup.go; what else has a file of its own is named after it.
package bind
