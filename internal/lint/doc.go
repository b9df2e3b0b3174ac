// Package lint holds the tree to its rules: tests that read the source, and the
// tables they read it against.
//
//	imports.txt       who may import whom: package by package, module by module
//	exceptions.txt    what breaks another rule, each with its reason
//
// Invariants:
//
//  1. Every import of the module's packages and of other modules stands in
//     imports.txt, and every line there is used.
//  2. An exception names one thing and says why; one that is not needed any more
//     is a fault.
//  3. Each rule is shown in rules_test.go to find what it is there to find.
//
// The files are parsed without regard to build tags, so that what one machine does
// not build is held to the rules too, and nothing has to compile. Each fault says
// what to do about it.
//
// Reading order: imports.txt, exceptions.txt, lint_test.go, then a rule.
package lint
