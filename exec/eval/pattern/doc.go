// Package pattern runs regular expressions by tables: RE2's syntax, leftmost-first as
// package regexp, whose answers it gives.
//
// Two forms, for texts of ASCII characters. Whether a pattern matches is decided by a
// deterministic automaton whose states are made when they are first come to (Thompson,
// "Regular Expression Search Algorithm", 1968; Cox, "Regular Expression Matching: the
// Virtual Machine Approach", 2009). Where the groups of a match are wanted, and the pattern
// is bound to the beginning of the text and at most one way goes on at every character,
// one pass over a table finds them ("one-pass" in Cox, "Regular Expression Matching in the
// Wild", 2010). Everything else is left to package regexp: other patterns, texts with
// other characters, and patterns of too many states.
//
// Invariants:
//
//  1. Whatever is answered is what regexp answers.
//  2. Work is linear in the text, memory bounded.
//
// Reading order: pattern.go, automaton.go, onepass.go.
package pattern
