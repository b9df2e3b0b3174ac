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
	case PutGrants, DropGrants:
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
		s.setGrants(*c.Object, slices.DeleteFunc(slices.Clone(s.grants[*c.Object]), func(have Grant) bool {
			return slices.ContainsFunc(c.Grants, func(g Grant) bool { // that of all columns takes those of each along
				return g == have || g.Column == "" && g.Role == have.Role && g.Privilege == have.Privilege
			})
		}))
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

func (s *State) setGrants(o Object, list []Grant) {
	slices.SortFunc(list, func(a, b Grant) int {
		return strings.Compare(a.Role+"\x00"+string(a.Privilege)+"\x00"+a.Column, b.Role+"\x00"+string(b.Privilege)+"\x00"+b.Column)
	})
	if list = slices.Compact(list); len(list) == 0 {
		delete(s.grants, o)
		return
	}
	s.grants[o] = list
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
