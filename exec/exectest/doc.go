// Package exectest tests operators with rows in and rows out.
//
// A Case names its inputs as rows of text, a plan over them and the rows that must
// come out. Run executes it many times, with what must make no difference varied:
// batch sizes, the number of instances, how columns are encoded (flat, dictionary
// codes of every width, constants, slices of longer columns, 64 or 128 bits for
// wide numerics), rows outside the selection and values under NULLs, which are
// garbage. Then it makes things go wrong: an input fails, the context is
// cancelled, an instance stops early, memory runs out.
//
// Invariants it holds every operator to, beside the rows:
//
//  1. Batches fit the schema and are not larger than Env says.
//  2. Memory is read only while it is held: slabs are poisoned on their last
//     Release.
//  3. After Close the account is empty and no goroutine is left, whatever happened
//     before, and Close may be called twice.
//  4. A failure is reported as what it was, and nothing waits for ever.
//
// Reading order: case.go, text.go, source.go, shape.go, run.go.
package exectest
