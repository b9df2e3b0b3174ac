package access

import (
	"maps"
	"slices"
	"strings"
)

// Rights are what somebody may do under a State. The zero value may do nothing.
type Rights struct {
	state *State
	user  string
	roles map[string]bool // whose rights it has: itself, those it is a member of, public
	admin bool
}

// Everything is the rights of everybody before there are users.
func Everything() Rights { return Rights{state: &State{}, admin: true} }

// Of gives the rights of a user whose login gives it further roles.
func (s *State) Of(user string, login []string) Rights {
	r := Rights{state: s, user: user, roles: s.closure(append([]string{user, Public}, login...)...)}
	r.admin = r.roles[Admin]
	for name := range r.roles {
		r.admin = r.admin || s.roles[name].Admin
	}
	return r
}

// Admin reports whether everything is allowed.
func (r Rights) Admin() bool { return r.admin }

// User is whose rights they are.
func (r Rights) User() string { return r.user }

// Has reports whether the rights of a role are among them.
func (r Rights) Has(role string) bool { return r.admin || r.roles[role] }

// Roles are whose rights they are, sorted.
func (r Rights) Roles() []string { return slices.Sorted(maps.Keys(r.roles)) }

// MayGrantRole reports whether a role can be given to others.
func (r Rights) MayGrantRole(role string) bool {
	if r.admin {
		return true
	}
	for name := range r.roles {
		if r.state.members[name][role].Admin {
			return true
		}
	}
	return false
}

// May reports whether a privilege is had on a schema or a location as such.
func (r Rights) May(p Privilege, o Object) bool {
	return r.admin || r.granted(o, p, "")
}

func (r Rights) granted(o Object, p Privilege, column string) bool {
	for _, g := range r.state.grants[o] {
		if g.Privilege == p && r.roles[g.Role] && (g.Column == "" || g.Column == column) {
			return true
		}
	}
	return false
}

// Grants reports whether a privilege on a schema may be granted to others; by is the role
// whose option that is, empty for administrators.
func (r Rights) Grants(p Privilege, o Object) (by string, ok bool) {
	if r.admin {
		return "", true
	}
	by = r.state.optionOf(r.state.grants, o, p, "", func(role string) bool { return r.roles[role] })
	return by, by != ""
}

// Locations are the prefixes below which files may be read; all is true when there is no
// such bound.
func (r Rights) Locations() (prefixes []string, all bool) {
	if r.admin {
		return nil, true
	}
	for o, list := range r.state.grants {
		if o.Kind == Location && slices.ContainsFunc(list, func(g Grant) bool { return r.roles[g.Role] && g.Privilege == Read }) {
			prefixes = append(prefixes, o.Name)
		}
	}
	return prefixes, false
}

// SeesSchema reports whether a schema is listed: something in it may be used.
func (r Rights) SeesSchema(schema string) bool {
	if r.admin {
		return true
	}
	for o, list := range r.state.grants {
		if o.Kind != Location && o.Schema == schema && slices.ContainsFunc(list, func(g Grant) bool { return r.roles[g.Role] }) {
			return true
		}
	}
	return false
}

// TableRights are what somebody may do with a table.
type TableRights struct {
	rights Rights
	object Object
	owner  bool
}

// Table gives the rights on a table of an owner; "" is nobody.
func (r Rights) Table(schema, name, owner string) TableRights {
	return TableRights{r, TableObject(schema, name), r.admin || owner != "" && r.roles[owner]}
}

// Owner reports whether the table may be dropped and granted to others.
func (t TableRights) Owner() bool { return t.owner }

// May reports whether a privilege is had on the whole table, by itself or by its schema.
func (t TableRights) May(p Privilege) bool {
	return t.owner || t.rights.granted(t.object, p, "") || t.rights.granted(SchemaObject(t.object.Schema), p, "")
}

// Column reports whether a privilege is had on a column.
func (t TableRights) Column(p Privilege, column string) bool {
	return t.May(p) || t.rights.granted(t.object, p, column)
}

// Some reports whether a privilege is had on the table or a column of it.
func (t TableRights) Some(p Privilege) bool {
	return t.May(p) || slices.ContainsFunc(t.rights.state.grants[t.object], func(g Grant) bool {
		return g.Privilege == p && t.rights.roles[g.Role]
	})
}

// Grants reports whether a privilege on the table, or a column of it, may be granted to
// others; by is the role whose option that is, empty for the owner and administrators.
func (t TableRights) Grants(p Privilege, column string) (by string, ok bool) {
	if t.owner {
		return "", true
	}
	by = t.rights.state.optionOf(t.rights.state.grants, t.object, p, column, func(role string) bool { return t.rights.roles[role] })
	return by, by != ""
}

// Visible reports whether the table is listed: something may be done with it.
func (t TableRights) Visible() bool { return slices.ContainsFunc(OfTables(), t.Some) }

// Restricted reports whether row policies say which rows are seen; using are the
// conditions of which one has to be true, none when no row is seen.
func (t TableRights) Restricted() (using []Policy, restricted bool) {
	all := t.rights.state.policies[t.object]
	if t.owner || len(all) == 0 {
		return nil, false
	}
	for _, p := range all {
		if p.Using != "" && t.isFor(p) {
			using = append(using, p)
		}
	}
	return using, true
}

// Checked reports whether row policies say which rows may be added; checks are the conditions
// of which one has to be true, none when no row may be.
func (t TableRights) Checked() (checks []Policy, checked bool) {
	all := t.rights.state.policies[t.object]
	if t.owner || len(all) == 0 {
		return nil, false
	}
	for _, p := range all {
		if p.Check != "" && t.isFor(p) {
			checks = append(checks, p)
		}
	}
	return checks, true
}

func (t TableRights) isFor(p Policy) bool {
	return slices.ContainsFunc(p.Roles, func(role string) bool { return t.rights.roles[role] })
}

// String names an object in messages: table "a", schema "b".
func (o Object) String() string {
	switch o.Kind {
	case Table:
		return "table " + o.Name
	case Schema:
		return "schema " + o.Schema
	}
	return "location '" + strings.ReplaceAll(o.Name, "'", "''") + "'"
}
