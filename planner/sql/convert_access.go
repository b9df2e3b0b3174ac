package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/skein-query/skein/internal/sqlerr"
)

// access converts the statements about roles and what is granted to them; ok is false
// for others.
func (c *converter) access(node *pg.Node, whole Loc, start int) (_ Statement, ok bool) {
	switch n := node.GetNode().(type) {
	case *pg.Node_CreateRoleStmt:
		s := n.CreateRoleStmt
		out := &CreateRole{Loc: whole, Name: c.ident(s.GetRole(), start+2), Options: c.roleOptions(s.GetOptions(), false)}
		if s.GetStmtType() == pg.RoleStmtType_ROLESTMT_USER && out.Options.Login == nil {
			yes := true
			out.Options.Login = &yes
		}
		return out, true
	case *pg.Node_AlterRoleStmt:
		s := n.AlterRoleStmt
		return &AlterRole{whole, c.roleName(s.GetRole()), c.roleOptions(s.GetOptions(), s.GetAction() < 0)}, true
	case *pg.Node_DropRoleStmt:
		return &DropRole{whole, c.roleNames(n.DropRoleStmt.GetRoles()), n.DropRoleStmt.GetMissingOk()}, true
	case *pg.Node_GrantStmt:
		return c.grant(n.GrantStmt, whole, start), true
	case *pg.Node_GrantRoleStmt:
		return c.grantRole(n.GrantRoleStmt, whole, start), true
	case *pg.Node_CreatePolicyStmt:
		return c.createPolicy(n.CreatePolicyStmt, whole, start), true
	case *pg.Node_DropStmt:
		if n.DropStmt.GetRemoveType() == pg.ObjectType_OBJECT_POLICY {
			return c.dropPolicy(n.DropStmt, whole, start), true
		}
	case *pg.Node_AlterTableStmt:
		return c.alterOwner(n.AlterTableStmt, whole), true
	}
	return nil, false
}

func (c *converter) roleName(r *pg.RoleSpec) RoleName {
	out := RoleName{Ident: c.ident(r.GetRolename(), c.at(r.GetLocation()))}
	switch r.GetRoletype() {
	case pg.RoleSpecType_ROLESPEC_CURRENT_ROLE:
		out.Text, out.Word = "current_role", true
	case pg.RoleSpecType_ROLESPEC_CURRENT_USER:
		out.Text, out.Word = "current_user", true
	case pg.RoleSpecType_ROLESPEC_SESSION_USER:
		out.Text, out.Word = "session_user", true
	case pg.RoleSpecType_ROLESPEC_PUBLIC:
		out.Text, out.Word = "public", true
	}
	return out
}

func (c *converter) roleNames(nodes []*pg.Node) []RoleName {
	var out []RoleName
	for _, n := range nodes {
		out = append(out, c.roleName(n.GetRoleSpec()))
	}
	return out
}

// roleOptions reads the options of a role. ALTER GROUP … DROP USER, which takes members
// away, is refused.
func (c *converter) roleOptions(nodes []*pg.Node, away bool) (out RoleOptions) {
	for _, n := range nodes {
		d := n.GetDefElem()
		at := c.place(d.GetLocation())
		on := d.GetArg().GetBoolean().GetBoolval()
		switch d.GetDefname() {
		case "canlogin":
			out.Login = &on
		case "superuser":
			out.Admin = &on
		case "password":
			p := &Password{Loc: Loc{at}, Null: d.GetArg() == nil, text: str(d.GetArg())}
			out.Password = p
		case "validUntil":
			out.ValidUntil = &Literal{Loc{at}, String, str(d.GetArg())}
		case "addroleto":
			out.InRoles = append(out.InRoles, c.roleNames(d.GetArg().GetList().GetItems())...)
		case "rolemembers":
			out.Members = append(out.Members, c.roleNames(d.GetArg().GetList().GetItems())...)
			if away {
				c.refuse(at, "ALTER GROUP … DROP USER is not supported")
				c.err = hinted(c.err, "Use REVOKE role FROM member.")
			}
		case "inherit", "createdb", "createrole", "isreplication", "bypassrls":
			if on != (d.GetDefname() == "inherit") { // what is so anyhow may be said
				c.refuse(at, "the option %q of roles is not supported", strings.ToLower(c.text[at.Start:at.End]))
			}
		case "adminmembers", "connectionlimit", "sysid":
			c.refuse(at, "this option of roles is not supported")
		default:
			c.refuse(at, "the option %q of roles is not supported", d.GetDefname())
		}
	}
	return out
}

func (c *converter) grant(s *pg.GrantStmt, whole Loc, start int) Statement {
	out := &Grant{Loc: whole, Revoke: !s.GetIsGrant(), Option: s.GetGrantOption(), Roles: c.roleNames(s.GetGrantees()),
		Cascade: s.GetBehavior() == pg.DropBehavior_DROP_CASCADE}
	if s.GetGrantor() != nil {
		c.refuse(c.place(s.GetGrantor().GetLocation()), "GRANTED BY is not supported")
	}
	i := start + 1
	if out.Revoke {
		i = c.skip(i, "grant", "option", "for")
	}
	for _, n := range s.GetPrivileges() {
		p := Privilege{Name: strings.ToUpper(n.GetAccessPriv().GetPrivName())}
		i++
		if p.Name == "" { // ALL (columns)
			i = c.skip(i, "privileges")
		}
		p.Columns, i = c.columns(n.GetAccessPriv().GetCols(), i)
		out.Privileges = append(out.Privileges, p)
		i++ // the comma, or ON
	}
	all := s.GetTargtype() == pg.GrantTargetType_ACL_TARGET_ALL_IN_SCHEMA
	switch {
	case s.GetTargtype() != pg.GrantTargetType_ACL_TARGET_OBJECT && !all:
		c.refuse(whole.Source, "this form of GRANT is not supported")
	case s.GetObjtype() == pg.ObjectType_OBJECT_TABLE && all:
		out.Target = OnAllTables
	case s.GetObjtype() == pg.ObjectType_OBJECT_TABLE:
		out.Target = OnTables
	case s.GetObjtype() == pg.ObjectType_OBJECT_SCHEMA:
		out.Target = OnSchemas
	default:
		c.refuse(whole.Source, "privileges are granted on tables, schemas and locations only")
	}
	on := start
	for on < c.end && !c.is(on, "on") {
		on = c.close(on) + 1
	}
	on = c.skip(c.skip(c.skip(on+1, "all", "tables", "in"), "table"), "schema")
	for _, n := range s.GetObjects() {
		if r := n.GetRangeVar(); r != nil {
			out.Objects = append(out.Objects, c.relation(r))
			continue
		}
		out.Objects = append(out.Objects, Name{[]Ident{c.ident(str(n), on)}})
		on += 2
	}
	return out
}

func (c *converter) grantRole(s *pg.GrantRoleStmt, whole Loc, start int) Statement {
	out := &GrantRole{Loc: whole, Revoke: !s.GetIsGrant(), Members: c.roleNames(s.GetGranteeRoles())}
	for _, n := range s.GetOpt() {
		d := n.GetDefElem()
		if d.GetDefname() != "admin" {
			c.refuse(c.place(d.GetLocation()), "the option %q of GRANT role is not supported", d.GetDefname())
		}
		out.Admin = d.GetArg() == nil || d.GetArg().GetBoolean().GetBoolval() || out.Revoke
	}
	if s.GetGrantor() != nil {
		c.refuse(c.place(s.GetGrantor().GetLocation()), "GRANTED BY is not supported")
	}
	i := start + 1
	if out.Revoke {
		i = c.skip(i, "admin", "option", "for")
	}
	for _, n := range s.GetGrantedRoles() {
		p := n.GetAccessPriv()
		if len(p.GetCols()) > 0 {
			c.fail(sqlerr.At("0LP01", whole.Source, "column names cannot be included in GRANT/REVOKE ROLE"))
			return out
		}
		out.Roles = append(out.Roles, c.ident(p.GetPrivName(), i))
		i += 2
	}
	return out
}

func (c *converter) createPolicy(s *pg.CreatePolicyStmt, whole Loc, start int) Statement {
	out := &CreatePolicy{Loc: whole, Name: c.ident(s.GetPolicyName(), start+2), Table: c.relation(s.GetTable()), Roles: c.roleNames(s.GetRoles())}
	out.For = strings.ToUpper(s.GetCmdName())
	switch {
	case !s.GetPermissive():
		c.refuse(whole.Source, "restrictive policies are not supported")
	case out.For != "SELECT" && out.For != "ALL" && out.For != "INSERT":
		c.refuse(whole.Source, "policies are for SELECT, INSERT and ALL")
	case out.For == "SELECT" && s.GetWithCheck() != nil:
		c.fail(sqlerr.At(sqlerr.SyntaxError, whole.Source, "WITH CHECK cannot be applied to SELECT or DELETE"))
	case out.For == "INSERT" && s.GetQual() != nil:
		c.fail(sqlerr.At(sqlerr.SyntaxError, whole.Source, "only WITH CHECK expression allowed for INSERT"))
	case s.GetQual() == nil && s.GetWithCheck() == nil:
		c.fail(sqlerr.At(sqlerr.SyntaxError, whole.Source, "a policy needs USING (expression) or WITH CHECK (expression)"))
	default:
		at := c.next(out.Table.Span())
		out.Using, out.UsingText = c.policyCondition(s.GetQual(), at, "using")
		out.Check, out.CheckText = c.policyCondition(s.GetWithCheck(), at, "check")
	}
	return out
}

// policyCondition is the condition in parentheses behind a word, and its text.
func (c *converter) policyCondition(n *pg.Node, i int, word string) (Expr, string) {
	if n == nil {
		return nil, ""
	}
	for i < c.end && !(c.is(i, word) && c.isPunct(i+1, '(')) {
		i = c.close(i) + 1
	}
	inside := c.span(i+2, c.close(i+1)-1)
	return c.expr(n), c.text[inside.Start:inside.End]
}

func (c *converter) dropPolicy(s *pg.DropStmt, whole Loc, start int) Statement {
	out := &DropPolicy{Loc: whole, IfExists: s.GetMissingOk()}
	parts := s.GetObjects()[0].GetList().GetItems()
	i := c.skip(start+2, "if", "exists")
	last := len(parts) - 1
	out.Name = c.ident(str(parts[last]), i)
	out.Table = c.name(parts[:last], i+2)
	return out
}

func (c *converter) alterOwner(s *pg.AlterTableStmt, whole Loc) Statement {
	if s.GetObjtype() != pg.ObjectType_OBJECT_TABLE || len(s.GetCmds()) != 1 {
		c.refuse(whole.Source, "this form of ALTER is not supported")
		return nil
	}
	cmd := s.GetCmds()[0].GetAlterTableCmd()
	switch cmd.GetSubtype() {
	case pg.AlterTableType_AT_ChangeOwner:
		return &AlterOwner{whole, c.relation(s.GetRelation()), c.roleName(cmd.GetNewowner())}
	case pg.AlterTableType_AT_EnableRowSecurity, pg.AlterTableType_AT_DisableRowSecurity:
		c.refuse(whole.Source, "row security is not switched: it holds for tables that have a policy")
		c.err = hinted(c.err, "Use CREATE POLICY and DROP POLICY.")
		return nil
	}
	c.refuse(whole.Source, "this form of ALTER TABLE is not supported")
	return nil
}

// ParseCondition reads one expression; its spans are those of the text.
func ParseCondition(text string) (Expr, error) {
	const before = "SELECT "
	all, err := Parse(before + text)
	if err != nil {
		return nil, err
	}
	if len(all) == 1 {
		if q, ok := all[0].(*Query); ok && q.With == nil && len(q.OrderBy) == 0 {
			if s, ok := q.Body.(*Select); ok && len(s.Items) == 1 && s.Items[0].Alias.IsZero() && len(s.From) == 0 && s.Where == nil {
				return s.Items[0].Value, nil
			}
		}
	}
	return nil, sqlerr.New(sqlerr.SyntaxError, "not one expression")
}
