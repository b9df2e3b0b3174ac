// Package snappy decompresses blocks in the Snappy format (format_description.txt of
// github.com/google/snappy, the raw format without frames), the codec of most
// Parquet files. Decompressing is the largest single cost of reading them, so on
// x86-64 the inner loop is assembly; elsewhere klauspost's decoder does the work.
//
// What a page of numbers looks like decides the loop: nearly every value is a
// literal of one to six bytes, those that differ, and a copy of the rest. The
// elements are short, their kinds alternate, and the lengths of their headers are
// not predictable. So the loop takes a short literal and the copy after it from one
// load, finds length and offset of a copy without a branch on its kind (a table by
// tag byte, as the C++ library has it), and does not check bounds while there is
// room for the longest two elements on both sides.
//
// Invariants:
//
//  1. Nothing outside dst and src is read or written, whatever src says.
//  2. What stands in dst after an error is undefined.
//
// Reading order: decode.go, block_amd64.s.
package snappy
