// Package authtest has an issuer of tokens for tests of who takes them.
//
// Invariant: what it signs is what an OpenID Connect issuer would sign; a test that wants
// something else says which claim is another.
package authtest
