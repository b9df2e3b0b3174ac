package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The kinds of changes.
const (
	PutRole    = "role" // makes a role, or takes the place of one of that name
	DropRole   = "drop role"
	PutMember  = "member"
	DropMember = "drop member"
	PutGrants  = "grant"
	DropGrants = "revoke"
	DropOption = "revoke option" // of grants that stay
	PutPolicy  = "policy"
	DropPolicy = "drop policy"
)

// Change is one change of roles and grants, as a catalog's log keeps it.
type Change struct {
	Kind   string      `json:"kind"`
	Role   *Role       `json:"role,omitempty"`
	Member *Membership `json:"member,omitempty"`
	Object *Object     `json:"object,omitempty"`
	Grants []Grant     `json:"grants,omitempty"`
	Policy *Policy     `json:"policy,omitempty"`
}

// Check says what is wrong with a change that was read: readers refuse what they do not
// know, since to pass it over would give other rights.
func (c Change) Check() error {
	complete := false
	switch c.Kind {
	case PutRole, DropRole:
		complete = c.Role != nil
	case PutMember, DropMember:
		complete = c.Member != nil
	case PutGrants, DropGrants, DropOption:
		complete = c.Object != nil
	case PutPolicy, DropPolicy:
		complete = c.Policy != nil
	default:
		return fmt.Errorf("a change of roles of kind %q is not known", c.Kind)
	}
	if !complete {
		return fmt.Errorf("a change of roles of kind %q is incomplete", c.Kind)
	}
	return nil
}

// With is the state after changes.
func (s *State) With(changes ...Change) *State {
	out := s.clone()
	for _, c := range changes {
		out.apply(c)
	}
	return out
}

// clone copies what apply may write to; the lists in it are never written to.
func (s *State) clone() *State {
	out := &State{roles: maps.Clone(s.roles), members: map[string]map[string]Membership{}, grants: maps.Clone(s.grants), policies: maps.Clone(s.policies)}
	for member, of := range s.members {
		out.members[member] = maps.Clone(of)
	}
	if out.roles == nil {
		out.roles = map[string]Role{}
	}
	if out.grants == nil {
		out.grants = map[Object][]Grant{}
	}
	if out.policies == nil {
		out.policies = map[Object][]Policy{}
	}
	return out
}

func (s *State) apply(c Change) {
	switch c.Kind {
	case PutRole:
		s.roles[c.Role.Name] = *c.Role
	case DropRole:
		s.dropRole(c.Role.Name)
		for o, list := range s.Unsupported() {
			s.setGrants(o, without(s.grants[o], list))
		}
	case PutMember:
		if s.members[c.Member.Member] == nil {
			s.members[c.Member.Member] = map[string]Membership{}
		}
		s.members[c.Member.Member][c.Member.Role] = *c.Member
	case DropMember:
		delete(s.members[c.Member.Member], c.Member.Role)
	case PutGrants:
		s.setGrants(*c.Object, append(slices.Clone(s.grants[*c.Object]), c.Grants...))
	case DropGrants:
		s.setGrants(*c.Object, without(s.grants[*c.Object], c.Grants))
	case DropOption:
		list := slices.Clone(s.grants[*c.Object])
		for i, have := range list {
			list[i].Option = have.Option && !slices.ContainsFunc(c.Grants, have.isOf)
		}
		s.setGrants(*c.Object, list)
	case PutPolicy, DropPolicy:
		o := TableObject(c.Policy.Schema, c.Policy.Table)
		list := slices.DeleteFunc(slices.Clone(s.policies[o]), func(p Policy) bool { return p.Name == c.Policy.Name })
		if c.Kind == PutPolicy {
			list = append(list, *c.Policy)
			slices.SortFunc(list, func(a, b Policy) int { return strings.Compare(a.Name, b.Name) })
		}
		s.setPolicies(o, list)
	}
}

// key is all of a grant but its option.
func (g Grant) key() string {
	return g.Role + "\x00" + string(g.Privilege) + "\x00" + g.Column + "\x00" + g.By
}

// isOf reports whether a grant is what another says to take away: that of all columns
// takes those of each along.
func (g Grant) isOf(taken Grant) bool {
	return g.Role == taken.Role && g.Privilege == taken.Privilege && g.By == taken.By && (taken.Column == "" || taken.Column == g.Column)
}

func without(list, taken []Grant) []Grant {
	return slices.DeleteFunc(slices.Clone(list), func(have Grant) bool { return slices.ContainsFunc(taken, have.isOf) })
}

func (s *State) setGrants(o Object, list []Grant) {
	slices.SortFunc(list, func(a, b Grant) int { // of two that differ in the option the one that has it comes first
		if c := strings.Compare(a.key(), b.key()); c != 0 || a.Option == b.Option {
			return c
		} else if a.Option {
			return -1
		}
		return 1
	})
	if list = slices.CompactFunc(list, func(a, b Grant) bool { return a.key() == b.key() }); len(list) == 0 {
		delete(s.grants, o)
		return
	}
	s.grants[o] = list
}

// Unsupported are the grants that come by an option which their grantor no longer has: nothing
// leads from them back to an owner or administrator.
func (s *State) Unsupported() map[Object][]Grant {
	held := map[Object][]Grant{} // options that are good
	good := func(o Object, g Grant) bool {
		if g.By == "" {
			return true
		}
		return s.optionOf(held, o, g.Privilege, g.Column, func(role string) bool { return role == g.By }) != ""
	}
	for more := true; more; {
		more = false
		for o, list := range s.grants {
			for _, g := range list {
				if g.Option && !slices.Contains(held[o], g) && good(o, g) {
					held[o], more = append(held[o], g), true
				}
			}
		}
	}
	out := map[Object][]Grant{}
	for o, list := range s.grants {
		for _, g := range list {
			if !good(o, g) {
				out[o] = append(out[o], g)
			}
		}
	}
	return out
}

// optionOf is a role, one of those that has says, that holds the option of a privilege on an
// object, by itself or by its schema; empty: none.
func (s *State) optionOf(grants map[Object][]Grant, o Object, p Privilege, column string, has func(role string) bool) string {
	places := []Object{o}
	if o.Kind == Table {
		places = append(places, SchemaObject(o.Schema))
	}
	for _, at := range places {
		for _, g := range grants[at] {
			if g.Option && g.Privilege == p && (g.Column == "" || g.Column == column) && has(g.Role) {
				return g.Role
			}
		}
	}
	return ""
}

func (s *State) setPolicies(o Object, list []Policy) {
	if len(list) == 0 {
		delete(s.policies, o)
		return
	}
	s.policies[o] = list
}

// dropRole forgets a role with its grants. A policy that was for no other role stays, and
// is for nobody: to drop it could let everybody see all rows.
func (s *State) dropRole(name string) {
	delete(s.roles, name)
	delete(s.members, name)
	for _, of := range s.members {
		delete(of, name)
	}
	for o, list := range s.grants {
		s.setGrants(o, slices.DeleteFunc(slices.Clone(list), func(g Grant) bool { return g.Role == name }))
	}
	for o, list := range s.policies {
		list = slices.Clone(list)
		for i, p := range list {
			list[i].Roles = slices.DeleteFunc(slices.Clone(p.Roles), func(r string) bool { return r == name })
		}
		s.setPolicies(o, list)
	}
}

// WithoutTable is the state when a table has gone.
func (s *State) WithoutTable(schema, name string) *State {
	o := TableObject(schema, name)
	if s.grants[o] == nil && s.policies[o] == nil {
		return s
	}
	out := s.clone()
	delete(out.grants, o)
	delete(out.policies, o)
	return out
}

// WithoutSchema is the state when a schema has gone with all that was in it.
func (s *State) WithoutSchema(schema string) *State {
	out := s.clone()
	gone := func(o Object) bool { return o.Kind != Location && o.Schema == schema }
	maps.DeleteFunc(out.grants, func(o Object, _ []Grant) bool { return gone(o) })
	maps.DeleteFunc(out.policies, func(o Object, _ []Policy) bool { return gone(o) })
	return out
}

// Changes make the state of one that has nothing.
func (s *State) Changes() []Change {
	var out []Change
	for _, r := range s.Roles() {
		out = append(out, Change{Kind: PutRole, Role: &r})
	}
	for _, m := range s.Memberships() {
		out = append(out, Change{Kind: PutMember, Member: &m})
	}
	for _, o := range s.Objects() {
		out = append(out, Change{Kind: PutGrants, Object: &o, Grants: s.grants[o]})
	}
	for _, p := range s.AllPolicies() {
		out = append(out, Change{Kind: PutPolicy, Policy: &p})
	}
	return out
}
