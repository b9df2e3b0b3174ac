// Package distribute rewrites a plan for one worker into one for several: it puts
// Exchanges where rows have to meet, splits aggregates into a partial and a final
// phase, and chooses between broadcasting a join's build side and splitting both
// sides by the key.
//
// Every rewrite keeps the answer. What comes out obeys package fragment's rule
// that a fragment has one driver.
package distribute
