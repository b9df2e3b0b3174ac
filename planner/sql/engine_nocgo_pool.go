//go:build !cgo

package sql

import (
	"container/list"
	_ "unsafe" // linkname
)

// instances is the library's pool of WebAssembly instances. After a panic the
// instance that died goes back into it, its stack pointer where the panic left it,
// and the library has no call to drop it.
//
//go:linkname instances github.com/wasilibs/go-pgquery/parser.abiPool
var instances *list.List

// dropInstances makes the next parse begin with a fresh instance; the finalizers
// close the old ones. Only called under wasmTurn, so nobody else uses the pool.
func dropInstances() { instances.Init() }
