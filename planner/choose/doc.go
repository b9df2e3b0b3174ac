// Package choose turns a rewritten logical plan into a physical one: which
// algorithm each node uses, which side a join builds, where runtime filters act,
// which columns each operator gives out.
//
// The result runs in one worker; package distribute adds Exchanges.
//
// Invariants:
//
//  1. Columns are known by ordinal from here on; a layout says which logical column
//     stands where.
//  2. An operator gives out only columns that something above reads.
//  3. Choices depend on estimates; answers do not.
//
// Reading order: choose.go, join.go, window.go, filter.go (runtime filters).
package choose
