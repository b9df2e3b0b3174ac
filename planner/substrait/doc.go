// Package substrait turns physical plans into Substrait and back: the only form
// in which a fragment leaves a process.
//
// Invariants:
//
//  1. What Encode writes Decode reads back as the same plan: every field of every
//     node and expression, names and places of the statement included.
//  2. Decode refuses what Encode cannot have written: unknown fields, unknown
//     enhancements, functions whose options or types ask for other semantics than
//     the engine has. It never panics, and every refusal is a *sqlerr.Error of code
//     InvalidPlan that names the relation by its path from the root.
//  3. A plan is at most MaxBytes long and MaxDepth deep.
//  4. Where Substrait has a field, that field is used, with Substrait's meaning.
//     A function carries a standard URN only where its results are those of the
//     standard's definition under the options written beside it; all others have
//     URNs of ours (extension.go, function.go), and a tool that does not know them
//     refuses the plan. The same holds for what relations need beyond the
//     standard: messages of package detail, as enhancement, or as optimization
//     when the answer does not depend on them.
//  5. A Shared subplan is a relation of its own, before all that refer to it;
//     references only go back, so a plan cannot be a circle.
//
// Shapes that are not obvious: expression lists that are conjunctions (filters of
// scans and FilterRel) are one call of the standard `and`, or the bare conjunct
// when there is one. A TopN is a FetchRel over a SortRel with a mark. A struct's
// field names are the name of a type variation, since Substrait's types have
// none. Spans, and column names that differ from the input's, stand beside the
// relation (detail.Notes). A file's path stands in uri_file as the object store
// takes it, and its size in length.
//
// What stays to the reader of a decoded plan: whether a function of our own URN
// exists for its argument types (package exec/eval says so when it compiles it).
//
// The package knows no files, no catalog and no workers. Reading order: codec.go,
// encode.go, encode_*.go, the decode_*.go beside each, function.go, notes.go.
package substrait
