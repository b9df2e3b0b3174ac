package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
)

// grant grants privileges or takes them away.
func (e *effect) grant(ctx context.Context, stmt *sql.Grant) error {
	warning := ""
	err := e.change(ctx, func(p planning) (_ []access.Change, err error) {
		warning = ""
		p.warning = &warning
		var roles []string
		for _, n := range stmt.Roles {
			role, err := p.exists(n)
			if err != nil {
				return nil, err
			}
			if role == access.Public && stmt.Option && !stmt.Revoke {
				return nil, sqlerr.At(invalidGrant, n.Span(), "grant options can only be granted to roles")
			}
			roles = append(roles, role)
		}
		switch stmt.Target {
		case sql.OnLocations:
			return p.grantLocations(stmt, roles)
		case sql.OnSchemas, sql.OnAllTables:
			out, err := p.grantSchemas(stmt, roles)
			if err != nil {
				return nil, err
			}
			return p.withDependents(stmt, out)
		}
		var out []access.Change
		for _, name := range stmt.Objects {
			schema, table := p.target(name)
			t, ok := p.tables.Table(schema, table)
			if !ok {
				return nil, p.noTable(schema, table, name)
			}
			c, err := p.grantTable(stmt, t, name.Span(), roles)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		return p.withDependents(stmt, out)
	})
	if err == nil && warning != "" {
		flight.Warn(ctx, warning)
	}
	return err
}

// kindOf is what a grant does.
func kindOf(stmt *sql.Grant) string {
	switch {
	case stmt.Revoke && stmt.Option:
		return access.DropOption
	case stmt.Revoke:
		return access.DropGrants
	}
	return access.PutGrants
}

// withDependents adds what others granted by options that are revoked: they go along with
// CASCADE only.
func (p planning) withDependents(stmt *sql.Grant, changes []access.Change) ([]access.Change, error) {
	if !stmt.Revoke {
		return changes, nil
	}
	for o, list := range p.now.With(changes...).Unsupported() {
		if !stmt.Cascade {
			return nil, sqlerr.At(dependentObjects, stmt.Span(), "dependent privileges exist").WithHint("Use CASCADE to revoke them too.")
		}
		changes = append(changes, access.Change{Kind: access.DropGrants, Object: &o, Grants: list})
	}
	return changes, nil
}

// granting is what somebody may grant on one object.
type granting struct {
	object  string // as a message calls it
	grants  func(p access.Privilege, column string) (by string, ok bool)
	visible bool // something may be done with it
	denied  error
}

// byGrantor keeps the grants of a statement that its user may make or take away, as those of
// the role whose option it uses. As in PostgreSQL it is told of the others, and refused only
// when the object is none of its business.
func (p planning) byGrantor(stmt *sql.Grant, list []access.Grant, on granting) ([]access.Grant, error) {
	var out []access.Grant
	for _, g := range list {
		if by, ok := on.grants(g.Privilege, g.Column); ok {
			g.By, g.Option = by, stmt.Option && !stmt.Revoke
			out = append(out, g)
		}
	}
	verb := "granted"
	if stmt.Revoke {
		verb = "revoked"
	}
	switch {
	case len(out) == len(list):
	case len(out) > 0 && stmt.Revoke:
		*p.warning = fmt.Sprintf("not all privileges could be %s for %q", verb, on.object)
	case len(out) > 0:
		*p.warning = fmt.Sprintf("not all privileges were %s for %q", verb, on.object)
	case !on.visible:
		return nil, on.denied
	case stmt.Revoke:
		*p.warning = fmt.Sprintf("no privileges could be %s for %q", verb, on.object)
	default:
		*p.warning = fmt.Sprintf("no privileges were %s for %q", verb, on.object)
	}
	return out, nil
}

// grants are the grants that a statement's privileges are, of those that there can be.
func grants(stmt *sql.Grant, possible []access.Privilege, kind string, roles []string) ([]access.Grant, error) {
	privileges := stmt.Privileges
	if len(privileges) == 0 {
		privileges = []sql.Privilege{{}}
	}
	var out []access.Grant
	for _, p := range privileges {
		names := []access.Privilege{access.Privilege(p.Name)}
		if p.Name == "" {
			names = possible
		} else if !slices.Contains(possible, names[0]) {
			return nil, sqlerr.At(invalidGrant, stmt.Span(), "invalid privilege type %s for %s", p.Name, kind)
		}
		columns := []string{""}
		if p.Columns != nil {
			columns = nil
			for _, c := range p.Columns {
				columns = append(columns, c.Text)
			}
			if p.Name == "" {
				names = []access.Privilege{access.Select, access.Insert, access.Update}
			} else if p.Name == string(access.Delete) || p.Name == string(access.Truncate) {
				return nil, sqlerr.At(invalidGrant, p.Columns[0].Span(), "invalid privilege type %s for column", p.Name)
			}
		}
		for _, name := range names {
			for _, role := range roles {
				for _, column := range columns {
					out = append(out, access.Grant{Role: role, Privilege: name, Column: column})
				}
			}
		}
	}
	return out, nil
}

func (p planning) grantTable(stmt *sql.Grant, t *catalog.Table, at sqlerr.Span, roles []string) (c access.Change, err error) {
	for _, privilege := range stmt.Privileges {
		for _, column := range privilege.Columns {
			if !slices.ContainsFunc(columnNames(t), func(name string) bool { return name == column.Text }) {
				return c, sqlerr.At(sqlerr.UndefinedColumn, column.Span(), "column %q of relation %q does not exist", column.Text, t.Name).
					WithHint("%s", sqlerr.DidYouMean(column.Text, columnNames(t)))
			}
		}
	}
	list, err := grants(stmt, access.OfTables(), "table", roles)
	if err != nil {
		return c, err
	}
	rights := p.rights.Table(t.Schema, t.Name, t.Owner)
	list, err = p.byGrantor(stmt, list, granting{t.Name, rights.Grants, rights.Visible(),
		sqlerr.AtSpan(errDenied(t.Name).WithHint("Its owner, administrators and who has a privilege WITH GRANT OPTION grant."), at)})
	o := access.TableObject(t.Schema, t.Name)
	return access.Change{Kind: kindOf(stmt), Object: &o, Grants: list}, err
}

func columnNames(t *catalog.Table) []string {
	var out []string
	for _, f := range t.Fields {
		out = append(out, f.Name)
	}
	return out
}

// grantSchemas grants on schemas, which is on every table that is or will be in them, or
// on all tables that are in them.
func (p planning) grantSchemas(stmt *sql.Grant, roles []string) ([]access.Change, error) {
	var out []access.Change
	for _, name := range stmt.Objects {
		schema := name.Last().Text
		tables, ok := p.tables.Schema(schema)
		if !ok {
			return nil, sqlerr.At(sqlerr.InvalidSchemaName, name.Span(), "schema %q does not exist", schema)
		}
		if stmt.Target == sql.OnAllTables {
			for _, t := range tables {
				c, err := p.grantTable(stmt, t, name.Span(), roles)
				if err != nil {
					return nil, err
				}
				out = append(out, c)
			}
			continue
		}
		for _, privilege := range stmt.Privileges {
			if privilege.Columns != nil {
				return nil, sqlerr.At(invalidGrant, privilege.Columns[0].Span(), "column privileges are only valid for relations")
			}
		}
		list, err := grants(stmt, access.OfSchemas(), "schema", roles)
		if err != nil {
			return nil, err
		}
		o := access.SchemaObject(schema)
		list, err = p.byGrantor(stmt, list, granting{schema, func(privilege access.Privilege, _ string) (string, bool) { return p.rights.Grants(privilege, o) },
			p.rights.SeesSchema(schema), sqlerr.At(sqlerr.InsufficientPrivilege, name.Span(), "permission denied for schema %s", schema).
				WithHint("Administrators and who has a privilege WITH GRANT OPTION grant on schemas.")})
		if err != nil {
			return nil, err
		}
		out = append(out, access.Change{Kind: kindOf(stmt), Object: &o, Grants: list})
	}
	return out, nil
}

func (p planning) grantLocations(stmt *sql.Grant, roles []string) ([]access.Change, error) {
	if err := p.admin(stmt.Span(), "grant on locations"); err != nil {
		return nil, err
	}
	if stmt.Option {
		return nil, sqlerr.At(sqlerr.FeatureNotSupported, stmt.Span(), "grant options on locations are not supported").WithHint("Administrators grant on locations.")
	}
	var out []access.Change
	for _, l := range stmt.Locations {
		prefix, err := access.Prefix(l.Text)
		if err != nil {
			return nil, sqlerr.At(sqlerr.InvalidParameterValue, l.Span(), "%s", err)
		}
		c := access.Change{Kind: kindOf(stmt), Object: &access.Object{Kind: access.Location, Name: prefix}}
		for _, role := range roles {
			c.Grants = append(c.Grants, access.Grant{Role: role, Privilege: access.Read})
		}
		out = append(out, c)
	}
	return out, nil
}

// noTable is the error of a table that is not there for granting.
func (p planning) noTable(schema, table string, name sql.Name) error {
	if p.tables.Unkept(schema, table) {
		return sqlerr.At(sqlerr.FeatureNotSupported, name.Span(), "rights on %q cannot be kept: it is in the memory of this process, and the catalog is not", table).
			WithHint("Grant on its schema.")
	}
	return sqlerr.At(sqlerr.UndefinedTable, name.Span(), "relation %q does not exist", name.String())
}

// owned finds a table that the user owns.
func (p planning) owned(name sql.Name) (*catalog.Table, error) {
	schema, table := p.target(name)
	t, ok := p.tables.Table(schema, table)
	if !ok {
		return nil, p.noTable(schema, table, name)
	}
	if !p.rights.Table(t.Schema, t.Name, t.Owner).Owner() {
		return nil, sqlerr.AtSpan(errOwner(t.Name), name.Span())
	}
	return t, nil
}

func (e *effect) createPolicy(ctx context.Context, stmt *sql.CreatePolicy) error {
	return e.change(ctx, func(p planning) ([]access.Change, error) {
		t, err := p.owned(stmt.Table)
		if err != nil {
			return nil, err
		}
		made := access.Policy{Schema: t.Schema, Table: t.Name, Name: stmt.Name.Text, Using: stmt.UsingText, Check: stmt.CheckText}
		if stmt.For != "SELECT" {
			made.For = stmt.For
		}
		if stmt.For == "ALL" && made.Check == "" { // what is seen may be added
			made.Check = made.Using
		}
		if slices.ContainsFunc(p.now.Policies(t.Schema, t.Name), func(x access.Policy) bool { return x.Name == made.Name }) {
			return nil, sqlerr.At(duplicateObject, stmt.Name.Span(), "policy %q for table %q already exists", made.Name, t.Name)
		}
		for _, n := range stmt.Roles {
			role, err := p.exists(n)
			if err != nil {
				return nil, err
			}
			made.Roles = append(made.Roles, role)
		}
		fields, err := columnsOf(t)
		if err != nil {
			return nil, err
		}
		for _, condition := range []sql.Expr{stmt.Using, stmt.Check} {
			if condition == nil {
				continue
			}
			text := stmt.UsingText
			if condition == stmt.Check {
				text = stmt.CheckText
			}
			if params, _ := sql.Holds(condition); params || strings.TrimSpace(text) == "" {
				return nil, sqlerr.At(invalidDefinition, condition.Span(), "a policy has no parameters")
			}
			if err := planner.CheckPolicy(t.Name, fields, text, p.statements.options(p.session)); err != nil {
				return nil, sqlerr.At(sqlerr.CodeOf(err), condition.Span(), "%s", err)
			}
		}
		return []access.Change{{Kind: access.PutPolicy, Policy: &made}}, nil
	})
}

func (e *effect) dropPolicy(ctx context.Context, stmt *sql.DropPolicy) error {
	return e.change(ctx, func(p planning) ([]access.Change, error) {
		t, err := p.owned(stmt.Table)
		if err != nil {
			if stmt.IfExists && sqlerr.CodeOf(err) == sqlerr.UndefinedTable {
				return nil, nil
			}
			return nil, err
		}
		if !slices.ContainsFunc(p.now.Policies(t.Schema, t.Name), func(x access.Policy) bool { return x.Name == stmt.Name.Text }) {
			if stmt.IfExists {
				return nil, nil
			}
			return nil, sqlerr.At(sqlerr.UndefinedObject, stmt.Name.Span(), "policy %q for table %q does not exist", stmt.Name.Text, t.Name)
		}
		return []access.Change{{Kind: access.DropPolicy, Policy: &access.Policy{Schema: t.Schema, Table: t.Name, Name: stmt.Name.Text}}}, nil
	})
}

func (e *effect) alterOwner(ctx context.Context, stmt *sql.AlterOwner) error {
	s := e.statements
	state := s.Catalog.Access()
	p := planning{effect: e, now: state, rights: s.rightsUnder(state, e.session)}
	owner, err := p.exists(stmt.Owner)
	if err != nil {
		return err
	}
	schema, table := e.target(stmt.Table)
	t, ok := s.Catalog.Lookup(schema, table)
	switch {
	case !ok:
		return sqlerr.At(sqlerr.UndefinedTable, stmt.Table.Span(), "relation %q does not exist", stmt.Table.String())
	case !p.rights.Table(t.Schema, t.Name, t.Owner).Owner():
		return sqlerr.AtSpan(errOwner(t.Name), stmt.Table.Span())
	case owner == access.Public:
		return sqlerr.At(invalidGrant, stmt.Owner.Span(), "public owns nothing")
	case !p.rights.Has(owner):
		return sqlerr.At(sqlerr.InsufficientPrivilege, stmt.Owner.Span(), "must be able to SET ROLE %q", owner).
			WithHint("Only an administrator and the members of a role can give it a table.")
	}
	return s.Catalog.SetOwner(ctx, t.Schema, t.Name, owner)
}
