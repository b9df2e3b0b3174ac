package session

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/object"
)

// key reads a PRIMARY KEY or UNIQUE constraint; on is the column that it stands with, if it
// does. It is called when all columns of the table are known.
func (d *definition) key(c sql.Constraint, on string) error {
	k := catalog.Key{Name: c.Name.Text, Primary: c.Kind == sql.PrimaryKey}
	names := c.Columns
	if on != "" {
		names = []sql.Ident{{Loc: c.Loc, Text: on}}
	}
	for _, n := range names {
		at := slices.IndexFunc(d.fields, func(f expr.Field) bool { return f.Name == n.Text })
		switch {
		case at < 0:
			return sqlerr.At(sqlerr.UndefinedColumn, n.Span(), "column %q named in key does not exist", n.Text)
		case slices.Contains(k.Columns, n.Text) && k.Primary:
			return sqlerr.At(sqlerr.DuplicateColumn, n.Span(), "column %q appears twice in primary key constraint", n.Text)
		case slices.Contains(k.Columns, n.Text):
			return sqlerr.At(sqlerr.DuplicateColumn, n.Span(), "column %q appears twice in unique constraint", n.Text)
		case d.fields[at].Type.IsNested():
			return sqlerr.At(sqlerr.FeatureNotSupported, n.Span(), "keys of type %s are not supported", d.fields[at].Type)
		}
		if k.Primary {
			d.fields[at].Nullable = false
		}
		k.Columns = append(k.Columns, n.Text)
	}
	if k.Primary && slices.ContainsFunc(d.keys, func(k catalog.Key) bool { return k.Primary }) {
		return sqlerr.At(invalidTable, c.Span(), "multiple primary keys for table %q are not allowed", d.name)
	}
	d.keys = append(d.keys, k)
	return nil
}

// invalidTable is PostgreSQL's invalid_table_definition.
const invalidTable sqlerr.Code = "42P16"

// nameKeys gives keys without a name the ones that PostgreSQL would.
func (d *definition) nameKeys() {
	taken := map[string]bool{}
	for _, k := range d.keys {
		taken[k.Name] = true
	}
	for i, k := range d.keys {
		if k.Name != "" {
			continue
		}
		name := d.name + "_" + strings.Join(k.Columns, "_") + "_key"
		if k.Primary {
			name = d.name + "_pkey"
		}
		for n, first := 1, name; taken[name]; n++ {
			name = first + strconv.Itoa(n)
		}
		taken[name], d.keys[i].Name = true, name
	}
}

// publish makes the rows of a writer the table's, if these keep its keys. As long as they are
// looked at nobody else adds rows to the table.
func (s *Statements) publish(ctx context.Context, session *flight.Session, t *catalog.Table, w *writing) error {
	checks, checked := s.rights(session).Table(t.Schema, t.Name, t.Owner).Checked()
	if len(t.Keys) == 0 && !checked || w.Rows() == 0 {
		return w.Publish(ctx)
	}
	parts, err := w.Parts()
	if err != nil {
		return err
	}
	if checked {
		if err := s.passes(ctx, session, t, checks, parts); err != nil {
			return err
		}
	}
	if len(t.Keys) == 0 {
		return w.Publish(ctx)
	}
	done, err := t.Memory.Alone(ctx)
	if err != nil {
		return err
	}
	defer done()
	for _, k := range t.Keys {
		if err := s.keeps(ctx, session, t, k, parts, w.Rows()); err != nil {
			return err
		}
	}
	return w.Publish(ctx)
}

// passes looks for a new row that no policy lets the user add.
func (s *Statements) passes(ctx context.Context, session *flight.Session, t *catalog.Table, checks []access.Policy, parts []object.Info) error {
	conditions := []string{"false"}
	for _, p := range checks {
		conditions = append(conditions, "("+p.Check+")")
	}
	text := fmt.Sprintf("select 1 from added as %s where not coalesce(%s, false) limit 1", quoted(t.Name), strings.Join(conditions, " or "))
	all, err := sql.Parse(text)
	if err != nil {
		return err
	}
	l := &keyed{lookup: s.lookup(session), target: t, added: parts}
	plan := func() (*planner.Plan, error) { return planner.Query(ctx, all[0].(*sql.Query), l, s.options(session)) }
	return s.pour(ctx, session, "", plan, func(b *vector.Batch) error {
		if b.Rows() == 0 {
			return nil
		}
		return errPolicy(t.Name)
	})
}

// quoted is a name as SQL takes it, whatever is in it.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// keeps looks for a key that is twice in new rows, or in one of them and in the table.
func (s *Statements) keeps(ctx context.Context, session *flight.Session, t *catalog.Table, k catalog.Key, parts []object.Info, rows int64) error {
	var texts, names, present, same []string
	for _, c := range k.Columns {
		q := quoted(c)
		names, texts = append(names, q), append(texts, q+"::text")
		present, same = append(present, q+" is not null"), append(same, "_n."+q+" = _o."+q)
	}
	ask := func(text string) error {
		all, err := sql.Parse(text)
		if err != nil {
			return err
		}
		query := all[0].(*sql.Query)
		plan := func() (*planner.Plan, error) {
			l := &keyed{lookup: s.lookup(session), target: t, added: parts, there: t.Memory.Parts()}
			return planner.Query(ctx, query, l, s.options(session))
		}
		return s.pour(ctx, session, "", plan, func(b *vector.Batch) error {
			rows := b.Selected()
			if len(rows) == 0 {
				return nil
			}
			var values []string
			for i := range b.Cols {
				c, at := b.Cols[i].At(int(rows[0]))
				values = append(values, expr.Excerpt(c.StringAt(at)))
			}
			return sqlerr.New(sqlerr.UniqueViolation, "duplicate key value violates unique constraint %q", k.Name).
				WithHint("Key (%s)=(%s) already exists.", strings.Join(k.Columns, ", "), strings.Join(values, ", "))
		})
	}
	if rows > 1 {
		err := ask(fmt.Sprintf("select %s from added where %s group by %s having count(*) > 1 limit 1",
			strings.Join(texts, ", "), strings.Join(present, " and "), strings.Join(names, ", ")))
		if err != nil {
			return err
		}
	}
	return ask(fmt.Sprintf("select %s from there _o where exists (select 1 from added _n where %s) limit 1",
		strings.Join(texts, ", "), strings.Join(same, " and ")))
}

// keyed is the catalog of what looks at keys: the rows that a table has, and those that come.
type keyed struct {
	*lookup
	target       *catalog.Table
	added, there []object.Info
}

// Table gives either by its name. Nothing else is named.
func (k *keyed) Table(_ context.Context, _, name string) (*logical.Table, error) {
	parts := k.there
	if name == "added" {
		parts = k.added
	}
	return describeTable(k.target, &catalog.Files{Infos: parts})
}

// constraintRows are the constraints of tables, for information_schema.
func (s *Statements) constraintRows(session *flight.Session) (out []row) {
	for _, r := range s.relations(session) {
		for _, k := range r.keys {
			kind := "UNIQUE"
			if k.Primary {
				kind = "PRIMARY KEY"
			}
			out = append(out, row{"constraint_catalog": expr.Str(catalogName), "constraint_schema": expr.Str(r.schema), "constraint_name": expr.Str(k.Name),
				"table_catalog": expr.Str(catalogName), "table_schema": expr.Str(r.schema), "table_name": expr.Str(r.name), "constraint_type": expr.Str(kind),
				"is_deferrable": yesNo(false), "initially_deferred": yesNo(false), "enforced": yesNo(true), "nulls_distinct": yesNo(true)})
		}
	}
	return out
}

// keyColumnRows are the columns of keys in their order.
func (s *Statements) keyColumnRows(session *flight.Session) (out []row) {
	for _, r := range s.relations(session) {
		for _, k := range r.keys {
			for i, c := range k.Columns {
				out = append(out, row{"constraint_catalog": expr.Str(catalogName), "constraint_schema": expr.Str(r.schema), "constraint_name": expr.Str(k.Name),
					"table_catalog": expr.Str(catalogName), "table_schema": expr.Str(r.schema), "table_name": expr.Str(r.name), "column_name": expr.Str(c),
					"ordinal_position": expr.Int(int64(i + 1))})
			}
		}
	}
	return out
}

// usedColumnRows are the columns that constraints are about.
func (s *Statements) usedColumnRows(session *flight.Session) (out []row) {
	for _, r := range s.keyColumnRows(session) {
		delete(r, "ordinal_position")
		out = append(out, r)
	}
	return out
}

// pgConstraint lists keys as pg_constraint does.
func (s *Statements) pgConstraint(session *flight.Session) (out []row) {
	no, none := expr.BoolValue(false), expr.Int(0)
	for _, r := range s.relations(session) {
		for _, k := range r.keys {
			kind := "u"
			if k.Primary {
				kind = "p"
			}
			var numbers []string
			for _, c := range k.Columns {
				at := slices.IndexFunc(r.columns, func(f expr.Field) bool { return f.Name == c })
				numbers = append(numbers, strconv.Itoa(at+1))
			}
			out = append(out, row{"oid": expr.Int(nameOID("constraint", r.schema, r.name, k.Name)), "conname": expr.Str(k.Name), "connamespace": expr.Int(schemaOID(r.schema)),
				"contype": expr.Str(kind), "condeferrable": no, "condeferred": no, "convalidated": expr.BoolValue(true), "conrelid": expr.Int(r.oid()),
				"contypid": none, "conindid": none, "conparentid": none, "confrelid": none, "conislocal": expr.BoolValue(true), "coninhcount": none,
				"connoinherit": expr.BoolValue(true), "conkey": expr.Str("{" + strings.Join(numbers, ",") + "}")})
		}
	}
	return out
}
