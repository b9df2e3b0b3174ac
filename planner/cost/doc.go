// Package cost guesses: how many rows a plan delivers, how many distinct values a
// column has, what a join order costs. Guesses change speed, never answers.
//
// The model is the textbook's (Selinger et al., SIGMOD 1979): independence of
// conditions, uniform values, containment of join keys. Two corrections: keys of
// several columns never count more distinct values than their side has rows, and
// counts are clamped to at least one.
//
// Everything is pure. Reading order: estimate.go, selectivity.go, join.go, window.go.
package cost
