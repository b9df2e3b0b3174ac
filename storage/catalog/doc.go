// Package catalog knows which tables there are: names, locations, schemas, and
// what their files say about their contents.
//
// Invariants:
//
//  1. A name means a location, nothing more: the files of an external table are
//     looked up anew for every query (Files), and everything that is remembered
//     about them is remembered by file version, never by table name. What was at a
//     location before (Known) serves for names and types only.
//  2. A change is seen at once by every session of the process; by other processes that
//     share the log when they have looked at it.
//  3. A commit is made against the state that it follows, of this process or of all that
//     share the log; it is one entry or nothing.
//  4. A table in memory is named in this process and in no log: it is gone when that
//     ends. A name means one table, and one in memory before one that another process
//     has given the name to.
//
// It must not know plans or expressions: whoever plans adapts what it gives.
// Reading order: catalog.go, memory.go, change.go, commit.go, log.go; files.go, statistics.go.
package catalog
