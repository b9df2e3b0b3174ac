// Package session is what a client's statements mean: it implements what the
// Flight SQL server calls, by the planner, the catalog and the coordinator.
//
// A query is described at Prepare and executed with a plan over the files as they are
// at that moment: one that is remembered (plans.go), or one made for its parameters.
// Everything that has an effect (DDL, SET) has had it when Execute returns.
//
// Reading order: statements.go, query.go, plans.go, effect.go, show.go, explain.go,
// lookup.go (tables for the planner), information_schema.go, option.go; for Substrait plans
// substrait.go, and substrait_change.go for those that change tables.
package session
