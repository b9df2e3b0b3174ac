package session

import (
	"strings"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/parquet"
)

// Users says who there is besides the roles of the catalog.
type Users interface {
	// Required reports whether anybody has to log in.
	Required() bool
	// Elsewhere reports whether there are users that are not the catalog's.
	Elsewhere() bool
	// Known reports whether somebody who is no role of the catalog has a name.
	Known(name string) bool
	// Roles are those that such a user's login gives.
	Roles(name string) []string
}

// rights are what a session's user may do now: everything before there are users.
func (s *Statements) rights(session *flight.Session) access.Rights {
	return s.rightsUnder(s.Catalog.Access(), session)
}

func (s *Statements) rightsUnder(state *access.State, session *flight.Session) access.Rights {
	if s.seer != nil {
		return *s.seer
	}
	own := s.loginRights(state, session)
	role, ok := session.Get(roleOption)
	switch {
	case !ok:
		return own
	case !own.Has(role): // no longer
		return (&access.State{}).Of("", nil)
	}
	return state.Of(role, nil)
}

// loginRights are those of who has logged in, whatever role it has chosen.
func (s *Statements) loginRights(state *access.State, session *flight.Session) access.Rights {
	if !s.guarded() {
		return access.Everything()
	}
	return state.Of(session.User(), session.Roles())
}

// roleOption is the session's role when that is not the user's own.
const roleOption = "role"

// mayBecome refuses a role that a session cannot take: one that is not there, or of which its
// user is no member.
func (s *Statements) mayBecome(session *flight.Session, role string) error {
	switch {
	case role != access.Admin && !(privileges{s, session}).known(role):
		return sqlerr.New(sqlerr.InvalidParameterValue, "role %q does not exist", role)
	case !s.loginRights(s.Catalog.Access(), session).Has(role):
		return sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied to set role %q", role)
	}
	return nil
}

// guarded reports whether rights are asked for.
func (s *Statements) guarded() bool { return s.Users != nil && s.Users.Required() }

// as is the statements as a session's user sees them: its catalog has only the tables,
// columns and schemas that are not hidden from that user. What lists things lists them
// of it.
func (s *Statements) as(session *flight.Session) *Statements {
	rights := s.rights(session)
	if rights.Admin() || s.seer != nil {
		return s
	}
	table := func(t *catalog.Table, state *access.State) *catalog.Table {
		return seenTable(t, s.rightsUnder(state, session).Table(t.Schema, t.Name, t.Owner))
	}
	schema := func(name string, state *access.State) bool {
		return name == catalog.DefaultSchema || s.rightsUnder(state, session).SeesSchema(name)
	}
	return &Statements{Catalog: s.Catalog.Seen(table, schema), Coordinator: s.Coordinator, Defaults: s.Defaults, Log: s.Log,
		Members: s.Members, Users: s.Users, AllowPaths: s.AllowPaths, seer: &rights}
}

// seenTable is a table with the columns on which something was granted; nil when there
// are none.
func seenTable(t *catalog.Table, rights access.TableRights) *catalog.Table {
	if !rights.Visible() {
		return nil
	}
	seen := *t
	seen.Fields, seen.Columns = nil, nil
	for i, f := range t.Fields {
		for _, p := range access.OfTables() {
			if rights.Column(p, f.Name) {
				seen.Fields = append(seen.Fields, f)
				if t.Columns != nil {
					seen.Columns = append(seen.Columns, t.Columns[i])
				}
				break
			}
		}
	}
	return &seen
}

// errDenied is PostgreSQL's error about a table.
func errDenied(name string) *sqlerr.Error {
	return sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for table %s", name)
}

func errOwner(name string) *sqlerr.Error {
	return sqlerr.New(sqlerr.InsufficientPrivilege, "must be owner of table %s", name)
}

// mayChange refuses a change of a table that a session's user may not make: INSERT,
// UPDATE, DELETE, TRUNCATE. The columns are those that are written, none all of them.
func (s *Statements) mayChange(session *flight.Session, t *catalog.Table, p access.Privilege, columns ...string) error {
	rights := s.rights(session).Table(t.Schema, t.Name, t.Owner)
	if rights.May(p) {
		return nil
	}
	for _, c := range columns {
		if !rights.Column(p, c) {
			return errDenied(t.Name).WithHint("The column %q is not granted.", c)
		}
	}
	if len(columns) == 0 {
		return errDenied(t.Name)
	}
	return nil
}

// mayMake checks that a session's user may make a table, and gives it its owner: who makes
// it, or who owned the one whose place it takes.
func (s *Statements) mayMake(session *flight.Session, t *catalog.Table, replace bool) error {
	rights := s.rights(session)
	have, ok := s.Catalog.Lookup(t.Schema, t.Name)
	switch {
	case ok && replace:
		if !rights.Table(have.Schema, have.Name, have.Owner).Owner() {
			return errOwner(have.Name)
		}
		t.Owner = have.Owner
	case !rights.May(access.Create, access.SchemaObject(t.Schema)):
		return sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for schema %s", t.Schema)
	case s.guarded():
		t.Owner = user(session)
	}
	return nil
}

// guard is what the rights hide of a table; an error when that is all of it.
func guard(t *catalog.Table, fields []parquet.Field, rights access.TableRights) (*logical.Guard, error) {
	if !rights.Some(access.Select) {
		return nil, errDenied(t.Name)
	}
	g := &logical.Guard{}
	if !rights.May(access.Select) {
		g.Denied = make([]bool, len(fields))
		for i, f := range fields {
			g.Denied[i] = !rights.Column(access.Select, f.Name)
		}
	}
	using, restricted := rights.Restricted()
	g.Restricted = restricted
	for _, p := range using {
		g.Policies = append(g.Policies, logical.Policy{Name: p.Name, Using: p.Using})
	}
	if g.Denied == nil && !restricted {
		return nil, nil
	}
	return g, nil
}

// errPolicy is PostgreSQL's error about a row that no policy lets somebody add.
func errPolicy(name string) *sqlerr.Error {
	return sqlerr.New(sqlerr.InsufficientPrivilege, "new row violates row-level security policy for table %q", name)
}

// mayInsert refuses rows for a table whose columns a session's user may not fill, or for which
// no policy lets it add any. Which rows that are is looked at when they are published.
func (s *Statements) mayInsert(session *flight.Session, t *catalog.Table, columns []string) error {
	rights := s.rights(session).Table(t.Schema, t.Name, t.Owner)
	if checks, checked := rights.Checked(); checked && len(checks) == 0 {
		return errPolicy(t.Name)
	}
	if len(columns) == 0 && rights.Some(access.Insert) { // DEFAULT VALUES
		return nil
	}
	return s.mayChange(session, t, access.Insert, columns...)
}

// mayDefine checks that a table may be made where a definition says, and gives it its
// owner: who makes it, or who owned the one whose place it takes. Temporary tables anybody
// may have.
func (s *Statements) mayDefine(session *flight.Session, d *definition, replaced *catalog.Table) error {
	rights := s.rights(session)
	switch {
	case replaced != nil:
		if !rights.Table(replaced.Schema, replaced.Name, replaced.Owner).Owner() {
			return errOwner(replaced.Name)
		}
		d.owner = replaced.Owner
		return nil
	case !d.temporary && !rights.May(access.Create, access.SchemaObject(d.schema)):
		return sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for schema %s", d.schema)
	}
	if s.guarded() {
		d.owner = user(session)
	}
	return nil
}

// mayReadAt refuses a location that is beyond the process's bounds or, for one that is
// named by itself, beyond what was granted. The files found there are checked as well,
// since a link may lead elsewhere.
func (s *Statements) mayReadAt(rights access.Rights, location string, named bool, files *catalog.Files) error {
	bounds := s.AllowPaths
	for {
		if bounds != nil {
			b := access.NewBounds(bounds...)
			outside := ""
			switch {
			case files == nil && !b.Allows(location):
				outside = location
			case files != nil:
				outside = b.Files(func(yield func(string) bool) {
					for _, f := range files.Infos {
						if !yield(f.Path) {
							return
						}
					}
				})
			}
			if outside != "" {
				return errLocation(location)
			}
		}
		if named {
			return nil
		}
		granted, all := rights.Locations()
		if all {
			return nil
		}
		bounds, named = append([]string{}, granted...), true
	}
}

func errLocation(location string) error {
	return sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for location '%s'", location).
		WithHint("An administrator can GRANT READ ON LOCATION 'prefix' TO a role, within what --allow-path allows.")
}

// rolesKey is the part of a plan's key that is a session's login roles.
func rolesKey(session *flight.Session) string { return strings.Join(session.Roles(), ",") }
