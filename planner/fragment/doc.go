// Package fragment cuts a physical plan at its Exchanges into fragments and edges.
// It is pure.
//
// Invariants:
//
//  1. Fragments are listed producers first; the last one is the root, whose output
//     is the query's result.
//  2. A fragment holds no Exchange. What a cut Exchange delivered arrives at a
//     Receive with the edge's ID.
//  3. A fragment has one driver: a Scan, whose morsels are divided into tasks; or
//     Receives of partitioned edges, where a task is a partition; or neither, and
//     there is one task. Everything else in it arrives by broadcast and is the same
//     for all tasks, or is the scan of a co-located join's build side, which follows
//     the driver, or a scan that does: a task needs those of its rows that can be
//     partners of the task's own, and may see more.
//  4. A shared subplan is one fragment with an edge to every reader.
//  5. A scan uses only runtime filters that are complete before it starts: those of
//     joins in its own fragment whose build side is replicated.
//
// Check holds a plan to them. Reading order: cut.go, check.go, format.go.
package fragment
