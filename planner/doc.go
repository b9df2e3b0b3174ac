// Package planner turns a statement into a physical plan: bind, rewrite, choose.
// The steps stand in order in plan.go.
//
// It must not know files, workers or sessions: tables and their statistics come
// from the Catalog, everything else from Options.
//
// Reading order: plan.go, then sql, bind, rule, choose in that order; expr,
// logical and physical are the data between them.
package planner
