// Package sql turns PostgreSQL text into a syntax tree of its own, every node
// with the bytes of the text it was read from.
//
// The grammar is PostgreSQL's (pg_query); nothing of it leaks out of the package.
// In front of it stands a scanner with PostgreSQL's lexical rules: it refuses what
// would crash the parser, turns ? into $n, recognises the few statements
// PostgreSQL has no word for, and its tokens give the nodes their ends, since
// pg_query says only where most nodes begin.
//
// Invariants:
//
//  1. Parse never panics, whatever the text; errors are *sqlerr.Error.
//  2. A span counts bytes of the text as given to Parse, lies within it, begins
//     at the first byte of a token and ends after the last byte of one.
//  3. A node's span covers those of its children.
//  4. Both builds of the parser, with cgo and without, give the same tree and the
//     same errors.
//  5. Names are folded as PostgreSQL folds them; no name is resolved here.
//
// The package knows no catalog, no types and no semantics: what is a syntax error
// in PostgreSQL is one here, everything else is the binder's.
//
// Reading order: ast.go, ast_query.go, ast_expr.go (the tree), parse.go (the
// steps), scan.go (tokens), guard.go (what is refused), dialect.go (our own
// statements), convert.go (pg_query's tree to ours).
package sql
