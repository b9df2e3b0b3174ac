package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/planner/substrait/standard"
	"github.com/skein-query/skein/storage/catalog"
)

// changePlan is a plan that changes a table. Where it makes or drops one, or writes rows,
// it does what the statement of SQL does, and asks for the same rights.
type changePlan struct {
	statements *Statements
	session    *flight.Session
	doc        *standard.Document
	change     *standard.Change // as it was described
	into       *insert          // of an INSERT: what comes back
}

// prepareChange reads and describes a plan that changes a table.
func (s *Statements) prepareChange(ctx context.Context, session *flight.Session, doc *standard.Document) (flight.Prepared, error) {
	l := s.lookup(session)
	l.typesOnly = true
	change, err := planner.Change(ctx, doc, l, nil, s.options(session))
	if err != nil {
		return nil, err
	}
	p := &changePlan{statements: s, session: session, doc: doc, change: change}
	if change.Kind != standard.Insert {
		return p, nil
	}
	t, target, err := p.target(ctx)
	if err != nil {
		return nil, err
	}
	columns, err := p.mayFill(t, target)
	if err != nil {
		return nil, err
	}
	p.into = &insert{statements: s, session: session, stmt: &sql.Insert{Table: &sql.TableName{Name: p.name()}}}
	if !change.Returns {
		return p, nil
	}
	for i, f := range columns {
		column := sql.Name{Parts: []sql.Ident{{Text: f.Name}}}
		p.into.stmt.Returning = append(p.into.stmt.Returning, sql.SelectItem{Value: &sql.ColumnRef{Name: column}, Alias: sql.Ident{Text: change.Fields[i].Name}})
	}
	described, err := planner.Prepare(ctx, p.into.query(), &returned{lookup: l, target: t, name: p.into.stmt.Table}, s.options(session))
	if err != nil {
		return nil, err
	}
	p.into.returning = described.Fields
	return p, nil
}

func (p *changePlan) Columns() []expr.Field {
	if p.into == nil {
		return nil
	}
	return p.into.returning
}

func (p *changePlan) Parameters() []expr.Type {
	if p.change.Rows == nil {
		return nil
	}
	return p.change.Rows.Params
}

func (p *changePlan) IsUpdate() bool { return true }

func (p *changePlan) Execute(context.Context, []expr.Value) (flight.Result, error) {
	return nil, errNotRead
}

// Update changes the table once, with the rows of all executions.
func (p *changePlan) Update(ctx context.Context, rows [][]expr.Value) (flight.Result, error) {
	for _, args := range rows {
		if err := checkArgs(args, p.Parameters()); err != nil {
			return nil, err
		}
		if err := holdDigits(p.Parameters(), args); err != nil {
			return nil, err
		}
	}
	switch p.change.Kind {
	case standard.Insert:
		return p.insert(ctx, rows)
	case standard.Drop:
		return p.drop(ctx)
	}
	return p.create(ctx, rows)
}

// name is the table's as the plan has it, in the case of the table that is meant.
func (p *changePlan) name() sql.Name {
	parts := make([]sql.Ident, len(p.change.Name))
	for i, n := range p.change.Name {
		parts[i].Text = n
	}
	name := sql.Name{Parts: parts}
	if _, ok := p.statements.named(p.session, name); ok {
		return name
	}
	last := len(parts) - 1
	for _, have := range append([]string{strings.ToLower(parts[last].Text)}, p.statements.tableNames(p.session)...) {
		if !strings.EqualFold(have, parts[last].Text) {
			continue
		}
		folded := sql.Name{Parts: append([]sql.Ident(nil), parts...)}
		folded.Parts[last].Text = have
		for i := range last {
			folded.Parts[i].Text = strings.ToLower(parts[i].Text)
		}
		if _, ok := p.statements.named(p.session, folded); ok {
			return folded
		}
	}
	return name
}

func (p *changePlan) target(ctx context.Context) (*catalog.Table, planner.Target, error) {
	return p.statements.target(ctx, p.session, &sql.TableName{Name: p.name()})
}

// mayFill refuses rows for columns that the session's user may not fill, and gives these.
func (p *changePlan) mayFill(t *catalog.Table, target planner.Target) ([]expr.Field, error) {
	columns, err := planner.ColumnsOf(target, p.change.Rows.Names)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(columns))
	for i, f := range columns {
		names[i] = f.Name
	}
	return columns, p.statements.mayInsert(p.session, t, names)
}

func (p *changePlan) insert(ctx context.Context, rows [][]expr.Value) (flight.Result, error) {
	t, target, err := p.target(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := p.mayFill(t, target); err != nil {
		return nil, err
	}
	w, err := newWriting(t, target.Fields)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := p.write(ctx, w, target, rows); err != nil {
		return nil, err
	}
	return p.into.publish(ctx, w, t)
}

// write puts the rows of all executions into a writer.
func (p *changePlan) write(ctx context.Context, w *writing, target planner.Target, rows [][]expr.Value) error {
	s := p.statements
	for _, args := range rows {
		if args == nil {
			args = []expr.Value{}
		}
		opt := s.options(p.session)
		err := s.pour(ctx, p.session, titleOf(p.doc), func() (*planner.Plan, error) {
			change, err := planner.Change(ctx, p.doc, s.lookup(p.session), args, opt)
			if err != nil {
				return nil, err
			}
			return planner.ChangeRows(ctx, change, target, opt)
		}, func(b *vector.Batch) error { return w.Write(ctx, b) })
		if err != nil {
			return err
		}
	}
	return nil
}

// create makes a table, with rows when there are some, and then gives it its name.
func (p *changePlan) create(ctx context.Context, rows [][]expr.Value) (flight.Result, error) {
	s, c := p.statements, p.change
	name := sql.Name{}
	for _, n := range c.Name {
		name.Parts = append(name.Parts, sql.Ident{Text: n})
	}
	d, err := s.place(p.session, name, false)
	if err != nil {
		return nil, err
	}
	have, ok := s.Catalog.Lookup(d.schema, d.name)
	switch {
	case !ok:
	case c.Exists == standard.Keep:
		flight.Warn(ctx, fmt.Sprintf("relation %q already exists, skipping", d.name))
		return noResult{}, nil
	case c.Exists == standard.Append:
		into := &insert{statements: s, session: p.session, stmt: &sql.Insert{Table: &sql.TableName{Name: name}}}
		return (&changePlan{s, p.session, p.doc, c, into}).insert(ctx, rows)
	case c.Exists == standard.Fail:
		return nil, sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", d.name)
	case have.Memory == nil:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "cannot change %q: it is an external table", d.name)
	}
	if err := s.mayDefine(p.session, &d, have); err != nil {
		return nil, err
	}
	if d.fields, d.defaults, err = p.columns(); err != nil {
		return nil, err
	}
	t, err := s.make(d)
	if err != nil {
		return nil, err
	}
	n, err := p.fill(ctx, t, d.fields, rows)
	if err != nil {
		t.Memory.Drop()
		return nil, err
	}
	created, err := s.name(ctx, p.session, t, map[standard.Exists]catalog.Exists{standard.Keep: catalog.Keep, standard.Replace: catalog.Replace}[c.Exists])
	if err != nil || !created || c.Rows == nil {
		return noResult{}, err
	}
	return written{n}, nil
}

// columns are those of the table that the plan makes, with their defaults as SQL.
func (p *changePlan) columns() ([]expr.Field, []string, error) {
	var defaults []string
	for i, v := range p.change.Defaults {
		f := p.change.Fields[i]
		text := ""
		switch {
		case v.Null:
		case f.Type.IsNested():
			return nil, nil, sqlerr.New(sqlerr.FeatureNotSupported, "a default of type %s is not supported", f.Type)
		default:
			text = "'" + strings.ReplaceAll(expr.FormatValue(v, f.Type), "'", "''") + "'"
		}
		defaults = append(defaults, text)
	}
	return p.change.Fields, defaults, nil
}

// fill writes the rows of a table that nobody sees yet.
func (p *changePlan) fill(ctx context.Context, t *catalog.Table, fields []expr.Field, rows [][]expr.Value) (int64, error) {
	if p.change.Rows == nil {
		return 0, nil
	}
	w, err := newWriting(t, fields)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	if err := p.write(ctx, w, planner.Target{Name: t.Name, Fields: fields}, rows); err != nil {
		return 0, err
	}
	return w.Rows(), w.Publish(ctx)
}

func (p *changePlan) drop(ctx context.Context) (flight.Result, error) {
	stmt := &sql.Drop{Kind: sql.Table, Names: []sql.Name{p.name()}, IfExists: p.change.Exists == standard.Keep}
	return (&effect{statements: p.statements, session: p.session, stmt: stmt, text: titleOf(p.doc)}).Update(ctx, [][]expr.Value{nil})
}
