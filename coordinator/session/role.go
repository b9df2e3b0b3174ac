package session

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/auth"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
)

// PostgreSQL's codes about roles.
const (
	invalidGrant      sqlerr.Code = "0LP01"
	dependentObjects  sqlerr.Code = "2BP01"
	reservedName      sqlerr.Code = "42939"
	duplicateObject   sqlerr.Code = "42710"
	objectInUse       sqlerr.Code = "55006"
	invalidDefinition sqlerr.Code = "42P17"
)

// roleStatement makes the effect of a statement about roles and what they are granted.
func (e *effect) roleStatement(ctx context.Context) error {
	switch stmt := e.stmt.(type) {
	case *sql.CreateRole:
		return e.createRole(ctx, stmt)
	case *sql.AlterRole:
		return e.alterRole(ctx, stmt)
	case *sql.DropRole:
		return e.dropRole(ctx, stmt)
	case *sql.Grant:
		return e.grant(ctx, stmt)
	case *sql.GrantRole:
		return e.grantRole(ctx, stmt)
	case *sql.CreatePolicy:
		return e.createPolicy(ctx, stmt)
	case *sql.DropPolicy:
		return e.dropPolicy(ctx, stmt)
	case *sql.AlterOwner:
		return e.alterOwner(ctx, stmt)
	}
	return nil
}

// planning is what a change of roles and grants is made from, as it is at that moment.
type planning struct {
	*effect
	now    *access.State
	tables catalog.Known
	rights access.Rights

	warning *string // what the client is told when the change is made
}

// change plans a change and commits it, unless it would leave nobody who may do
// everything.
func (e *effect) change(ctx context.Context, plan func(p planning) ([]access.Change, error)) error {
	return e.statements.Catalog.ChangeAccess(ctx, func(now *access.State, tables catalog.Known) ([]access.Change, error) {
		p := planning{effect: e, now: now, tables: tables, rights: e.statements.rightsUnder(now, e.session)}
		changes, err := plan(p)
		if err != nil || len(changes) == 0 {
			return nil, err
		}
		return changes, e.keepsAdmin(now, now.With(changes...))
	})
}

// keepsAdmin refuses to make the first user one who may not make others, and to lose the
// last who may: the former would lock everybody out, the latter let everybody in.
func (e *effect) keepsAdmin(now, next *access.State) error {
	if e.statements.Users != nil && e.statements.Users.Elsewhere() {
		return nil
	}
	admin := slices.ContainsFunc(next.Roles(), func(r access.Role) bool {
		return r.Login && r.Hash != "" && next.Of(r.Name, nil).Admin()
	})
	switch {
	case admin || !next.HasLogins() && !now.HasLogins():
		return nil
	case now.HasLogins():
		return sqlerr.New(objectInUse, "the last administrator who can log in cannot be taken away").
			WithHint("CREATE USER … SUPERUSER PASSWORD '…' makes another.")
	}
	return sqlerr.New(sqlerr.ObjectNotInPrerequisite, "the first user must be an administrator with a password: from then on everybody has to log in").
		WithHint("CREATE USER name SUPERUSER PASSWORD '…'.")
}

// role is the name that a statement means.
func (p planning) role(n sql.RoleName) string {
	switch {
	case n.Word && n.Text == "session_user":
		return sessionUser(p.session)
	case n.Word && n.Text != access.Public:
		return user(p.session)
	}
	return n.Text
}

// exists refuses a role that is not there. Users of the users file are there as well.
func (p planning) exists(n sql.RoleName) (string, error) {
	name := p.role(n)
	if name == access.Public || name == access.Admin {
		return name, nil
	}
	if _, ok := p.now.Role(name); ok || p.statements.Users != nil && p.statements.Users.Known(name) {
		return name, nil
	}
	var names []string
	for _, r := range p.now.Roles() {
		names = append(names, r.Name)
	}
	return name, sqlerr.At(sqlerr.UndefinedObject, n.Span(), "role %q does not exist", name).WithHint("%s", sqlerr.DidYouMean(name, names))
}

func (p planning) admin(span sqlerr.Span, what string) error {
	if p.rights.Admin() {
		return nil
	}
	return sqlerr.At(sqlerr.InsufficientPrivilege, span, "permission denied to %s", what).WithHint("Only administrators may.")
}

func (e *effect) createRole(ctx context.Context, stmt *sql.CreateRole) error {
	name := stmt.Name.Text
	if err := auth.CheckName(name); err != nil || strings.HasPrefix(name, "pg_") || strings.HasPrefix(name, "skein_") {
		return sqlerr.At(reservedName, stmt.Name.Span(), "role name %q is reserved", name).
			WithHint("Names have no colon and no comma, and begin with neither pg_ nor skein_.")
	}
	made := access.Role{Name: name}
	if err := setRole(&made, stmt.Options); err != nil {
		return err
	}
	return e.change(ctx, func(p planning) ([]access.Change, error) {
		if err := p.admin(stmt.Span(), "create role"); err != nil {
			return nil, err
		}
		_, taken := p.now.Role(name)
		if taken || p.statements.Users != nil && p.statements.Users.Known(name) {
			return nil, sqlerr.At(duplicateObject, stmt.Name.Span(), "role %q already exists", name)
		}
		out := []access.Change{{Kind: access.PutRole, Role: &made}}
		for _, role := range stmt.Options.InRoles {
			of, err := p.exists(role)
			if err != nil {
				return nil, err
			}
			out = append(out, access.Change{Kind: access.PutMember, Member: &access.Membership{Role: of, Member: name}})
		}
		for _, member := range stmt.Options.Members {
			who, err := p.exists(member)
			if err != nil {
				return nil, err
			}
			out = append(out, access.Change{Kind: access.PutMember, Member: &access.Membership{Role: name, Member: who}})
		}
		return out, nil
	})
}

// setRole changes a role by options; of a password it keeps the hash.
func setRole(r *access.Role, o sql.RoleOptions) error {
	if o.Login != nil {
		r.Login = *o.Login
	}
	if o.Admin != nil {
		r.Admin = *o.Admin
	}
	if p := o.Password; p != nil {
		switch {
		case p.Null:
			r.Hash = ""
		case auth.IsHash(p.Text()):
			r.Hash = p.Text()
		default:
			if err := auth.CheckPassword(p.Text()); err != nil {
				return sqlerr.At(sqlerr.InvalidParameterValue, p.Span(), "%s", err)
			}
			r.Hash = auth.Hash(p.Text())
		}
	}
	if u := o.ValidUntil; u != nil {
		if u.Text == "infinity" {
			r.ValidUntil = nil
			return nil
		}
		for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
			if t, err := time.Parse(layout, u.Text); err == nil {
				t = t.UTC()
				r.ValidUntil = &t
				return nil
			}
		}
		return sqlerr.At(sqlerr.InvalidDatetimeFormat, u.Span(), "invalid input syntax for type timestamp with time zone: %q", u.Text)
	}
	return nil
}

func (e *effect) alterRole(ctx context.Context, stmt *sql.AlterRole) error {
	o := stmt.Options
	hashed := access.Role{} // once, not in every attempt to commit
	if err := setRole(&hashed, sql.RoleOptions{Password: o.Password}); err != nil {
		return err
	}
	return e.change(ctx, func(p planning) ([]access.Change, error) {
		name, err := p.exists(stmt.Name)
		if err != nil {
			return nil, err
		}
		r, ok := p.now.Role(name)
		if !ok {
			return nil, sqlerr.At(objectInUse, stmt.Name.Span(), "role %q cannot be altered here", name).
				WithHint("Users of the users file are changed by skein user.")
		}
		own := name == user(p.session) && o.Login == nil && o.Admin == nil && o.ValidUntil == nil && o.InRoles == nil && o.Members == nil
		if !own { // everybody may change the own password
			if err := p.admin(stmt.Span(), "alter role"); err != nil {
				return nil, err
			}
		}
		rest := o
		rest.Password = nil
		if err := setRole(&r, rest); err != nil {
			return nil, err
		}
		if o.Password != nil {
			r.Hash = hashed.Hash
		}
		out := []access.Change{{Kind: access.PutRole, Role: &r}}
		for _, member := range o.Members {
			who, err := p.exists(member)
			if err != nil {
				return nil, err
			}
			if p.now.Includes(name, who) {
				return nil, circular(member, name, who)
			}
			out = append(out, access.Change{Kind: access.PutMember, Member: &access.Membership{Role: name, Member: who}})
		}
		return out, nil
	})
}

func (e *effect) dropRole(ctx context.Context, stmt *sql.DropRole) error {
	return e.change(ctx, func(p planning) ([]access.Change, error) {
		if err := p.admin(stmt.Span(), "drop role"); err != nil {
			return nil, err
		}
		var out []access.Change
		for _, n := range stmt.Names {
			name := p.role(n)
			r, ok := p.now.Role(name)
			switch owned := p.tables.OwnedBy(name); {
			case !ok && stmt.IfExists:
				continue
			case !ok:
				return nil, sqlerr.At(sqlerr.UndefinedObject, n.Span(), "role %q does not exist", name)
			case name == user(p.session) && p.statements.guarded():
				return nil, sqlerr.At(objectInUse, n.Span(), "current user cannot be dropped")
			case name == sessionUser(p.session) && p.statements.guarded():
				return nil, sqlerr.At(objectInUse, n.Span(), "session user cannot be dropped")
			case len(owned) > 0:
				return nil, sqlerr.At(dependentObjects, n.Span(), "role %q cannot be dropped because some objects depend on it", name).
					WithHint("It owns table %s. ALTER TABLE … OWNER TO gives it to another.", owned[0].Name)
			}
			out = append(out, access.Change{Kind: access.DropRole, Role: &access.Role{Name: r.Name}})
		}
		return out, nil
	})
}

func circular(at sql.RoleName, role, member string) error {
	return sqlerr.At(invalidGrant, at.Span(), "role %q is a member of role %q", role, member)
}

func (e *effect) grantRole(ctx context.Context, stmt *sql.GrantRole) error {
	return e.change(ctx, func(p planning) ([]access.Change, error) {
		var out []access.Change
		for _, r := range stmt.Roles {
			role, err := p.exists(sql.RoleName{Ident: r})
			if err != nil {
				return nil, err
			}
			if role == access.Public {
				return nil, sqlerr.At(invalidGrant, r.Span(), "everybody is a member of public")
			}
			if !p.rights.MayGrantRole(role) {
				return nil, sqlerr.At(sqlerr.InsufficientPrivilege, r.Span(), "permission denied to grant role %q", role).
					WithHint("Only administrators and members WITH ADMIN OPTION may grant it.")
			}
			for _, m := range stmt.Members {
				member, err := p.exists(m)
				switch {
				case err != nil:
					return nil, err
				case member == access.Public:
					return nil, sqlerr.At(invalidGrant, m.Span(), "public is no role that can be a member")
				case !stmt.Revoke && p.now.With(out...).Includes(role, member):
					return nil, circular(m, role, member)
				}
				c := access.Change{Kind: access.PutMember, Member: &access.Membership{Role: role, Member: member, Admin: stmt.Admin}}
				if stmt.Revoke && !stmt.Admin {
					c.Kind = access.DropMember
				} else if stmt.Revoke { // only the option: it is a member as before, if it was one
					if !slices.ContainsFunc(p.now.Memberships(), func(x access.Membership) bool { return x.Role == role && x.Member == member }) {
						continue
					}
					c.Member.Admin = false
				}
				out = append(out, c)
			}
		}
		return out, nil
	})
}
