package expr

import (
	"fmt"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Window is one call of a window function of a Window node: it has a value for every
// row, made of the rows of its partition. As an Aggregate it is no Expr.
type Window struct {
	Func   string // an aggregate's name, or that of a window function
	Args   []Expr
	Filter Expr // of an aggregate; nil: all rows
	Frame  Frame
	Typ    Type
	Span   sqlerr.Span
}

// FrameMode is what the ends of a frame are counted in.
type FrameMode uint8

// The modes: rows; groups of rows that are equal by the order; the value of the order's
// one key.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// BoundKind is the kind of a frame's end.
type BoundKind uint8

// The kinds, in the order of the rows. In the modes of ranges and groups the current row
// stands for all that are equal to it by the order.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Bound is one end of a frame. The offset is of type Offset, never NULL and not negative.
type Bound struct {
	Kind   BoundKind
	Offset *Literal // of Preceding and Following
}

// Exclusion says which rows around the current one are no part of its frame.
type Exclusion uint8

// The exclusions: none; the row; all that are equal to it by the order; those but itself.
const (
	ExcludeNone Exclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is the rows of a partition that a window function looks at. The zero Frame is not
// SQL's default, which is DefaultFrame.
type Frame struct {
	Mode       FrameMode
	Start, End Bound
	Exclude    Exclusion
}

// DefaultFrame is RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW.
func DefaultFrame() Frame { return Frame{End: Bound{Kind: CurrentRow}} }

// WholeFrame is all rows of the partition.
func WholeFrame() Frame { return Frame{Mode: FrameRows, End: Bound{Kind: UnboundedFollowing}} }

// IsWhole reports whether the frame is the whole partition for every row.
func (f Frame) IsWhole() bool {
	return f.Start.Kind == UnboundedPreceding && f.End.Kind == UnboundedFollowing && f.Exclude == ExcludeNone
}

// Equal reports whether two frames are the same.
func (f Frame) Equal(o Frame) bool {
	return f.Mode == o.Mode && f.Exclude == o.Exclude && f.Start.equal(o.Start) && f.End.equal(o.End)
}

func (b Bound) equal(o Bound) bool {
	if b.Kind != o.Kind || (b.Offset == nil) != (o.Offset == nil) {
		return false
	}
	return b.Offset == nil || Equal(b.Offset, o.Offset)
}

// String is the frame as SQL.
func (f Frame) String() string {
	mode := [...]string{"RANGE", "ROWS", "GROUPS"}[f.Mode]
	exclude := [...]string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[f.Exclude]
	return fmt.Sprintf("%s BETWEEN %s AND %s%s", mode, f.Start, f.End, exclude)
}

// String is the bound as SQL.
func (b Bound) String() string {
	switch b.Kind {
	case UnboundedPreceding:
		return "UNBOUNDED PRECEDING"
	case Preceding:
		return b.Offset.String() + " PRECEDING"
	case CurrentRow:
		return "CURRENT ROW"
	case Following:
		return b.Offset.String() + " FOLLOWING"
	}
	return "UNBOUNDED FOLLOWING"
}

// String is the call as SQL, without its partitions and their order; a default frame,
// and that of a function that looks at none, is left out.
func (w Window) String() string {
	var b strings.Builder
	b.WriteString(w.Func + "(")
	if len(w.Args) == 0 && w.IsAggregate() {
		b.WriteString("*")
	}
	b.WriteString(join(w.Args) + ")")
	if w.Filter != nil {
		fmt.Fprintf(&b, " FILTER (WHERE %s)", w.Filter)
	}
	if w.Framed() && !w.Frame.Equal(DefaultFrame()) {
		b.WriteString(" " + w.Frame.String())
	}
	return b.String()
}

// EqualWindows reports whether two calls over the same partitions and order have the
// same value.
func EqualWindows(a, b Window) bool {
	if a.Func != b.Func || !equalAll(a.Args, b.Args) || !a.Typ.Equal(b.Typ) || (a.Filter == nil) != (b.Filter == nil) {
		return false
	}
	return (a.Filter == nil || Equal(a.Filter, b.Filter)) && (!a.Framed() || a.Frame.Equal(b.Frame))
}

// windowFunctions are the functions that are window functions only.
var windowFunctions = map[string]struct {
	least, most int // arguments
	framed      bool
}{
	"row_number": {0, 0, false}, "rank": {0, 0, false}, "dense_rank": {0, 0, false},
	"percent_rank": {0, 0, false}, "cume_dist": {0, 0, false}, "ntile": {1, 1, false},
	"lag": {1, 3, false}, "lead": {1, 3, false},
	"first_value": {1, 1, true}, "last_value": {1, 1, true}, "nth_value": {2, 2, true},
}

// IsWindowFunction reports whether name is a function that is called with OVER only.
func IsWindowFunction(name string) bool {
	_, ok := windowFunctions[name]
	return ok
}

// IsAggregate reports whether the call is one of an aggregate.
func (w Window) IsAggregate() bool { return !IsWindowFunction(w.Func) }

// Framed reports whether the function looks at the frame: others look at the partition.
func (w Window) Framed() bool {
	f, ok := windowFunctions[w.Func]
	return !ok || f.framed
}

// AddsToKey reports whether the call's frame has an end that is an offset from the value of
// the order's key.
func (w Window) AddsToKey() bool {
	return w.Framed() && w.Frame.Mode == FrameRange && (w.Frame.Start.Offset != nil || w.Frame.End.Offset != nil)
}

// NullsPossible reports whether some row can have NULL as the call's value.
func (w Window) NullsPossible() bool {
	switch w.Func {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "count", "regr_count":
		return false
	}
	return true
}

// MapWindow is a call with every expression in it replaced by f of it.
func MapWindow(w Window, f func(Expr) Expr) Window {
	args := make([]Expr, len(w.Args))
	for i, e := range w.Args {
		args[i] = f(e)
	}
	w.Args = args
	if w.Filter != nil {
		w.Filter = f(w.Filter)
	}
	return w
}

// ResolveWindow chooses the overload of a window function, or of an aggregate.
func ResolveWindow(name string, args []Type) (Signature, error) {
	f, ok := windowFunctions[name]
	if !ok {
		return ResolveAggregate(name, args, false)
	}
	if len(args) < f.least || len(args) > f.most {
		return Signature{}, noSuchFunction(name, args)
	}
	sig := Signature{Name: name, Args: append([]Type(nil), args...), Result: Of(Int8)}
	number := func(i int) bool {
		if i < len(args) {
			if !accepts(Int4, args[i].Kind) {
				return false
			}
			sig.Args[i] = Of(Int4)
		}
		return true
	}
	fits := true
	switch name {
	case "percent_rank", "cume_dist":
		sig.Result = Of(Float8)
	case "ntile":
		fits, sig.Result = number(0), Of(Int4)
	case "lag", "lead", "nth_value", "first_value", "last_value":
		if sig.Args[0].Kind == Unknown {
			sig.Args[0] = Of(Text)
		}
		if fits = number(1); fits && len(args) == 3 {
			common, err := CommonType(name, args[0], args[2])
			if err != nil {
				return Signature{}, noSuchFunction(name, args)
			}
			if common.Kind == Unknown {
				common = Of(Text)
			}
			sig.Args[0], sig.Args[2] = common, common
		}
		sig.Result = sig.Args[0]
	}
	if !fits {
		return Signature{}, noSuchFunction(name, args)
	}
	return sig, nil
}

// RangeOffset is the type of an offset that is added to a key, for an expression of some
// type: PostgreSQL's in_range functions.
func RangeOffset(key, offset Type) (Type, error) {
	var to Type
	switch {
	case key.IsInteger():
		to = Of(Int8)
	case key.Kind == Float4 || key.Kind == Float8:
		to = Of(Float8)
	case key.Kind == Numeric:
		to = offset
		if offset.IsInteger() {
			to = NumericOf(19, 0)
		} else if offset.Kind != Numeric {
			to = key
		}
	case key.Kind == Date, key.Kind == Timestamp, key.Kind == TimestampTZ, key.Kind == Time, key.Kind == Interval:
		to = Of(Interval)
	default:
		return to, sqlerr.New(sqlerr.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", bare(key))
	}
	if offset.Kind != Unknown && !CanCast(offset, to, Implicit) {
		return to, sqlerr.New(sqlerr.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s",
			bare(key), bare(offset)).WithHint("Cast the offset value to an appropriate type.")
	}
	return to, nil
}
