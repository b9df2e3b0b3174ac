// Package parquet turns Parquet files into batches: footers, pruning, and a
// reader of column chunks of its own.
//
// How a row group is read. Statistics, Bloom filters and page indexes narrow it to
// ranges of rows. The columns of the predicates come first: a predicate is tried
// on the dictionary of its column, which may exclude the row group; then, range by
// range, on codes or values. Only where rows pass are the pages of the other
// columns decompressed. Ranges with few survivors are gathered into dense batches.
//
// Invariants:
//
//  1. A File is one version of a file and immutable. When the bytes under it
//     change, a scan ends in FileChanged, never in a mixed answer.
//  2. Whatever the bytes of a file say, reading it ends in rows or in a
//     DataCorrupted error that names file, row group and column: every size is
//     checked against what is there before memory is taken, and memory is charged
//     to the scan's account.
//  3. Nothing in a batch points into a mapping of a file: pages are decompressed or
//     copied into slabs, inside object.Guard. Fixed-width values and string views
//     then share the page's slab without another copy, perhaps unaligned.
//  4. A chunk may begin with dictionary pages and go on with plain ones. Codes
//     leave the scan only in batches whose rows all have codes; all batches of a
//     row group that have codes share one vector.Dict.
//  5. Codes are checked when they are decoded: later code indexes by them freely.
//  6. What the column cache lends is as immutable as what was just decoded, and has
//     references of its own.
//  7. Pruning is by necessary conditions only, and never by statistics whose order
//     is in doubt (see minMax in stats.go).
//
// The package sees column bounds and its own Predicate interface, no expressions.
// Reading order: scan.go (what a caller says), file.go, schema.go, rowgroup.go,
// filter.go, column.go, chunk.go, columncache.go, then the decoders.
package parquet
