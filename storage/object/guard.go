package object

import (
	"runtime"
	"runtime/debug"
)

// Guard runs read, which reads views of a mapping of the object at path, and
// turns the memory fault that follows from a file cut off meanwhile into a
// FileChanged error. Nothing that read leaves behind may point into a view.
func Guard(path string, read func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		p := recover()
		if p == nil {
			return
		}
		if fault, ok := p.(interface {
			runtime.Error
			Addr() uintptr
		}); ok && fault.Addr() >= 4096 {
			err = changed(path)
			return
		}
		panic(p)
	}()
	return read()
}
