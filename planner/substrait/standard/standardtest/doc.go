// Package standardtest makes plans of the specification's function cases: the files
// tests/cases of Substrait, each line of which is a call, its options and its result.
//
// A case becomes a plan with two columns, the call and the result that is expected, so
// that both come back in one form. Cases with lambdas have no plan.
//
// Reading order: case.go, literal.go, plan.go.
package standardtest
