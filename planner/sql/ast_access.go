package sql

// CreateRole is CREATE ROLE | USER | GROUP name [WITH] options.
type CreateRole struct {
	Loc
	Name    Ident
	Options RoleOptions
}

// AlterRole is ALTER ROLE | USER name [WITH] options.
type AlterRole struct {
	Loc
	Name    RoleName
	Options RoleOptions
}

// DropRole is DROP ROLE | USER [IF EXISTS] name, ….
type DropRole struct {
	Loc
	Names    []RoleName
	IfExists bool
}

// RoleOptions are what a role is given; nil is what was not said.
type RoleOptions struct {
	Login      *bool
	Admin      *bool     // SUPERUSER
	Password   *Password // PASSWORD 'text' or NULL
	ValidUntil *Literal  // VALID UNTIL 'time'
	InRoles    []RoleName
	Members    []RoleName
}

// Password is one in a statement. Nothing prints its text.
type Password struct {
	Loc
	text string
	Null bool
}

// Text is the password.
func (p *Password) Text() string { return p.text }

// String hides the text.
func (Password) String() string { return "Password{…}" }

// GoString hides the text.
func (Password) GoString() string { return "Password{…}" }

// RoleName is a role as a statement names it: by its name, or as one of the words
// public, current_user, current_role and session_user, which are Word then.
type RoleName struct {
	Ident
	Word bool
}

// GrantTarget is what a Grant is on.
type GrantTarget uint8

// The targets.
const (
	OnTables GrantTarget = iota + 1
	OnSchemas
	OnAllTables // in schemas
	OnLocations
)

func (t GrantTarget) String() string {
	return word(int(t-1), "tables", "schemas", "all tables", "locations")
}

// Privilege is a privilege of a Grant; an empty Name is ALL.
type Privilege struct {
	Name    string // upper case
	Columns []Ident
}

// Grant is GRANT privileges ON … TO roles, or REVOKE … FROM roles.
type Grant struct {
	Loc
	Revoke     bool
	Privileges []Privilege // empty: ALL
	Target     GrantTarget
	Objects    []Name    // tables or schemas
	Locations  []Literal // READ ON LOCATION 'prefix'
	Roles      []RoleName
	Option     bool // WITH GRANT OPTION, or REVOKE GRANT OPTION FOR
	Cascade    bool // REVOKE … CASCADE
}

// GrantRole is GRANT roles TO members, or REVOKE roles FROM members.
type GrantRole struct {
	Loc
	Revoke  bool
	Roles   []Ident
	Members []RoleName
	Admin   bool // WITH ADMIN OPTION, or REVOKE ADMIN OPTION FOR
}

// CreatePolicy is CREATE POLICY name ON table [FOR ALL | SELECT | INSERT] [TO roles] [USING
// (expression)] [WITH CHECK (expression)].
type CreatePolicy struct {
	Loc
	Name      Ident
	Table     Name
	Roles     []RoleName // PUBLIC when there is no TO
	For       string     // upper case
	Using     Expr       // nil when absent
	UsingText string     // as it was written, without its parentheses
	Check     Expr       // nil when absent
	CheckText string
}

// DropPolicy is DROP POLICY [IF EXISTS] name ON table.
type DropPolicy struct {
	Loc
	Name     Ident
	Table    Name
	IfExists bool
}

// AlterOwner is ALTER TABLE name OWNER TO role.
type AlterOwner struct {
	Loc
	Table Name
	Owner RoleName
}

func (*CreateRole) statement()   {}
func (*AlterRole) statement()    {}
func (*DropRole) statement()     {}
func (*Grant) statement()        {}
func (*GrantRole) statement()    {}
func (*CreatePolicy) statement() {}
func (*DropPolicy) statement()   {}
func (*AlterOwner) statement()   {}
