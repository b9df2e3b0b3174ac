package sql

// FuncCall is a call of a function, an aggregate or a window function. SQL's
// keyword forms come as calls too, with PostgreSQL's names: extract(field, x),
// substring(x, from, for), btrim/ltrim/rtrim(x, chars), position(haystack,
// needle), overlay(x, y, from, for), normalize(x, form), "overlaps"(a, b, c, d).
type FuncCall struct {
	Loc
	Name        Name
	Args        []Arg
	Star        bool // count(*)
	Distinct    bool
	Variadic    bool        // the last argument is VARIADIC
	OrderBy     []OrderItem // of the aggregate's arguments, or of WITHIN GROUP
	WithinGroup bool        // OrderBy came by WITHIN GROUP
	Filter      Expr        // FILTER (WHERE …), nil when absent
	Over        *Window     // nil when it is no window call
	Keyword     bool        // written in SQL's keyword syntax; Name has no place of its own then
}

// Arg is an argument of a call.
type Arg struct {
	Name  Ident // name => value; zero when positional
	Value Expr
}

// Window is what follows OVER, or a definition of the WINDOW clause.
type Window struct {
	Loc
	Name        Ident // OVER name: everything else is empty then; in a WINDOW clause the name defined
	Base        Ident // (base ORDER BY …)
	PartitionBy []Expr
	OrderBy     []OrderItem
	Frame       *Frame // nil for the default: RANGE from UNBOUNDED PRECEDING to CURRENT ROW
}

// FrameMode is the unit of a frame.
type FrameMode uint8

// The modes.
const (
	Range FrameMode = iota + 1
	Rows
	Groups
)

// BoundKind is the kind of a frame's end.
type BoundKind uint8

// The kinds, in the order of the rows.
const (
	UnboundedPreceding BoundKind = iota + 1
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// Exclusion is the EXCLUDE clause of a frame.
type Exclusion uint8

// The exclusions.
const (
	ExcludeNoOthers Exclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is the frame clause of a window.
type Frame struct {
	Mode       FrameMode
	Start, End Bound
	Exclude    Exclusion
}

// Bound is one end of a frame.
type Bound struct {
	Kind   BoundKind
	Offset Expr // of OffsetPreceding and OffsetFollowing
}

// Coalesce is COALESCE(a, b, …).
type Coalesce struct {
	Loc
	Args []Expr
}

// NullIf is NULLIF(a, b).
type NullIf struct {
	Loc
	Left, Right Expr
}

// Extremum is GREATEST(a, b, …) or LEAST(a, b, …).
type Extremum struct {
	Loc
	Least bool
	Args  []Expr
}

// SessionValue is a value that has a keyword in place of a call; Name is one of
// current_date, current_time, current_timestamp, localtime, localtimestamp,
// current_role, current_user, user, session_user, current_catalog,
// current_schema.
type SessionValue struct {
	Loc
	Name      string
	Precision int // of the times, -1 when not given
}

// GroupingKind says how grouping elements combine.
type GroupingKind uint8

// The kinds.
const (
	GroupingSets GroupingKind = iota + 1
	Rollup
	Cube
)

// Grouping is GROUPING SETS, ROLLUP or CUBE as an element of GROUP BY. Each
// element is a set of expressions; an element of GROUPING SETS may be a nested
// *Grouping, alone in its set. The empty set () is an empty element.
type Grouping struct {
	Loc
	Kind GroupingKind
	Sets [][]Expr
}

func (*FuncCall) expr()     {}
func (*Coalesce) expr()     {}
func (*NullIf) expr()       {}
func (*Extremum) expr()     {}
func (*SessionValue) expr() {}
func (*Grouping) expr()     {}
