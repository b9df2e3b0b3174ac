// Package place decides what runs where: whether a query runs whole in one worker,
// into which tasks a fragment divides, and which worker gets which task. It is
// pure: it sees plans, members and what footers say of files.
//
// Reading order: place.go, follow.go (scans that go with another).
package place
