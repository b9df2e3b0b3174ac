package access

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func role(r Role) Change { return Change{Kind: PutRole, Role: &r} }

func member(member, role string) Change {
	return Change{Kind: PutMember, Member: &Membership{Role: role, Member: member}}
}

func grant(o Object, g ...Grant) Change { return Change{Kind: PutGrants, Object: &o, Grants: g} }

func revoke(o Object, g ...Grant) Change { return Change{Kind: DropGrants, Object: &o, Grants: g} }

func TestRightsComeByWayOfRoles(t *testing.T) {
	sales := TableObject("public", "sales")
	s := (&State{}).With(role(Role{Name: "readers"}), role(Role{Name: "analysts"}), role(Role{Name: "alice", Login: true}),
		member("analysts", "readers"), member("alice", "analysts"), grant(sales, Grant{Role: "readers", Privilege: Select}))
	can := func(s *State, user string, login ...string) bool {
		return s.Of(user, login).Table("public", "sales", "").May(Select)
	}
	if !can(s, "alice") || can(s, "bob") || !can(s, "bob", "analysts") || can(s, "") {
		t.Error("rights do not follow memberships")
	}
	if can(s.With(Change{Kind: DropMember, Member: &Membership{Role: "readers", Member: "analysts"}}), "alice") || !can(s, "alice") {
		t.Error("a membership that has gone gives rights, or a state has changed")
	}
	if can(s.With(Change{Kind: DropRole, Role: &Role{Name: "readers"}}), "alice") {
		t.Error("a role that has gone gives rights")
	}
	again := s.With(Change{Kind: DropRole, Role: &Role{Name: "readers"}}, role(Role{Name: "readers"}))
	if can(again, "alice") || can(again, "x", "readers") {
		t.Error("a role made again has the rights of the one before")
	}
	if !s.With(grant(sales, Grant{Role: Public, Privilege: Select})).Of("bob", nil).Table("public", "sales", "").May(Select) {
		t.Error("what is granted to public is not everybody's")
	}
}

func TestAdministratorsAndOwnersNeedNoGrants(t *testing.T) {
	s := (&State{}).With(role(Role{Name: "root", Admin: true}), role(Role{Name: "team"}), member("alice", "team"), member("carol", Admin),
		Change{Kind: PutPolicy, Policy: &Policy{Schema: "s", Table: "t", Name: "p", Using: "false"}})
	for user, want := range map[string]bool{"root": true, "carol": true, "alice": true, "bob": false} {
		rights := s.Of(user, nil).Table("s", "t", "team")
		if _, restricted := rights.Restricted(); rights.May(Delete) != want || rights.Owner() != want || restricted == want {
			t.Errorf("%s: may %v, restricted %v", user, rights.May(Delete), restricted)
		}
	}
	if s.Of("alice", nil).Table("s", "t", "").Owner() || (Rights{state: s}).Table("s", "t", "").Owner() {
		t.Error("a table of nobody is somebody's")
	}
}

func TestGrantsByAnOptionHangOnIt(t *testing.T) {
	table, schema := TableObject("s", "t"), SchemaObject("s")
	s := (&State{}).With(
		grant(table, Grant{Role: "a", Privilege: Select, Option: true}, Grant{Role: "b", Privilege: Select, Option: true, By: "a"}, Grant{Role: "c", Privilege: Select, Column: "x", By: "b"}),
		grant(schema, Grant{Role: "d", Privilege: Insert, Option: true}), grant(table, Grant{Role: "e", Privilege: Insert, By: "d"}))
	if got := s.Unsupported(); len(got) != 0 {
		t.Fatalf("unsupported: %v", got)
	}
	if by, ok := s.Of("b", nil).Table("s", "t", "").Grants(Select, "y"); by != "b" || !ok {
		t.Errorf("b grants as %q, %v", by, ok)
	}
	if _, ok := s.Of("c", nil).Table("s", "t", "").Grants(Select, "x"); ok {
		t.Error("c grants what it has no option of")
	}
	if by, ok := s.Of("d", nil).Table("s", "t", "").Grants(Insert, ""); by != "d" || !ok {
		t.Errorf("an option on the schema: %q, %v", by, ok)
	}
	unsupported := func(kind string, o Object, g Grant) string {
		next := s.With(Change{Kind: kind, Object: &o, Grants: []Grant{g}})
		var out []string
		for _, list := range next.Unsupported() {
			for _, g := range list {
				out = append(out, g.Role)
			}
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	for _, test := range []struct {
		kind   string
		object Object
		grant  Grant
		want   string
	}{
		{DropOption, table, Grant{Role: "a", Privilege: Select}, "b c"},
		{DropGrants, table, Grant{Role: "b", Privilege: Select, By: "a"}, "c"},
		{DropGrants, table, Grant{Role: "b", Privilege: Select}, ""}, // not by that grantor
		{DropGrants, schema, Grant{Role: "d", Privilege: Insert}, "e"},
	} {
		if got := unsupported(test.kind, test.object, test.grant); got != test.want {
			t.Errorf("%s of %v: %q, not %q", test.kind, test.grant, got, test.want)
		}
	}
	if gone := s.With(Change{Kind: DropRole, Role: &Role{Name: "a"}}); gone.Of("c", nil).Table("s", "t", "").Some(Select) {
		t.Error("what a role granted is there without it")
	}
	circle := (&State{}).With(grant(table, Grant{Role: "a", Privilege: Select, Option: true, By: "b"}, Grant{Role: "b", Privilege: Select, Option: true, By: "a"}))
	if got := circle.Unsupported()[table]; len(got) != 2 {
		t.Errorf("two that hold each other: %v", got)
	}
}

func TestGrantsOnColumns(t *testing.T) {
	o := TableObject("s", "t")
	s := (&State{}).With(grant(o, Grant{Role: "alice", Privilege: Select, Column: "a"}, Grant{Role: "alice", Privilege: Select, Column: "b"}))
	rights := s.Of("alice", nil).Table("s", "t", "")
	if rights.May(Select) || !rights.Some(Select) || !rights.Column(Select, "a") || rights.Column(Select, "c") || rights.Column(Insert, "a") || rights.Some(Insert) {
		t.Error("a column is not only itself")
	}
	one := s.With(revoke(o, Grant{Role: "alice", Privilege: Select, Column: "a"})).Of("alice", nil).Table("s", "t", "")
	if one.Column(Select, "a") || !one.Column(Select, "b") {
		t.Error("to revoke a column is not that")
	}
	if s.With(revoke(o, Grant{Role: "alice", Privilege: Select, Column: ""})).Of("alice", nil).Table("s", "t", "").Some(Select) {
		t.Error("to revoke a table leaves its columns")
	}
}

func TestWhatIsDroppedTakesItsGrantsAlong(t *testing.T) {
	o := TableObject("s", "t")
	policy := Change{Kind: PutPolicy, Policy: &Policy{Schema: "s", Table: "t", Name: "p", Roles: []string{"alice"}, Using: "true"}}
	s := (&State{}).With(grant(o, Grant{Role: "alice", Privilege: Select, Column: ""}), grant(SchemaObject("s"), Grant{Role: "alice", Privilege: Create, Column: ""}), policy)
	if n := s.WithoutTable("s", "t"); n.Grants(o) != nil || n.Policies("s", "t") != nil || n.Grants(SchemaObject("s")) == nil {
		t.Error("a table")
	}
	if n := s.WithoutSchema("s"); len(n.Objects()) != 0 || len(n.AllPolicies()) != 0 {
		t.Error("a schema")
	}
	gone := s.With(Change{Kind: DropRole, Role: &Role{Name: "alice"}})
	if using, restricted := gone.Of("bob", nil).Table("s", "t", "").Restricted(); !restricted || len(using) > 0 || len(gone.Objects()) > 0 {
		t.Error("a role: its policy must stay, for nobody")
	}
	if !slices.Equal(s.Policies("s", "t")[0].Roles, []string{"alice"}) {
		t.Error("the state before has changed")
	}
}

func TestAStateIsMadeOfItsChangesAgain(t *testing.T) {
	s := (&State{}).With(role(Role{Name: "a", Login: true, Hash: "h"}), role(Role{Name: "b"}), member("a", "b"), grant(TableObject("s", "t"), Grant{Role: "b", Privilege: Select, Column: "c"}),
		grant(Object{Kind: Location, Name: "/data"}, Grant{Role: "b", Privilege: Read, Column: ""}),
		Change{Kind: PutPolicy, Policy: &Policy{Schema: "s", Table: "t", Name: "p", Roles: []string{"b"}, Using: "x"}})
	text, err := json.Marshal(s.Changes())
	if err != nil {
		t.Fatal(err)
	}
	var changes []Change
	if err := json.Unmarshal(text, &changes); err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if err := c.Check(); err != nil {
			t.Error(err)
		}
	}
	again, err := json.Marshal((&State{}).With(changes...).Changes())
	if err != nil || string(again) != string(text) || len(changes) != 6 {
		t.Errorf("%v\n%s\nwas\n%s", err, again, text)
	}
	for _, bad := range []Change{{}, {Kind: "grant"}, {Kind: "role"}, {Kind: "other", Role: &Role{}}} {
		if bad.Check() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	if strings.Contains(fmt.Sprint(Role{Name: "a", Hash: "h4sh"}), "h4sh") {
		t.Error("a role prints its hash")
	}
}

func TestPrefixesEndAtComponents(t *testing.T) {
	for _, c := range []struct {
		prefix, location string
		want             bool
	}{
		{"/data", "/data", true}, {"/data", "/data/x", true}, {"/data/", "/data/x/*.parquet", true}, {"/data", "/database/x", false},
		{"/data", "/data/../etc/passwd", false}, {"/data", "/data/x/../../data/y", true}, {"/data", "/", false}, {"/", "/etc/passwd", true}, {"/", "s3://b/k", false},
		{"/data", "file:///data/x", true}, {"/data", "file:///data/../etc", false}, {"/data", "/data//x", true}, {"/data", "/data/*/../../etc/passwd", false},
		{"s3://b", "s3://b/k", true}, {"s3://b", "s3://bb/k", false}, {"s3://b/k", "s3://b/k/x", true}, {"s3://b/k", "s3://b/kk", false},
		{"s3://b/k", "s3://b/k/../x", false}, {"s3://b/k/", "s3://b/k", true}, {"s3://b", "s3://", false}, {"s3://b", "/b", false}, {"/data", "", false}, {"/data", "/data/\x00", false},
	} {
		prefix, err := Prefix(c.prefix)
		if err != nil {
			t.Fatal(err)
		}
		if Covers(prefix, c.location) != c.want {
			t.Errorf("%s covers %q: not %v", prefix, c.location, c.want)
		}
	}
	for _, bad := range []string{"", "s3://", "s3:///x", "/data/*", "s3://b/../x"} {
		if p, err := Prefix(bad); err == nil {
			t.Errorf("%q is the prefix %q", bad, p)
		}
	}
}

func TestLinksDoNotLeadOut(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{dir + "/in/a", dir + "/in/[x]/b", out + "/secret"} {
		must(os.MkdirAll(filepath.Dir(path), 0o700))
		must(os.WriteFile(path, nil, 0o600))
	}
	for link, to := range map[string]string{"/in/folder": out, "/in/file": out + "/secret", "/in/[x]/link": out, "/in/up": "..", "/in/later": out + "/nothing", "/by": dir + "/in", "/in/self": "self"} {
		must(os.Symlink(to, dir+link))
	}
	b := NewBounds(dir + "/in")
	for location, want := range map[string]bool{"/in/a": true, "/in/*": true, "/in/new/x": true, "/by/a": true, "/in/folder/secret": false, "/in/file": false, "/in/folder/*": false,
		"/in/up/x": false, "/in/later": false, "/in/self": false, "/in/a/../../x": false, "/x": false} {
		if b.Allows(dir+location) != want {
			t.Errorf("the location %s: not %v", location, want)
		}
	}
	for path, want := range map[string]bool{"/in/a": true, "/by/a": true, "/in/[x]/b": true, "/in/folder/secret": false, "/in/file": false, "/in/[x]/link/secret": false} {
		if outside := b.Files(slices.Values([]string{dir + path})); (outside == "") != want {
			t.Errorf("the file %s: not %v", path, want)
		}
	}
	if by := NewBounds(dir + "/by"); !by.Allows(dir+"/in/a") || by.Allows(dir+"/in/file") {
		t.Error("a prefix that is a link")
	}
}

func FuzzCovers(f *testing.F) {
	f.Add("/data", "/data/../x")
	f.Add("s3://b/k", "s3://b/k/x")
	f.Fuzz(func(t *testing.T, prefix, location string) {
		p, err := Prefix(prefix)
		if err != nil || strings.Contains(p, "://") || !Covers(p, location) || strings.Contains(location, "://") {
			return
		}
		rel, err := filepath.Rel(p, location)
		if abs, _ := filepath.Abs(location); err != nil {
			rel, err = filepath.Rel(p, abs)
		}
		if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
			t.Errorf("%q covers %q, which is %q from there", p, location, rel)
		}
	})
}
