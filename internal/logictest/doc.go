// Package logictest runs .slt files: SQL statements with the answers that
// PostgreSQL 15 gives to them. The corpus in testdata/ says what Skein's SQL
// means; each file is run under every cluster configuration.
//
// The dialect is sqllogictest's with PostgreSQL's type names in place of its
// letters. Records stand between blank lines; lines that begin with # before a
// record are comments:
//
//	statement ok
//	<sql, any number of lines>
//
//	statement error <SQLSTATE> [<regexp>]
//	<sql>
//
//	query <type>,<type>,… [nosort|rowsort|valuesort] [colnames] [<label>]
//	<sql>
//	----
//	<value>TAB<value>…
//
//	skipif <config>, onlyif <config>   the next record only
//	halt                               the rest of the file is not read
//	include <path>                     relative to the including file
//
// Several rows of a query without an outer ORDER BY need a sort mode: rowsort, or
// nosort where the statement has an order all the same (show tables). With colnames the first row holds the names
// of the columns. Queries of one file that carry the same label must have equal
// rows. A value is written as PostgreSQL prints it (extra_float_digits 1,
// bytea_output hex, intervalstyle postgres, time zone UTC), NULL as NULL and
// the empty string as (empty). In a value of any type but bytea, \\ \t \n \r
// are a backslash and the control characters, \s is a space at either end, and
// \NULL and \(empty) are those words as text.
//
// Invariants:
//
//  1. Expectations come from PostgreSQL only: `make slt-expectations` writes
//     them (generate/), nothing here can. A record under a comment that begins
//     "# skein:" with its reason keeps the expectation written by hand.
//  2. The type of a column is part of the expectation; text, varchar, bpchar
//     and name count as one type because Arrow has one.
//  3. Values are compared exactly but for floats (relative, 1e-12 and 1e-5) and
//     numerics, whose scale differs from PostgreSQL's on purpose; see compare.go.
//  4. A query that PostgreSQL answers differently when its tables are stored
//     the other way round and joined by other algorithms never gets an
//     expectation: the generator refuses it.
//
// The package knows no planner, no cluster and no client: whoever tests an
// engine gives Run a function that opens a Conn to it. Reading order: conn.go
// (what is tested), script.go (the dialect), run.go, compare.go, diff.go.
package logictest
