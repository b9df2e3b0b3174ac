// Package access knows what somebody may do: roles, who is a member of which, what was
// granted on what, which rows of a table a role sees. Who somebody is, is package auth's.
//
// Invariants:
//
//  1. A State never changes: applying a Change gives another. Two that are one pointer
//     give the same rights, which is how plans made under them are known to be good.
//  2. What was not granted is refused. An administrator and the owner of a table need no
//     grants; everybody is a member of public.
//  3. A Change is data, checked before it is made; applying one cannot fail, and what it
//     speaks of that is not there is passed over.
//  4. A path is compared as it is after "..", "." and symbolic links, at the borders of
//     its components.
//
// The package knows no SQL and no catalog. Reading order: state.go, change.go, rights.go,
// path.go.
package access
