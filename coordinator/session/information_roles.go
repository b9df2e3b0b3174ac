package session

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/storage/catalog"
)

// roleTables are the tables about roles and what they are granted.
func roleTables() map[string]func(*Statements) *logical.Table {
	return map[string]func(*Statements) *logical.Table{
		"information_schema.applicable_roles":      (*Statements).applicableRoles,
		"information_schema.enabled_roles":         (*Statements).enabledRoles,
		"information_schema.table_privileges":      (*Statements).tablePrivileges,
		"information_schema.role_table_grants":     (*Statements).tablePrivileges,
		"information_schema.column_privileges":     (*Statements).columnPrivileges,
		"information_schema.skein_location_grants": (*Statements).locationGrants,
		"information_schema.skein_schema_grants":   (*Statements).schemaGrants,
		"pg_catalog.pg_roles":                      (*Statements).pgRoles,
		"pg_catalog.pg_user":                       (*Statements).pgUser,
		"pg_catalog.pg_policies":                   (*Statements).pgPolicies,
	}
}

// enabled reports whether somebody who looks has the rights of a role; an administrator
// has those of all.
func (s *Statements) enabled(role string) bool { return s.seer == nil || s.seer.Has(role) }

// ownRoles are the roles whose rights somebody has who looks.
func (s *Statements) ownRoles() []string {
	if s.seer != nil {
		return slices.DeleteFunc(s.seer.Roles(), func(r string) bool { return r == access.Public })
	}
	out := []string{access.Admin}
	for _, r := range s.Catalog.Access().Roles() {
		out = append(out, r.Name)
	}
	return out
}

// roleFields are columns of these tables, each a name, and a colon and a type where it is
// not text.
func roleFields(list string) []expr.Field {
	kinds := map[string]expr.Kind{"": expr.Text, "int": expr.Int4, "bool": expr.Bool}
	var out []expr.Field
	for part := range strings.FieldsSeq(list) {
		name, kind, _ := strings.Cut(part, ":")
		out = append(out, expr.Field{Name: name, Type: expr.Of(kinds[kind]), Nullable: true})
	}
	return out
}

func yesOrNo(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}

func (s *Statements) applicableRoles() *logical.Table {
	t := &logical.Table{Fields: roleFields("grantee role_name is_grantable")}
	for _, m := range s.Catalog.Access().Memberships() {
		if s.enabled(m.Member) {
			t.Rows = append(t.Rows, texts(m.Member, m.Role, yesOrNo(m.Admin)))
		}
	}
	return t
}

func (s *Statements) enabledRoles() *logical.Table {
	t := &logical.Table{Fields: roleFields("role_name")}
	for _, name := range s.ownRoles() {
		t.Rows = append(t.Rows, texts(name))
	}
	return t
}

// owner is a table's owner as the catalogs of PostgreSQL show one.
func owner(t *catalog.Table) string {
	if t.Owner == "" {
		return "skein"
	}
	return t.Owner
}

// grantor is who made a grant on a table.
func grantor(g access.Grant, t *catalog.Table) string {
	if g.By == "" {
		return owner(t)
	}
	return g.By
}

// tablePrivileges lists the privileges on whole tables: their owners', and those granted,
// by the table or by its schema.
func (s *Statements) tablePrivileges() *logical.Table {
	t := &logical.Table{Fields: roleFields("grantor grantee table_catalog table_schema table_name privilege_type is_grantable with_hierarchy")}
	state := s.Catalog.Access()
	for _, x := range s.Catalog.Tables() {
		add := func(grantor, grantee string, p access.Privilege, grantable bool) {
			if grantee != access.Public && !s.enabled(grantee) {
				return
			}
			if grantee == access.Public {
				grantee = "PUBLIC"
			}
			row := append(texts(grantor, grantee, "skein", x.Schema, x.Name, string(p), yesOrNo(grantable)), expr.Str(yesOrNo(p == access.Select)))
			if !slices.ContainsFunc(t.Rows, func(have []expr.Value) bool { return sameTexts(have[:6], row[:6]) }) {
				t.Rows = append(t.Rows, row)
			}
		}
		for _, p := range access.OfTables() {
			add(owner(x), owner(x), p, true)
		}
		for _, o := range []access.Object{access.TableObject(x.Schema, x.Name), access.SchemaObject(x.Schema)} {
			for _, g := range state.Grants(o) {
				if g.Column == "" && slices.Contains(access.OfTables(), g.Privilege) {
					add(grantor(g, x), g.Role, g.Privilege, g.Option)
				}
			}
		}
	}
	return t
}

func sameTexts(a, b []expr.Value) bool {
	return slices.EqualFunc(a, b, func(x, y expr.Value) bool { return x.S == y.S })
}

// columnPrivileges lists the privileges on columns: those granted on them, and those on
// their tables.
func (s *Statements) columnPrivileges() *logical.Table {
	t := &logical.Table{Fields: roleFields("grantor grantee table_catalog table_schema table_name column_name privilege_type is_grantable")}
	state := s.Catalog.Access()
	for _, x := range s.Catalog.Tables() {
		grants := slices.Concat(state.Grants(access.TableObject(x.Schema, x.Name)), state.Grants(access.SchemaObject(x.Schema)))
		for _, f := range x.Fields {
			seen := map[string]bool{}
			for _, g := range grants {
				known := g.Privilege == access.Select || g.Privilege == access.Insert || g.Privilege == access.Update
				key := g.Role + "\x00" + string(g.Privilege)
				if !known || seen[key] || g.Column != "" && g.Column != f.Name || g.Role != access.Public && !s.enabled(g.Role) {
					continue
				}
				seen[key] = true
				grantee := g.Role
				if grantee == access.Public {
					grantee = "PUBLIC"
				}
				t.Rows = append(t.Rows, texts(grantor(g, x), grantee, "skein", x.Schema, x.Name, f.Name, string(g.Privilege), yesOrNo(g.Option)))
			}
		}
	}
	return t
}

func (s *Statements) locationGrants() *logical.Table {
	t := &logical.Table{Fields: roleFields("grantee location privilege_type")}
	return s.objectGrants(t, access.Location, func(o access.Object) string { return o.Name })
}

func (s *Statements) schemaGrants() *logical.Table {
	t := &logical.Table{Fields: roleFields("grantee schema_name privilege_type")}
	return s.objectGrants(t, access.Schema, func(o access.Object) string { return o.Schema })
}

func (s *Statements) objectGrants(t *logical.Table, kind access.Kind, name func(access.Object) string) *logical.Table {
	state := s.Catalog.Access()
	for _, o := range state.Objects() {
		if o.Kind != kind {
			continue
		}
		for _, g := range state.Grants(o) {
			if g.Role == access.Public || s.enabled(g.Role) {
				t.Rows = append(t.Rows, texts(g.Role, name(o), string(g.Privilege)))
			}
		}
	}
	return t
}

// validUntil is the time to which a role's password is good.
func validUntil(r access.Role) expr.Value {
	if r.ValidUntil == nil {
		return expr.Null
	}
	return expr.Str(r.ValidUntil.Format(time.RFC3339))
}

// pgRoles lists the roles, as PostgreSQL for everybody; passwords are stars.
func (s *Statements) pgRoles() *logical.Table {
	t := &logical.Table{Fields: roleFields("oid:int rolname rolsuper:bool rolinherit:bool rolcreaterole:bool rolcreatedb:bool rolcanlogin:bool " +
		"rolreplication:bool rolconnlimit:int rolpassword rolvaliduntil rolbypassrls:bool rolconfig")}
	state := s.Catalog.Access()
	for _, r := range append([]access.Role{{Name: catalogName, Admin: true}, {Name: access.Admin, Admin: true}}, state.Roles()...) {
		admin := expr.BoolValue(r.Admin || state.Of(r.Name, nil).Admin())
		no := expr.BoolValue(false)
		t.Rows = append(t.Rows, []expr.Value{expr.Int(roleOID(r.Name)), expr.Str(r.Name), admin, expr.BoolValue(true), admin, admin, expr.BoolValue(r.Login),
			no, expr.Int(-1), expr.Str("********"), validUntil(r), admin, expr.Null})
	}
	return t
}

func (s *Statements) pgUser() *logical.Table {
	t := &logical.Table{Fields: roleFields("usename usesysid:int usecreatedb:bool usesuper:bool userepl:bool usebypassrls:bool passwd valuntil useconfig")}
	for _, r := range s.pgRoles().Rows {
		if r[6].I != 0 {
			t.Rows = append(t.Rows, []expr.Value{r[1], r[0], r[5], r[2], r[7], r[11], r[9], r[10], expr.Null})
		}
	}
	return t
}

// pgPolicies lists the policies of the tables that are seen.
func (s *Statements) pgPolicies() *logical.Table {
	t := &logical.Table{Fields: roleFields("schemaname tablename policyname permissive roles cmd qual with_check")}
	for _, p := range s.Catalog.Access().AllPolicies() {
		if _, ok := s.Catalog.Lookup(p.Schema, p.Table); !ok {
			continue
		}
		roles := "{"
		for i, r := range p.Roles {
			if i > 0 {
				roles += ","
			}
			roles += r
		}
		condition := func(text string) expr.Value {
			if text == "" {
				return expr.Null
			}
			return expr.Str("(" + text + ")")
		}
		t.Rows = append(t.Rows, append(texts(p.Schema, p.Table, p.Name, "PERMISSIVE", roles+"}", cmp.Or(p.For, "SELECT")), condition(p.Using), condition(p.Check)))
	}
	return t
}
