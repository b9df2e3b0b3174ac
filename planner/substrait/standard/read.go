package standard

import (
	"context"
	"errors"
	"fmt"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	ext "github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Catalog is where plans find their tables.
type Catalog interface {
	// Table gives a table, or an error of code undefined_table. An empty schema
	// means the search path.
	Table(ctx context.Context, schema, name string) (*logical.Table, error)
	// TableNames are the names that a table could have been meant by.
	TableNames(ctx context.Context) []string
	// Parquet gives the files of a location as a table without a name.
	Parquet(ctx context.Context, location string) (*logical.Table, error)
}

// Query is a plan as the engine understands it.
type Query struct {
	Plan   logical.Node
	Names  []string        // output names, one per column of Output
	Output []expr.ColumnID // output columns in order; one may stand twice
	Params []expr.Type     // of the dynamic parameters; one that is not used has Kind Unknown
	Next   expr.ColumnID   // the first ID that is free
	Shared int             // the first Shared ID that is free
	// NeedsArgs says that the plan is not the query's for all values of its parameters, or
	// at any time.
	NeedsArgs bool
}

// maxNodes bounds a plan as it is read, in which one relation may stand for several.
const maxNodes = 1 << 18

// Read gives a plan its meaning over the tables of a catalog. args are the values of
// its dynamic parameters, nil when it is only to be described.
func Read(ctx context.Context, doc *Document, catalog Catalog, args []expr.Value) (*Query, error) {
	r, err := newReader(ctx, doc, catalog, args)
	if err != nil {
		return nil, err
	}
	root, input, names, err := r.root(doc.plan.GetRelations())
	if err != nil {
		return nil, err
	}
	r.path = []string{root}
	rel, err := r.rel(input, nil)
	if err != nil {
		return nil, err
	}
	out := &Query{Plan: rel.plan, Params: r.params, Next: r.lastID + 1, Shared: r.sets + 1, NeedsArgs: r.needsArgs}
	return out, r.name(out, rel, names)
}

// newReader reads what a plan declares.
func newReader(ctx context.Context, doc *Document, catalog Catalog, args []expr.Value) (*reader, error) {
	r := &reader{ctx: ctx, catalog: catalog, doc: doc, args: args, path: []string{"plan"},
		shared: map[int]*sharedPlan{}, tiny: map[expr.ColumnID]bool{}, aliases: map[int]bool{}}
	p := doc.plan
	if err := r.plain(p.GetAdvancedExtensions()); err != nil {
		return nil, err
	}
	var err error
	if r.ext, err = readExtensions(p, doc.removed); err != nil {
		return nil, err
	}
	return r, r.parameters(p.GetParameterBindings())
}

// root finds the relation that is the result: the only root, or the only relation.
func (r *reader) root(all []*pb.PlanRel) (path string, input *pb.Rel, names []string, err error) {
	for i, p := range all {
		root := p.GetRoot()
		switch {
		case root == nil && len(all) == 1 && p.GetRel() != nil:
			return "relation 0", p.GetRel(), nil, nil
		case root == nil:
		case input != nil:
			return "", nil, nil, r.errorf("relation %d is a second root", i)
		default:
			path, input, names = "root", root.GetInput(), append([]string{}, root.GetNames()...)
			if input == nil {
				return "", nil, nil, r.errorf("the root has no input")
			}
		}
	}
	if input == nil {
		return "", nil, nil, r.errorf("there is no root")
	}
	return path, input, names, nil
}

// name gives the result its columns and their names.
func (r *reader) name(out *Query, rel relation, names []string) error {
	types := make([]expr.Type, len(rel.cols))
	for i, c := range rel.cols {
		types[i] = c.Type
		out.Output = append(out.Output, c.ID)
		out.Names = append(out.Names, c.Name)
	}
	if names == nil {
		return nil
	}
	r.path = []string{"root"}
	var err error
	if out.Names, err = r.topNames(names, types); err != nil {
		return err
	}
	values, renamed := make([]val, len(rel.cols)), false
	for i, c := range rel.cols {
		values[i] = r.ref(c)
		if !c.Type.Equal(types[i]) { // in the names of fields within it
			values[i].Expr, renamed = &expr.Cast{Arg: c.Ref(), To: types[i]}, true
		}
	}
	if renamed {
		var cols []logical.Column
		out.Plan, cols = r.extend(out.Plan, values)
		out.Output = ids(cols)
		out.Next = r.lastID + 1
	}
	return nil
}

// reader reads one plan.
type reader struct {
	ctx     context.Context
	catalog Catalog
	doc     *Document
	ext     extensions
	args    []expr.Value
	params  []expr.Type
	bound   map[uint32]val // values of parameters that the plan itself binds
	shared  map[int]*sharedPlan
	sets    int // shared plans so far
	path    []string
	depth   int
	lastID  expr.ColumnID
	tiny    map[expr.ColumnID]bool // columns that are i8
	aliases map[int]bool           // type aliases that are being read
	// needsArgs says that something was left open that values of parameters decide.
	needsArgs bool
}

// sharedPlan is a relation of the plan that ReferenceRels read.
type sharedPlan struct {
	plan *logical.Shared // nil while it is being read
	rel  relation
}

// relation is what a Rel delivers: a plan and its columns in order, some of which may
// be the same column.
type relation struct {
	plan  logical.Node
	cols  []logical.Column
	nodes int // of the plan, with what it references
}

// val is an expression and what its type does not say.
type val struct {
	expr.Expr
	tiny bool // an i8
}

func (r *reader) errorf(format string, args ...any) *sqlerr.Error {
	return sqlerr.New(sqlerr.InvalidPlan, "substrait plan: "+strings.Join(r.path, "/")+": "+format, args...)
}

// wrap adds the path to an error of what a relation or an expression means.
func (r *reader) wrap(err error) error {
	if err == nil || sqlerr.CodeOf(err) == sqlerr.InvalidPlan || sqlerr.CodeOf(err) == sqlerr.InsufficientPrivilege {
		return err
	}
	switch code := sqlerr.CodeOf(err); {
	case !strings.HasPrefix(string(code), "42") && code != sqlerr.FeatureNotSupported:
		return sqlerr.Wrap(err, "substrait plan: %s", strings.Join(r.path, "/"))
	default:
		msg, hint := err.Error(), ""
		if e, ok := errors.AsType[*sqlerr.Error](err); ok {
			msg, hint = e.Msg, e.Hint
		}
		return r.errorf("%s", msg).WithHint("%s", hint)
	}
}

// enter counts a relation or an expression; leave must follow when it is no error.
func (r *reader) enter() error {
	if r.depth >= MaxDepth {
		return r.errorf("nested more than %d deep", MaxDepth)
	}
	r.depth++
	return r.ctx.Err()
}

func (r *reader) leave() { r.depth-- }

// in reads something with one more step on the path.
func (r *reader) in(step string, read func() error) error {
	r.path = append(r.path, step)
	err := read()
	r.path = r.path[:len(r.path)-1]
	return err
}

func (r *reader) newColumn(name string, t expr.Type, nullable bool) logical.Column {
	r.lastID++
	return logical.Column{ID: r.lastID, Name: name, Type: t, Nullable: nullable}
}

// column is a new column for a value.
func (r *reader) column(name string, v val, nullable bool) logical.Column {
	c := r.newColumn(name, v.Type(), nullable)
	r.tiny[c.ID] = v.tiny
	return c
}

// plain refuses what changes the meaning of a relation and is not known.
func (r *reader) plain(x *ext.AdvancedExtension) error {
	if e := x.GetEnhancement(); e != nil {
		return r.errorf("enhancement %s is not known", e.GetTypeUrl())
	}
	return nil
}

// parameters reads the values that the plan gives its dynamic parameters.
func (r *reader) parameters(all []*pb.DynamicParameterBinding) error {
	r.bound = map[uint32]val{}
	for _, b := range all {
		if _, twice := r.bound[b.GetParameterAnchor()]; twice {
			return r.errorf("parameter %d is bound twice", b.GetParameterAnchor())
		}
		v, err := r.literal(b.GetValue())
		if err != nil {
			return err
		}
		r.bound[b.GetParameterAnchor()] = v
	}
	return nil
}

// maxParameters bounds the numbers of dynamic parameters.
const maxParameters = 1000

func (r *reader) parameter(p *pb.DynamicParameter) (val, error) {
	t, err := r.typ(p.GetType())
	if err != nil {
		return val{}, err
	}
	if v, ok := r.bound[p.GetParameterReference()]; ok {
		return r.to(v, t)
	}
	n := int(p.GetParameterReference())
	if n >= maxParameters {
		return val{}, r.errorf("parameter %d: at most %d are supported", n, maxParameters)
	}
	for len(r.params) <= n {
		r.params = append(r.params, expr.Type{})
	}
	if was := r.params[n]; was.Kind != expr.Unknown && !was.Equal(t.Type) {
		return val{}, r.errorf("parameter %d is of the types %s and %s", n, was, t.Type)
	}
	r.params[n] = t.Type
	if r.args == nil {
		return val{Expr: &expr.Param{Number: n + 1, Typ: t.Type}, tiny: t.tiny}, nil
	}
	if n >= len(r.args) {
		return val{}, sqlerr.New(sqlerr.UndefinedParameter, "there is no value for parameter %d", n)
	}
	return val{Expr: expr.NewLiteral(r.args[n], t.Type), tiny: t.tiny}, nil
}

func step(kind string, i int) string { return fmt.Sprintf("%s %d", kind, i) }
