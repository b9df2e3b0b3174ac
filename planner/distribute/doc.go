// Package distribute rewrites a plan for one worker into one for several: it puts
// Exchanges where rows have to meet, splits aggregates into a partial and a final
// phase, and chooses between broadcasting a join's build side, splitting both sides
// by the key, and leaving both where they are because files have them in its order
// (docs/adr/0015). Runtime filters that would have to cross an Exchange become semi joins.
//
// Every rewrite keeps the answer. What comes out obeys package fragment's rule
// that a fragment has one driver. What it takes from footers for an answer, not for
// a cost, is only that no group of an aggregate is torn.
//
// Reading order: distribute.go, join.go, colocate.go, range.go, window.go, reduce.go.
package distribute
