package parquet

import "github.com/skein-query/skein/internal/sqlerr"

// bad is an error about the bytes of a file; whoever knows the file, the row group
// and the column wraps it.
func bad(format string, args ...any) error {
	return sqlerr.New(sqlerr.DataCorrupted, format, args...)
}

// badCause is bad with the error of a codec or of the thrift reader.
func badCause(err error, format string, args ...any) error {
	e := sqlerr.New(sqlerr.DataCorrupted, format, args...)
	e.Err = err
	return e
}
