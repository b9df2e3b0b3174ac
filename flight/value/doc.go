// Package value moves single SQL values in and out of Arrow arrays: bound
// parameters on the way in, cells to print on the way out, rows that a statement
// makes without a plan.
//
// Invariants:
//
//  1. A value never refers to an array's memory.
//  2. At reads every Arrow type that expr.FromArrow knows, Append writes the types
//     of expr.Type.Arrow: what Append wrote, At reads back.
//  3. Convert follows PostgreSQL's assignment casts in the time zone UTC; what does
//     not fit is an error with PostgreSQL's code, never a changed value.
//
// It is slow by design, one value at a time; batches are exec/vector's matter.
package value
