package session

import (
	"slices"
	"strings"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/catalog"
)

// privileges answers has_table_privilege and its like for a session.
type privileges struct {
	statements *Statements
	session    *flight.Session
}

// arities are the arguments of the functions without a user in front.
func arities() map[string]int {
	return map[string]int{"has_table_privilege": 2, "has_any_column_privilege": 2, "has_column_privilege": 3, "has_schema_privilege": 2,
		"has_database_privilege": 2, "pg_has_role": 2}
}

// Has gives the answer of a function.
func (p privileges) Has(function string, args []string) (bool, error) {
	s := p.statements
	rights := s.rights(p.session)
	if len(args) > arities()[function] {
		of, err := p.of(args[0])
		if err != nil {
			return false, err
		}
		rights, args = of, args[1:]
	}
	wanted := args[len(args)-1]
	switch function {
	case "pg_has_role":
		if !p.known(args[0]) {
			return false, noRole(args[0])
		}
		return rights.Has(args[0]), nil
	case "has_database_privilege":
		return anyOf(wanted, []access.Privilege{"CONNECT", "CREATE", "TEMPORARY", "TEMP"}, func(privilege access.Privilege, grantable bool) bool {
			return rights.Admin() || !grantable && privilege != access.Create
		})
	case "has_schema_privilege":
		return p.schema(rights, args[0], wanted)
	}
	t, err := p.table(args[0])
	if err != nil {
		return false, err
	}
	on := rights.Table(t.Schema, t.Name, t.Owner)
	if function == "has_column_privilege" && !slices.Contains(columnNames(t), args[1]) {
		return false, sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", args[1], t.Name)
	}
	return anyOf(wanted, append(access.OfTables(), "REFERENCES", "TRIGGER"), func(privilege access.Privilege, grantable bool) bool {
		switch {
		case grantable && function == "has_column_privilege":
			_, ok := on.Grants(privilege, args[1])
			return ok
		case grantable && function == "has_any_column_privilege":
			_, ok := on.Grants(privilege, "")
			return ok || slices.ContainsFunc(columnNames(t), func(c string) bool { _, ok := on.Grants(privilege, c); return ok })
		case grantable:
			_, ok := on.Grants(privilege, "")
			return ok
		case function == "has_any_column_privilege":
			return on.Some(privilege)
		case function == "has_column_privilege":
			return on.Column(privilege, args[1])
		}
		return on.May(privilege)
	})
}

// anyOf asks for each privilege of a list as PostgreSQL writes it: "SELECT, INSERT WITH
// GRANT OPTION".
func anyOf(list string, possible []access.Privilege, has func(p access.Privilege, grantable bool) bool) (bool, error) {
	found := false
	for word := range strings.SplitSeq(list, ",") {
		name, grantable := strings.CutSuffix(strings.ToUpper(strings.TrimSpace(word)), " WITH GRANT OPTION")
		if !slices.Contains(possible, access.Privilege(name)) {
			return false, sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized privilege type: %q", strings.TrimSpace(word))
		}
		found = found || has(access.Privilege(name), grantable)
	}
	return found, nil
}

func (p privileges) known(role string) bool {
	_, ok := p.statements.Catalog.Access().Role(role)
	return ok || role == access.Admin || role == sessionUser(p.session) || p.statements.Users != nil && p.statements.Users.Known(role)
}

func noRole(name string) error {
	return sqlerr.New(sqlerr.UndefinedObject, "role %q does not exist", name)
}

// of is the rights of another user, who may be public.
func (p privileges) of(name string) (access.Rights, error) {
	s := p.statements
	switch {
	case name == user(p.session):
		return s.rights(p.session), nil
	case name != access.Public && !p.known(name):
		return access.Rights{}, noRole(name)
	case !s.guarded():
		return access.Everything(), nil
	}
	return s.Catalog.Access().Of(name, s.Users.Roles(name)), nil
}

// table finds a table by a name as SQL writes it.
func (p privileges) table(text string) (*catalog.Table, error) {
	schema, name := p.statements.schema(p.session), text
	if before, after, ok := strings.Cut(text, "."); ok {
		schema, name = before, after
	}
	plain := func(s string) string {
		if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
			return strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
		}
		return strings.ToLower(s)
	}
	t, ok := p.statements.Catalog.Lookup(plain(schema), plain(name))
	if !ok {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", text)
	}
	return t, nil
}

func (p privileges) schema(rights access.Rights, name, wanted string) (bool, error) {
	computed := name == informationSchema || name == pgCatalog
	if !computed && !slices.Contains(p.statements.Catalog.Schemas(), name) {
		return false, sqlerr.New(sqlerr.InvalidSchemaName, "schema %q does not exist", name)
	}
	return anyOf(wanted, []access.Privilege{access.Usage, access.Create}, func(privilege access.Privilege, grantable bool) bool {
		if privilege == access.Usage && !grantable { // whatever is granted in it can be used
			return computed || name == catalog.DefaultSchema || rights.SeesSchema(name)
		}
		if grantable {
			_, ok := rights.Grants(privilege, access.SchemaObject(name))
			return ok
		}
		return rights.Admin() || !computed && rights.May(privilege, access.SchemaObject(name))
	})
}
