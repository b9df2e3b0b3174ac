// Package shell is the SQL shell behind `skein sql`: it reads statements, runs them
// on a server and prints what comes back, for a person or for a program.
//
// Invariants:
//
//  1. Rows go to Out and nothing else does, except in the table format; errors,
//     progress and timing go to Err.
//  2. csv, json and arrow are streamed with exact values; the table format holds a
//     bounded number of rows to find the widths of its columns.
//  3. An interrupt ends the running statement and never the shell.
//
// The package knows no server, only internal/client. Reading order: shell.go, run.go,
// script.go (where statements end), format.go and one file per format, command.go
// (the backslash commands), interactive.go, editor.go and complete.go (line
// editing, by reeflective/readline: the one kept library with multi-line editing).
package shell
