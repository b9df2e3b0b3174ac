// Package vector is the column format of the engine: what operators hand to each
// other, what scans produce and kernels compute on.
//
// A Column is an Arrow-like set of buffers in one concrete struct; a Batch is a
// set of equally long columns with an optional selection of rows. Three
// encodings: flat values; dictionary codes of 1, 2 or 4 bytes over a Dict; and
// the constant, a dictionary of one entry with codes of width 0.
//
// Invariants:
//
//  1. Buffers are immutable once a batch has been handed over. The batch header
//     (Cols, Sel, Len) and the selection belong to the receiver, who may change
//     them in place.
//  2. A null is said by the row's Valid bit only: dictionary entries are never
//     null. Valid == nil means no nulls. The value under a null is undefined
//     but readable (codes under nulls are inside the dictionary, views under
//     nulls are the zero view).
//  3. Rows outside the selection hold undefined but readable values too. Sel is
//     ascending and without repeats; Sel == nil means all rows.
//  4. Columns hold no Go pointer per value: views name a buffer by number.
//  5. A decimal of precision ≤ 18 is always Int64. A wider one is Int64 or
//     Int128, batch by batch: whoever reads decimals(>18) asks Kind.
//  6. Whoever holds a Batch releases it once, or hands it on. Release drops the
//     references to the slabs under its columns; a column that shall outlive its
//     batch keeps the batch or is copied.
//
// The package knows no SQL types (decimals are integers here, dates are Int32
// days, timestamps Int64 microseconds), no operators, no storage.
// Reading order: column.go, view.go, batch.go, bitmap.go, gather.go, arrow.go.
package vector
