// Command skein is the one binary in any role: a process of a cluster, or one that is alone (serve), the
// SQL shell (sql), the TPC-H tools (tpch).
//
// A file is a command; it holds flags and wiring only: open, serve, wait, close in
// reverse. Reading order: main.go, serve.go, then the others.
package main
