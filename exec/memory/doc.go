// Package memory is the ledger of a worker: every byte an operator, a cache or a
// retained piece holds is reserved here before it is allocated.
//
// Invariants:
//
//  1. A Ledger has one limit; the sum of what its Accounts have reserved never
//     exceeds it. Reserve refuses, it never waits.
//  2. One Account per task (and one per cache). Close gives back whatever is
//     still reserved, so a forgotten Release costs at most the task's lifetime.
//  3. A Slab is charged to the account that allocated it until its last Release.
//     Memory that is charged holds no Go pointers.
//  4. A share (share.go) is refused while the ledger still has room for those who
//     cannot write to files what they have no room for.
//
// A Slab forgotten without Release is collected by the garbage collector: the
// reference count decides when memory may be used again, never whether it is
// safe to read.
//
// Reading order: ledger.go, share.go, slab.go, pace.go.
package memory
