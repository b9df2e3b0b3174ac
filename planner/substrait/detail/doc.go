// Package detail is the messages in which Skein says what Substrait has no field
// for: detail.proto and what protoc-gen-go v1.36.12 makes of it.
//
// Invariants:
//
//  1. A message never changes its meaning; a field's number is never used again.
//  2. Each message says in its comment where in a plan it stands, and whether a
//     reader that does not know it may drop it (optimization) or not (enhancement).
//
// The package knows nothing of physical plans: package substrait does.
//
// detail.pb.go is made from the repository's root, with the .proto files of
// github.com/substrait-io/substrait v0.87.0 in $SUBSTRAIT/proto:
//
//	protoc -I. -I$SUBSTRAIT/proto --go_out=. --go_opt=paths=source_relative \
//	  planner/substrait/detail/detail.proto
package detail
