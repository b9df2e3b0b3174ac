package access

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Roles that are always there.
const (
	Public = "public"      // everybody is a member
	Admin  = "skein_admin" // its members are administrators
)

// Privilege is something that can be granted.
type Privilege string

// The privileges: on tables and their columns, on schemas, on locations.
const (
	Select   Privilege = "SELECT"
	Insert   Privilege = "INSERT"
	Update   Privilege = "UPDATE"
	Delete   Privilege = "DELETE"
	Truncate Privilege = "TRUNCATE"
	Usage    Privilege = "USAGE"
	Create   Privilege = "CREATE"
	Read     Privilege = "READ"
)

// OfTables are the privileges of tables.
func OfTables() []Privilege { return []Privilege{Select, Insert, Update, Delete, Truncate} }

// OfSchemas are those of schemas: their own, and those of all tables in them.
func OfSchemas() []Privilege { return append([]Privilege{Usage, Create}, OfTables()...) }

// Kind is what an object is.
type Kind string

// The kinds.
const (
	Table    Kind = "table"
	Schema   Kind = "schema"
	Location Kind = "location"
)

// Object is what privileges are granted on. A schema has no Name, a location no Schema.
type Object struct {
	Kind   Kind   `json:"kind"`
	Schema string `json:"schema,omitempty"`
	Name   string `json:"name,omitempty"`
}

// TableObject is a table as an object.
func TableObject(schema, name string) Object { return Object{Table, schema, name} }

// SchemaObject is a schema as an object.
func SchemaObject(name string) Object { return Object{Kind: Schema, Schema: name} }

// Role is a user or a group of users. Times are UTC.
type Role struct {
	Name       string     `json:"name"`
	Login      bool       `json:"login,omitempty"`
	Admin      bool       `json:"admin,omitempty"`
	Hash       string     `json:"hash,omitempty"` // of the password, as package auth makes it
	ValidUntil *time.Time `json:"valid_until,omitempty"`
}

// String leaves the hash out.
func (r Role) String() string { return r.Name }

// Membership is a role that has another's rights.
type Membership struct {
	Role   string `json:"role"`
	Member string `json:"member"`
	Admin  bool   `json:"admin,omitempty"` // the member may make others members
}

// Grant is a privilege that a role has on an object.
type Grant struct {
	Role      string    `json:"role"`
	Privilege Privilege `json:"privilege"`
	Column    string    `json:"column,omitempty"` // of a table; empty: all of it
	Option    bool      `json:"option,omitempty"` // the role may grant it to others
	By        string    `json:"by,omitempty"`     // the role whose option it comes by; empty: the owner and administrators
}

// Policy lets some roles see the rows of a table on which Using is true, and add those on
// which Check is.
type Policy struct {
	Schema string   `json:"schema"`
	Table  string   `json:"table"`
	Name   string   `json:"name"`
	Roles  []string `json:"roles"`
	Using  string   `json:"using"`           // SQL over the table's columns; empty: it is not for reading
	Check  string   `json:"check,omitempty"` // of rows that come; empty: it is not for adding
	For    string   `json:"for,omitempty"`   // INSERT or ALL; empty: SELECT
}

// State is all roles and grants at one time. The zero value has none.
type State struct {
	roles    map[string]Role
	members  map[string]map[string]Membership // by member, by role
	grants   map[Object][]Grant               // sorted
	policies map[Object][]Policy              // by table; by name
}

// Role gives a role by its name.
func (s *State) Role(name string) (Role, bool) {
	r, ok := s.roles[name]
	return r, ok
}

// Roles are all roles, by name.
func (s *State) Roles() []Role {
	return slices.SortedFunc(maps.Values(s.roles), func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
}

// Memberships are all of them, by member and role.
func (s *State) Memberships() []Membership {
	var out []Membership
	for _, of := range s.members {
		out = slices.AppendSeq(out, maps.Values(of))
	}
	slices.SortFunc(out, func(a, b Membership) int {
		return strings.Compare(a.Member+"\x00"+a.Role, b.Member+"\x00"+b.Role)
	})
	return out
}

// HasLogins reports whether any role can log in.
func (s *State) HasLogins() bool {
	for _, r := range s.roles {
		if r.Login {
			return true
		}
	}
	return false
}

// Objects are those that something is granted on, sorted.
func (s *State) Objects() []Object {
	return slices.SortedFunc(maps.Keys(s.grants), func(a, b Object) int { return strings.Compare(a.sorted(), b.sorted()) })
}

func (o Object) sorted() string { return string(o.Kind) + "\x00" + o.Schema + "\x00" + o.Name }

// Grants are those on an object.
func (s *State) Grants(o Object) []Grant { return s.grants[o] }

// Policies are those of a table, by name.
func (s *State) Policies(schema, table string) []Policy {
	return s.policies[TableObject(schema, table)]
}

// AllPolicies are those of all tables.
func (s *State) AllPolicies() []Policy {
	var out []Policy
	for _, p := range s.policies {
		out = append(out, p...)
	}
	slices.SortFunc(out, func(a, b Policy) int {
		return strings.Compare(a.Schema+"\x00"+a.Table+"\x00"+a.Name, b.Schema+"\x00"+b.Table+"\x00"+b.Name)
	})
	return out
}

// in reports whether somebody whose own roles are given is, by these or by way of
// others, a member of role.
func (s *State) closure(of ...string) map[string]bool {
	out := map[string]bool{}
	for len(of) > 0 {
		name := of[len(of)-1]
		of = of[:len(of)-1]
		if out[name] {
			continue
		}
		out[name] = true
		for role := range s.members[name] {
			of = append(of, role)
		}
	}
	return out
}

// Includes reports whether member has, itself or by way of others, the rights of role.
func (s *State) Includes(member, role string) bool { return s.closure(member)[role] }
