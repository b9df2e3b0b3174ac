package standard

import (
	"context"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// ChangeKind is what a plan does to a table.
type ChangeKind uint8

// The changes that there are.
const (
	Insert ChangeKind = iota + 1
	CreateAs
	Create
	Drop
)

// Exists says what is done when there is a table of the name already or, of Drop, when
// there is none.
type Exists uint8

// The choices.
const (
	Fail Exists = iota
	Keep
	Replace
	Append
)

// Change is a plan that changes a table.
type Change struct {
	Kind   ChangeKind
	Name   []string // [schema,] table
	Exists Exists
	// Fields are the columns as the plan names them: those that the rows are for or, of
	// Create and CreateAs, those that the table gets.
	Fields []expr.Field
	// Defaults are the values of Fields where a row has none; nil of all but Create.
	Defaults []expr.Value
	// Rows are what is written; nil of Create and Drop.
	Rows *Query
	// Returns says that the rows, as they are written, are the plan's result.
	Returns bool
}

// Changes reports whether a plan changes tables, by the relation at its root. Anywhere
// else such a relation is an error of Read.
func (d *Document) Changes() bool {
	_, input, _, err := (&reader{path: []string{"plan"}}).root(d.plan.GetRelations())
	return err == nil && changes(input)
}

func changes(m *pb.Rel) bool {
	switch m.GetRelType().(type) {
	case *pb.Rel_Write, *pb.Rel_Ddl, *pb.Rel_Update:
		return true
	}
	return false
}

// ReadChange gives a plan that changes tables its meaning; see Read.
func ReadChange(ctx context.Context, doc *Document, catalog Catalog, args []expr.Value) (*Change, error) {
	r, err := newReader(ctx, doc, catalog, args)
	if err != nil {
		return nil, err
	}
	root, input, _, err := r.root(doc.plan.GetRelations())
	if err != nil {
		return nil, err
	}
	r.path = []string{root}
	var out *Change
	err = r.in(caseName(input.GetRelType()), func() (err error) {
		switch m := input.GetRelType().(type) {
		case *pb.Rel_Write:
			out, err = r.write(m.Write)
		case *pb.Rel_Ddl:
			out, err = r.ddl(m.Ddl)
		case *pb.Rel_Update:
			err = r.unsupported("UPDATE")
		default:
			err = r.errorf("the plan changes nothing")
		}
		return err
	})
	return out, err
}

// unsupported refuses what SQL refuses as well.
func (r *reader) unsupported(what string) error {
	e := r.errorf("%s is not supported", what)
	e.Code = sqlerr.FeatureNotSupported
	return e
}

// write reads INSERT and CREATE TABLE AS.
func (r *reader) write(m *pb.WriteRel) (*Change, error) {
	out := &Change{Kind: Insert}
	switch m.GetOp() {
	case pb.WriteRel_WRITE_OP_INSERT:
		if m.GetCreateMode() != pb.WriteRel_CREATE_MODE_UNSPECIFIED {
			return nil, r.errorf("INSERT has a create mode")
		}
	case pb.WriteRel_WRITE_OP_CTAS:
		out.Kind = CreateAs
	case pb.WriteRel_WRITE_OP_DELETE:
		return nil, r.unsupported("DELETE")
	case pb.WriteRel_WRITE_OP_UPDATE:
		return nil, r.unsupported("UPDATE")
	default:
		return nil, r.errorf("the operation is missing or not known")
	}
	var err error
	if out.Exists, err = r.createMode(m.GetCreateMode()); err != nil {
		return nil, err
	}
	switch m.GetOutput() {
	case pb.WriteRel_OUTPUT_MODE_UNSPECIFIED, pb.WriteRel_OUTPUT_MODE_NO_OUTPUT:
	case pb.WriteRel_OUTPUT_MODE_MODIFIED_RECORDS:
		if out.Kind == CreateAs {
			return nil, r.unsupported("CREATE TABLE AS with rows as its output")
		}
		out.Returns = true
	default:
		return nil, r.errorf("the output mode is not known")
	}
	t, ok := m.GetWriteType().(*pb.WriteRel_NamedTable)
	if !ok {
		return nil, r.errorf("writing to %s is not supported", caseName(m.GetWriteType()))
	}
	if err := r.whole(m.GetCommon()); err != nil {
		return nil, err
	}
	if err := r.plain(m.GetAdvancedExtension()); err != nil {
		return nil, err
	}
	if out.Name, err = r.objectName(t.NamedTable); err != nil {
		return nil, err
	}
	if out.Fields, err = r.fields(m.GetTableSchema()); err != nil {
		return nil, err
	}
	out.Rows, err = r.rows(m.GetInput(), out.Fields)
	return out, err
}

func (r *reader) createMode(m pb.WriteRel_CreateMode) (Exists, error) {
	switch m {
	case pb.WriteRel_CREATE_MODE_UNSPECIFIED, pb.WriteRel_CREATE_MODE_ERROR_IF_EXISTS:
		return Fail, nil
	case pb.WriteRel_CREATE_MODE_IGNORE_IF_EXISTS:
		return Keep, nil
	case pb.WriteRel_CREATE_MODE_REPLACE_IF_EXISTS:
		return Replace, nil
	case pb.WriteRel_CREATE_MODE_APPEND_IF_EXISTS:
		return Append, nil
	}
	return Fail, r.errorf("the create mode is not known")
}

// whole refuses to give out other columns than those that are written.
func (r *reader) whole(c *pb.RelCommon) error {
	if c.GetEmit() != nil {
		return r.errorf("the emit of a relation that changes a table is not supported")
	}
	return r.plain(c.GetAdvancedExtension())
}

func (r *reader) objectName(m *pb.NamedObjectWrite) ([]string, error) {
	names := m.GetNames()
	if len(names) == 0 || names[len(names)-1] == "" {
		return nil, r.errorf("the table has no name")
	}
	return names[max(0, len(names)-2):], r.plain(m.GetAdvancedExtension())
}

// fields are the columns of a table's schema, which are what is kept of them.
func (r *reader) fields(s *pb.NamedStruct) ([]expr.Field, error) {
	types, names, err := r.schema(s)
	if err != nil {
		return nil, err
	}
	out := make([]expr.Field, len(types))
	for i, t := range types {
		out[i] = expr.Field{Name: names[i], Type: t.Type, Nullable: t.nullable}
	}
	return out, nil
}

// rows reads what is written, a column for each of fields.
func (r *reader) rows(m *pb.Rel, fields []expr.Field) (*Query, error) {
	rel, err := r.rel(m, nil)
	if err != nil {
		return nil, err
	}
	if len(rel.cols) != len(fields) {
		return nil, r.errorf("the rows have %d columns, the table's schema has %d", len(rel.cols), len(fields))
	}
	out := &Query{Plan: rel.plan, Params: r.params, Next: r.lastID + 1, Shared: r.sets + 1}
	for i, c := range rel.cols {
		out.Output, out.Names = append(out.Output, c.ID), append(out.Names, fields[i].Name)
	}
	return out, nil
}

// ddl reads CREATE TABLE and DROP TABLE.
func (r *reader) ddl(m *pb.DdlRel) (*Change, error) {
	out := &Change{Kind: Create}
	switch m.GetObject() {
	case pb.DdlRel_DDL_OBJECT_TABLE:
	case pb.DdlRel_DDL_OBJECT_VIEW:
		return nil, r.unsupported("a view")
	default:
		return nil, r.errorf("the kind of the object is missing or not known")
	}
	switch m.GetOp() {
	case pb.DdlRel_DDL_OP_CREATE:
	case pb.DdlRel_DDL_OP_CREATE_OR_REPLACE:
		out.Exists = Replace
	case pb.DdlRel_DDL_OP_DROP:
		out.Kind = Drop
	case pb.DdlRel_DDL_OP_DROP_IF_EXIST:
		out.Kind, out.Exists = Drop, Keep
	case pb.DdlRel_DDL_OP_ALTER:
		return nil, r.unsupported("ALTER TABLE")
	default:
		return nil, r.errorf("the operation is missing or not known")
	}
	t, ok := m.GetWriteType().(*pb.DdlRel_NamedObject)
	if !ok {
		return nil, r.errorf("an object of case %s is not supported", caseName(m.GetWriteType()))
	}
	if m.GetViewDefinition() != nil {
		return nil, r.errorf("a table has the definition of a view")
	}
	err := r.whole(m.GetCommon())
	if err == nil {
		err = r.plain(m.GetAdvancedExtension())
	}
	if err == nil {
		out.Name, err = r.objectName(t.NamedObject)
	}
	if err != nil || out.Kind == Drop {
		return out, err
	}
	if out.Fields, err = r.fields(m.GetTableSchema()); err != nil {
		return nil, err
	}
	out.Defaults, err = r.defaults(m.GetTableDefaults(), out.Fields)
	return out, err
}

// defaults are the values that a struct of literals gives columns; none of them is NULL
// for all.
func (r *reader) defaults(m *pb.Expression_Literal_Struct, fields []expr.Field) ([]expr.Value, error) {
	if len(m.GetFields()) == 0 {
		return nil, nil
	}
	if len(m.GetFields()) != len(fields) {
		return nil, r.errorf("there are %d defaults for %d columns", len(m.GetFields()), len(fields))
	}
	out := make([]expr.Value, len(fields))
	for i, l := range m.GetFields() {
		v, err := r.literal(l)
		if err != nil {
			return nil, err
		}
		if v, err = r.to(v, kept{Type: fields[i].Type}); err != nil {
			return nil, err
		}
		value, ok := v.Expr.(*expr.Literal)
		if !ok {
			return nil, r.errorf("the default of column %q is not of its type", fields[i].Name)
		}
		out[i] = value.Value
	}
	return out, nil
}
