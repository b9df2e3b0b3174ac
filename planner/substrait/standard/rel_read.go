package standard

import (
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// read reads a table, rows that stand in the plan, or files. Its filter applies
// before its projection; the best effort filter says nothing that must be done.
func (r *reader) read(m *pb.ReadRel, outer *scope) (relation, error) {
	types, names, err := r.schema(m.GetBaseSchema())
	if err != nil {
		return relation{}, err
	}
	var out relation
	switch t := m.GetReadType().(type) {
	case *pb.ReadRel_NamedTable_:
		if err = r.plain(t.NamedTable.GetAdvancedExtension()); err == nil {
			out, err = r.namedTable(t.NamedTable.GetNames(), names, types)
		}
	case *pb.ReadRel_VirtualTable_:
		out, err = r.virtualTable(t.VirtualTable, names, types, outer)
	case *pb.ReadRel_LocalFiles_:
		if err = r.plain(t.LocalFiles.GetAdvancedExtension()); err == nil {
			out, err = r.localFiles(t.LocalFiles.GetItems(), names, types)
		}
	case nil:
		err = r.errorf("what is to be read is missing")
	default:
		err = r.errorf("reading from %s is not supported", caseName(t))
	}
	if err != nil {
		return relation{}, err
	}
	if m.GetFilter() != nil {
		s := &scope{cols: out.cols, outer: outer}
		if out.plan, err = r.filter(out.plan, m.GetFilter(), s); err != nil {
			return relation{}, err
		}
		out.nodes += s.nodes
	}
	if m.GetProjection() != nil {
		out.cols, err = r.mask(m.GetProjection(), out.cols)
	}
	return out, err
}

func (r *reader) schema(s *pb.NamedStruct) ([]kept, []string, error) {
	out := make([]kept, len(s.GetStruct().GetTypes()))
	types := make([]expr.Type, len(out))
	for i, t := range s.GetStruct().GetTypes() {
		var err error
		if out[i], err = r.typ(t); err != nil {
			return nil, nil, err
		}
		types[i] = out[i].Type
	}
	names, err := r.topNames(s.GetNames(), types)
	for i, t := range types {
		out[i].Type = t
	}
	return out, names, err
}

// mask is the columns that a projection of a read keeps.
func (r *reader) mask(m *pb.Expression_MaskExpression, cols []logical.Column) ([]logical.Column, error) {
	var out []logical.Column
	for _, item := range m.GetSelect().GetStructItems() {
		if item.GetChild() != nil {
			return nil, r.errorf("a projection of fields within a column is not supported")
		}
		if i := item.GetField(); i < 0 || int(i) >= len(cols) {
			return nil, r.errorf("the projection asks for column %d of %d", i, len(cols))
		}
		out = append(out, cols[item.GetField()])
	}
	return out, nil
}

func (r *reader) namedTable(path, names []string, types []kept) (relation, error) {
	if len(path) == 0 {
		return relation{}, r.errorf("the table has no name")
	}
	schema, name := "", path[len(path)-1]
	if len(path) > 1 {
		schema = path[len(path)-2]
	}
	t, err := r.lookup(schema, name)
	if err != nil {
		return relation{}, r.wrap(err)
	}
	return r.scan(t, name, names, types)
}

// lookup finds a table by its name, or by a name that differs in case: producers
// write names in upper case.
func (r *reader) lookup(schema, name string) (*logical.Table, error) {
	t, err := r.catalog.Table(r.ctx, schema, name)
	if sqlerr.CodeOf(err) != sqlerr.UndefinedTable {
		return t, err
	}
	for _, s := range []string{schema, strings.ToLower(schema)} {
		for _, have := range append([]string{strings.ToLower(name)}, r.catalog.TableNames(r.ctx)...) {
			if !strings.EqualFold(have, name) {
				continue
			}
			if t, err := r.catalog.Table(r.ctx, s, have); sqlerr.CodeOf(err) != sqlerr.UndefinedTable {
				return t, err
			}
		}
	}
	return nil, err
}

// scan reads the columns of a table that the plan names, in the plan's order.
func (r *reader) scan(t *logical.Table, name string, names []string, types []kept) (relation, error) {
	scan := &logical.Scan{Table: t}
	values := make([]val, len(names))
	seen := map[int]logical.Column{}
	for i, column := range names {
		at := fieldNamed(t.Fields, column)
		if at < 0 {
			return relation{}, r.errorf("table %q has no column %q", name, column)
		}
		c, twice := seen[at]
		if !twice {
			f := t.Fields[at]
			c = r.newColumn(f.Name, f.Type, f.Nullable)
			seen[at] = c
			scan.Cols, scan.Fields = append(scan.Cols, c), append(scan.Fields, at)
		}
		v, err := r.stored(c, types[i])
		if err != nil {
			return relation{}, r.errorf("column %q of table %q is of type %s, and %s in the plan", column, name, c.Type, types[i].Type)
		}
		values[i] = v
	}
	var table logical.Node = scan
	if t.Files == nil && t.Rows != nil && t.Guard == nil { // a table that is computed
		table = computedTable(scan)
	}
	plan, cols := r.extend(table, values)
	for i := range cols {
		cols[i].Name = names[i]
	}
	return relation{plan: plan, cols: cols, nodes: 1}, nil
}

// computedTable is the rows of a table that has no files, as the binder of SQL has them.
func computedTable(s *logical.Scan) *logical.Values {
	out := &logical.Values{Cols: s.Cols, Rows: make([][]expr.Value, len(s.Table.Rows))}
	for i, row := range s.Table.Rows {
		for _, f := range s.Fields {
			out.Rows[i] = append(out.Rows[i], row[f])
		}
	}
	return out
}

// fieldNamed is the field of that name, or else the only one whose name differs in
// case, -1 when there is none.
func fieldNamed(fields []expr.Field, name string) int {
	folded := -1
	for i, f := range fields {
		if f.Name == name {
			return i
		}
		if strings.EqualFold(f.Name, name) {
			if folded >= 0 {
				folded = -2
			} else if folded == -1 {
				folded = i
			}
		}
	}
	return max(folded, -1)
}

// stored is a column of a table as the type that the plan says it has: of the same
// kind, or of one that holds all its values. Strings stay what they are, so that
// fixed chars that the table has not filled up with blanks compare as they should.
func (r *reader) stored(c logical.Column, want kept) (val, error) {
	v := val{Expr: c.Ref(), tiny: want.tiny}
	from, to := c.Type, want.Type
	switch {
	case from.Equal(to) && !want.tiny, from.IsString() && to.IsString(), sameParts(from, to), from.HasSeconds() && from.Kind == to.Kind:
		v.tiny = want.tiny
		return v, nil
	case want.tiny && from.IsInteger():
		return r.to(v, want)
	case from.Kind == expr.Numeric && to.Kind == expr.Numeric && to.Scale >= from.Scale,
		from.Kind != to.Kind && expr.CanCast(from, to, expr.Implicit):
		return r.to(v, want)
	}
	return v, r.errorf("")
}

// sameParts reports whether nested types differ in names and nullability alone.
func sameParts(a, b expr.Type) bool {
	if !a.IsNested() || a.Kind != b.Kind {
		return a.Equal(b) || a.IsString() && b.IsString()
	}
	if a.Kind == expr.List {
		return sameParts(a.Nested.Elem, b.Nested.Elem)
	}
	if len(a.Nested.Fields) != len(b.Nested.Fields) {
		return false
	}
	for i, f := range a.Nested.Fields {
		if !sameParts(f.Type, b.Nested.Fields[i].Type) {
			return false
		}
	}
	return true
}

// virtualTable is rows of constants, or of expressions.
func (r *reader) virtualTable(m *pb.ReadRel_VirtualTable, names []string, types []kept, outer *scope) (relation, error) {
	var rows [][]val
	for i, row := range m.GetValues() {
		var vals []val
		for _, l := range row.GetFields() {
			v, err := r.literal(l)
			if err != nil {
				return relation{}, err
			}
			vals = append(vals, v)
		}
		if len(vals) != len(types) {
			return relation{}, r.errorf("row %d has %d values for %d columns", i, len(vals), len(types))
		}
		rows = append(rows, vals)
	}
	for i, row := range m.GetExpressions() {
		vals, err := r.exprs(row.GetFields(), &scope{outer: outer})
		if err != nil {
			return relation{}, err
		}
		if len(vals) != len(types) {
			return relation{}, r.errorf("row %d has %d values for %d columns", i, len(vals), len(types))
		}
		rows = append(rows, vals)
	}
	out := &logical.Values{Rows: make([][]expr.Value, len(rows))}
	for i, t := range types {
		c := r.newColumn(names[i], t.Type, t.nullable)
		r.tiny[c.ID] = t.tiny
		out.Cols = append(out.Cols, c)
	}
	for i, row := range rows {
		out.Rows[i] = make([]expr.Value, len(row))
		for j, v := range row {
			v, err := r.to(v, types[j])
			if err != nil {
				return relation{}, err
			}
			if len(logical.Used(v.Expr)) > 0 || hasParam(v.Expr) {
				return r.computedRows(rows, out.Cols, types)
			}
			if out.Rows[i][j], err = eval.Constant(v.Expr); err != nil {
				return relation{}, r.wrap(err)
			}
		}
	}
	return relation{plan: out, cols: out.Cols, nodes: 1}, nil
}

// computedRows is rows of which some are not constant: a union of projections.
func (r *reader) computedRows(rows [][]val, cols []logical.Column, types []kept) (relation, error) {
	out := &logical.SetOp{Kind: logical.UnionAll, Cols: cols}
	for _, row := range rows {
		p := &logical.Project{Input: &logical.Values{Rows: [][]expr.Value{{}}}}
		var ids []expr.ColumnID
		for j, v := range row {
			v, err := r.to(v, types[j])
			if err != nil {
				return relation{}, err
			}
			c := r.column(cols[j].Name, v, true)
			p.Items, ids = append(p.Items, logical.Item{Col: c, Expr: v.Expr}), append(ids, c.ID)
		}
		out.Args, out.Maps = append(out.Args, p), append(out.Maps, ids)
	}
	return relation{plan: out, cols: cols, nodes: len(rows)}, nil
}

// localFiles reads Parquet files by their locations, one after the other.
func (r *reader) localFiles(items []*pb.ReadRel_LocalFiles_FileOrFiles, names []string, types []kept) (relation, error) {
	if len(items) == 0 {
		return relation{}, r.errorf("there are no files to read")
	}
	var all []relation
	for i, f := range items {
		switch f.GetFileFormat().(type) {
		case *pb.ReadRel_LocalFiles_FileOrFiles_Parquet, nil:
		default:
			return relation{}, r.errorf("file %d is not of Parquet", i)
		}
		if f.GetStart() != 0 {
			return relation{}, r.errorf("file %d: reading a part of a file is not supported", i)
		}
		location := firstNot("", f.GetUriFile(), f.GetUriPath(), f.GetUriPathGlob(), f.GetUriFolder())
		t, err := r.catalog.Parquet(r.ctx, strings.TrimPrefix(location, "file://"))
		if err != nil {
			return relation{}, r.wrap(err)
		}
		one, err := r.scan(t, location, names, types)
		if err != nil {
			return relation{}, err
		}
		all = append(all, one)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return r.union(all)
}

func firstNot(none string, list ...string) string {
	for _, s := range list {
		if s != none {
			return s
		}
	}
	return none
}
