// Package planner turns a statement into a physical plan: bind, rewrite, choose.
// The steps stand in order in plan.go.
//
// It must not know files, workers or sessions: tables and their statistics come
// from the Catalog, everything else from Options.
//
// A query is planned once for all executions where values of parameters and the clock
// decide nothing (prepare.go), else for each.
//
// Reading order: plan.go, prepare.go, then sql, bind, rule, choose in that order; expr,
// logical and physical are the data between them.
package planner
