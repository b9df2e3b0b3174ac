package bind

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// windowPlace is where PostgreSQL says the expressions of a window's definition stand.
const windowPlace = "window definitions"

// definition is what follows OVER, or a name of the WINDOW clause, bound.
type definition struct {
	partition []expr.Expr
	order     []expr.SortKey
	frame     expr.Frame
	framed    bool // the frame is written out
}

// definition binds what follows OVER.
func (x *exprs) definition(w *sql.Window) (*definition, error) {
	if w.Name.Text == "" {
		return x.newDefinition(w, x.sel.stmt.Windows)
	}
	return x.named(w.Name, x.sel.stmt.Windows)
}

// named is the definition that a name has among those of the WINDOW clause.
func (x *exprs) named(name sql.Ident, among []*sql.Window) (*definition, error) {
	if def := x.sel.named[name.Text]; def != nil {
		return def, nil
	}
	for i, w := range among {
		if w.Name.Text != name.Text {
			continue
		}
		for _, other := range among[i+1:] {
			if other.Name.Text == name.Text {
				return nil, sqlerr.At(sqlerr.WindowingError, other.Span(), "window %q is already defined", name.Text)
			}
		}
		def, err := x.newDefinition(w, among[:i]) // which may be based on one before it
		if err != nil {
			return nil, err
		}
		if x.sel.named == nil {
			x.sel.named = map[string]*definition{}
		}
		x.sel.named[name.Text] = def
		return def, nil
	}
	return nil, sqlerr.At(sqlerr.UndefinedObject, name.Span(), "window %q does not exist", name.Text)
}

// unusedWindows binds the names of the WINDOW clause that no OVER has used, for their
// errors.
func (s *selecting) unusedWindows() error {
	x := &exprs{b: s.b, scope: s.scope, sel: s, place: windowPlace}
	for _, w := range s.stmt.Windows {
		if _, err := x.named(w.Name, s.stmt.Windows); err != nil {
			return err
		}
	}
	return nil
}

// newDefinition binds a definition; among are those that it may be based on.
func (x *exprs) newDefinition(w *sql.Window, among []*sql.Window) (*definition, error) {
	inner := x.inside()
	inner.place = windowPlace
	def := &definition{}
	if w.Base.Text != "" {
		base, err := x.named(w.Base, among)
		if err != nil {
			return nil, err
		}
		if err := overrides(w, base); err != nil {
			return nil, err
		}
		def.partition, def.order = base.partition, base.order
	}
	for _, p := range w.PartitionBy {
		e, err := inner.bind(p)
		if err != nil {
			return nil, err
		}
		if k := e.Type().Kind; k == expr.Struct || k == expr.Map {
			return nil, sqlerr.At(sqlerr.UndefinedFunction, p.Span(), "could not identify an equality operator for type %s", e.Type())
		}
		def.partition = append(def.partition, x.b.text(e))
	}
	for _, o := range w.OrderBy {
		e, err := inner.bind(o.Value)
		if err != nil {
			return nil, err
		}
		k, err := sortKey(o, x.b.text(e))
		if err != nil {
			return nil, err
		}
		def.order = append(def.order, k)
	}
	x.pending = append(x.pending, inner.pending...)
	def.frame, def.framed = expr.DefaultFrame(), w.Frame != nil
	var err error
	if w.Frame != nil {
		def.frame, err = x.b.frame(w, def)
	}
	return def, err
}

// overrides refuses to take from a base what the base has already.
func overrides(w *sql.Window, base *definition) error {
	switch {
	case len(w.PartitionBy) > 0:
		return sqlerr.At(sqlerr.WindowingError, w.Span(), "cannot override PARTITION BY clause of window %q", w.Base.Text)
	case len(w.OrderBy) > 0 && len(base.order) > 0:
		return sqlerr.At(sqlerr.WindowingError, w.Span(), "cannot override ORDER BY clause of window %q", w.Base.Text)
	case base.framed:
		err := sqlerr.At(sqlerr.WindowingError, w.Span(), "cannot copy window %q because it has a frame clause", w.Base.Text)
		if w.Name.Text == "" && len(w.OrderBy) == 0 && w.Frame == nil {
			return err.WithHint("Omit the parentheses in this OVER clause.")
		}
		return err
	}
	return nil
}

// frame binds a frame clause.
func (b *binder) frame(w *sql.Window, def *definition) (expr.Frame, error) {
	f := w.Frame
	out := expr.Frame{Exclude: expr.Exclusion(f.Exclude)}
	offsets := f.Start.Offset != nil || f.End.Offset != nil
	switch f.Mode {
	case sql.Rows:
		out.Mode = expr.FrameRows
	case sql.Groups:
		out.Mode = expr.FrameGroups
		if len(def.order) == 0 {
			return out, sqlerr.At(sqlerr.WindowingError, w.Span(), "GROUPS mode requires an ORDER BY clause")
		}
	default:
		if offsets && len(def.order) != 1 {
			return out, sqlerr.At(sqlerr.WindowingError, w.Span(), "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
		}
	}
	var err error
	if out.Start, err = b.frameBound(f.Start, out.Mode, def, "starting"); err != nil {
		return out, err
	}
	out.End, err = b.frameBound(f.End, out.Mode, def, "ending")
	return out, err
}

func (b *binder) frameBound(s sql.Bound, mode expr.FrameMode, def *definition, which string) (expr.Bound, error) {
	out := expr.Bound{Kind: map[sql.BoundKind]expr.BoundKind{
		sql.UnboundedPreceding: expr.UnboundedPreceding, sql.OffsetPreceding: expr.Preceding, sql.CurrentRow: expr.CurrentRow,
		sql.OffsetFollowing: expr.Following, sql.UnboundedFollowing: expr.UnboundedFollowing}[s.Kind]}
	if s.Offset == nil {
		return out, nil
	}
	var err error
	out.Offset, err = b.frameOffset(s.Offset, mode, def, which)
	return out, err
}

// frameOffset evaluates an offset, which must be constant.
func (b *binder) frameOffset(e sql.Expr, mode expr.FrameMode, def *definition, which string) (*expr.Literal, error) {
	word := [...]string{"RANGE", "ROWS", "GROUPS"}[mode]
	x := &exprs{b: b, scope: &scope{}, place: "window " + word, inFrame: true}
	bound, err := x.bind(e)
	switch code := sqlerr.CodeOf(err); {
	case code == sqlerr.UndefinedColumn || code == sqlerr.UndefinedTable:
		return nil, sqlerr.At(sqlerr.InvalidColumnReference, e.Span(), "argument of %s must not contain variables", word)
	case err != nil:
		return nil, err
	case len(x.pending) > 0:
		return nil, unsupported(e.Span(), "a subquery in the frame of a window is not supported")
	}
	to := expr.Of(expr.Int8)
	if mode == expr.FrameRange {
		if to, err = expr.RangeOffset(def.order[0].Expr.Type(), bound.Type()); err != nil {
			return nil, sqlerr.AtSpan(err, e.Span())
		}
	} else if t := bound.Type(); !expr.CanCast(t, to, assignment) {
		return nil, sqlerr.At(sqlerr.DatatypeMismatch, e.Span(), "argument of %s must be type bigint, not type %s", word, typeWord(t))
	}
	if bound, err = b.coerce(bound, to, assignment); err != nil {
		return nil, err
	}
	if b.described(bound) {
		b.needsArgs = true
		return expr.NewLiteral(expr.Value{}, to), nil
	}
	v, err := eval.Constant(bound)
	switch {
	case err != nil:
		return nil, sqlerr.AtSpan(err, e.Span())
	case v.Null:
		return nil, sqlerr.At(sqlerr.NullValueNotAllowed, e.Span(), "frame %s offset must not be null", which)
	case mode == expr.FrameRange && (eval.Compare(v, expr.Value{}, to) < 0 || v.F != v.F):
		return nil, sqlerr.At(sqlerr.InvalidFrameOffset, e.Span(), "invalid preceding or following size in window function")
	case v.I < 0 && mode != expr.FrameRange:
		return nil, sqlerr.At(sqlerr.InvalidFrameOffset, e.Span(), "frame %s offset must not be negative", which)
	}
	return expr.NewLiteral(v, to), nil
}
