// Package sqlerr is the one error type a user ever sees: a SQLSTATE code, the
// bytes of the statement it is about, a message and a hint.
//
// Invariants:
//
//  1. A Span counts bytes of the statement text as the client sent it. The zero
//     Span means "no place known"; code that rewrites text maps spans back.
//  2. The code survives every boundary (worker, exchange, Flight): wrapping adds
//     words, never another code.
//  3. Messages name the thing ("table \"ordres\" does not exist"), start in lower
//     case and end without a full stop; hints are whole sentences.
//
// The package knows nothing of SQL, plans or transports. Reading order:
// error.go (the type, wrapping), code.go (the codes in use), render.go (the
// caret drawing), suggest.go (nearest names for hints).
package sqlerr
