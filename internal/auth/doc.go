// Package auth knows who somebody is: passwords and their hashes, the users file, client
// certificates, tokens of an OpenID Connect issuer. What somebody may do is package
// access's.
//
// Invariants:
//
//  1. A password is compared by argon2id only, of a user that is not there as well, so
//     that the time of an answer does not tell which names are users.
//  2. A password that was right is remembered for a while by a keyed hash of it, of the
//     user and of the stored hash: a changed password is never taken for the old one.
//  3. A login that fails says the same whatever was wrong, costs time, and the memory of
//     failures is bounded.
//  4. No password, hash or token is in an error, in a log or in a String method.
//
// Reading order: users.go (who may log in), hash.go, file.go, gate.go (failed logins),
// issuer.go.
package auth
