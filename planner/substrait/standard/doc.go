// Package standard is Substrait as others write and read it: logical plans of any
// producer become ours, and ours become plans that others know.
//
// Invariants:
//
//  1. What is not understood is refused: fields and enum values that are not known,
//     functions without a counterpart, options whose values the engine does not
//     follow. Only hints and optimizations are passed over.
//  2. Every error is a *sqlerr.Error. One of the plan itself has the code InvalidPlan
//     and names the relation by its path from the root; no input makes it panic.
//  3. A plan is at most MaxBytes long and MaxDepth deep, and has at most maxNodes nodes.
//     References only go to what is read already: a plan cannot be a circle.
//  4. An expression has the type that the plan says. The engine computes in its own,
//     and the result is cast; a type that it cannot be cast to is an error.
//  5. A subquery is a join beside the relation whose expressions use it, as the binder
//     of SQL makes it, and correlation is a Dependent join: the rules do the rest.
//
// Producers differ in how they name functions, in fields that later versions of
// Substrait removed, and in what they leave out; extension.go, removed.go and
// function.go say what is taken for what.
//
// What Substrait has and the engine lacks is mapped where no value is lost: i8 is kept
// in a smallint and checked, integers without sign in the next wider type, times of less
// than a microsecond are refused when they do not divide.
//
// A plan that changes a table does so at its root: ReadChange says what is done to which
// table, and gives the rows as a logical plan like others.
//
// The package knows no files and no session: tables come from the Catalog. Reading
// order: parse.go, removed.go, extension.go, read.go, rel.go and rel_*.go, expression.go,
// nested.go, subquery.go, literal.go, type.go, function.go and function_*.go, change.go;
// for plans that go out write.go and write_*.go.
package standard
