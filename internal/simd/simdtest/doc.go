// Package simdtest has what tests of kernels in assembly need beyond the kernels:
// memory at whose end a read or a write too far ends the test.
package simdtest
