// Package table keeps tables that clients write, in the memory of the process. The
// rows of a table are parts: immutable Parquet files, which are read as any others
// are, so that pruning, statistics, caches and distribution know nothing new.
//
// A part is an object mem://HOST/TABLE/PART.parquet of a Store. HOST is whose memory
// it is in, as others reach it.
//
// Invariants:
//
//  1. What a statement writes is seen whole or not at all: a Writer's parts belong to
//     nobody until Publish, which adds all of them in one step.
//  2. List gives the parts of a table at one moment. Who has pinned them reads them to
//     the end, whatever becomes of the table.
//  3. Every byte of a part is charged to the store's account from before it is there
//     until nobody can read it any more, and so is what a Writer holds.
//  4. A table has few parts: small ones are merged when there are many (compact.go).
//
// The package knows Arrow types, no expressions and no SQL; who writes has brought
// the rows to the columns' types. Reading order: store.go, table.go, writer.go,
// schema.go, encode.go, compact.go.
package table
