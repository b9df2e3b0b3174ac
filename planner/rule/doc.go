// Package rule is the rewrites of a logical plan, one file each, run in the one
// order that rules.go says.
//
// Invariants:
//
//  1. A rule keeps the answer, and the IDs of the plan's output columns.
//  2. A rule is a pure function of the plan (and of statistics, for join order).
//  3. A condition that can fail never moves below a join or to rows that another
//     condition would have removed. An equality that alone connects two sides is
//     the one exception: see bridge.go.
//
// Reading order: rules.go, simplify.go, unnest.go, decorrelate.go, limit.go,
// window.go, inline.go, push.go, implied.go, eliminate.go, statistics.go, sums.go, reuse.go, share.go,
// share_scan.go, prune.go, distinct.go, order.go, bridge.go, search.go, infer.go.
package rule
