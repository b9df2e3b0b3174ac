//go:build !amd64

package snappy

import "errors"

const fast = false

// elements decompresses the elements of a block.
func elements(_, _ []byte) error { return errors.ErrUnsupported }
