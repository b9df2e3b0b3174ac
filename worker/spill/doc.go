// Package spill keeps batches in temporary files: what the operators of a query have
// no memory for.
//
// A Store is one folder of a process. A Query of it is what one run of a query puts
// there, a File a sequence of blocks. A block is one batch as a frame of
// flight/exchange that needs no other, compressed with lz4 where that saves an eighth,
// behind a header with lengths and a checksum. It is written and read in one call.
//
// Invariants:
//
//  1. A file is removed when it is freed, all files of a query when the query is closed,
//     the folder when the store is closed. Folders of processes that died are removed
//     when the next store is opened beside them; those of live processes never: each
//     holds a lock that ends with it.
//  2. A full disk is 53100, a block that is not what was written XX001, other trouble
//     58030; none of them takes more than the query.
//  3. A batch that was read holds a slab that is charged to the query's account.
//
// It must not know operators or plans. Reading order: store.go, file.go, block.go.
package spill
