package sql

import "strconv"

// word is the i-th of words: how the tree prints its enumerations.
func word(i int, words ...string) string {
	if i < 0 || i >= len(words) {
		return strconv.Itoa(i)
	}
	return words[i]
}

func (l LiteralKind) String() string {
	return word(int(l-1), "integer", "numeric", "string", "bool", "null")
}

func (t Truth) String() string { return word(int(t-1), "true", "false", "unknown") }

func (g GroupingKind) String() string { return word(int(g-1), "grouping sets", "rollup", "cube") }

func (f FrameMode) String() string { return word(int(f-1), "range", "rows", "groups") }

func (b BoundKind) String() string {
	return word(int(b-1), "unbounded preceding", "preceding", "current row", "following", "unbounded following")
}

func (e Exclusion) String() string { return word(int(e), "no others", "current row", "group", "ties") }

func (m Materialization) String() string {
	return word(int(m), "default", "materialized", "not materialized")
}

func (s SetKind) String() string { return word(int(s-1), "union", "intersect", "except") }

func (n NullsOrder) String() string { return word(int(n), "default", "first", "last") }

func (j JoinKind) String() string { return word(int(j-1), "inner", "left", "right", "full", "cross") }

func (c ConstraintKind) String() string {
	return word(int(c-1), "not null", "null", "default", "check", "primary key", "unique", "foreign key")
}

func (o ObjectKind) String() string {
	return word(int(o-1), "table", "external table", "view", "materialized view", "schema")
}
