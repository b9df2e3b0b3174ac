package catalog

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
)

// makeChange makes changes of roles and grants.
func makeChange(t *testing.T, c *Catalog, changes ...access.Change) {
	t.Helper()
	if err := c.ChangeAccess(t.Context(), func(*access.State, Known) ([]access.Change, error) { return changes, nil }); err != nil {
		t.Fatal(err)
	}
}

func granted(schema, table, role string) access.Change {
	o := access.TableObject(schema, table)
	return access.Change{Kind: access.PutGrants, Object: &o, Grants: []access.Grant{{Role: role, Privilege: access.Select}}}
}

func may(c *Catalog, user, schema, table string) bool {
	t, state, ok := c.Guarded(schema, table)
	return ok && state.Of(user, nil).Table(t.Schema, t.Name, t.Owner).May(access.Select)
}

func TestGrantsAreSharedAndGoWithTheirTables(t *testing.T) {
	log := object.NewMem()
	a, b := shared(t, log), shared(t, log)
	create(t, a, "", "x")
	makeChange(t, a, granted("public", "x", "alice"))
	before := a.Access()
	if err := b.Refresh(t.Context()); err != nil || !may(b, "alice", "", "x") || may(b, "bob", "", "x") {
		t.Errorf("b does not see the grant: %v", err)
	}
	create(t, a, "", "y")
	if a.Access() != before {
		t.Error("rights seem to have changed with a table that nothing is granted on")
	}
	if err := b.SetOwner(t.Context(), "", "x", "bob"); err != nil || !may(b, "bob", "", "x") {
		t.Errorf("the new owner: %v", err)
	}
	if err := a.Drop(t.Context(), Name{Name: "x"}); err != nil {
		t.Fatal(err)
	}
	create(t, a, "", "x")
	if err := b.Refresh(t.Context()); err != nil || may(b, "alice", "", "x") || may(b, "bob", "", "x") || may(a, "alice", "", "x") {
		t.Errorf("grants of a table that is gone hold for one of its name: %v", err)
	}
	if err := a.SetOwner(t.Context(), "", "nowhere", "bob"); sqlerr.CodeOf(err) != sqlerr.UndefinedTable {
		t.Errorf("an owner of no table: %v", err)
	}
}

func TestCheckpointsHaveRolesAndGrants(t *testing.T) {
	log := object.NewMem()
	a := shared(t, log)
	create(t, a, "", "x")
	makeChange(t, a, access.Change{Kind: access.PutRole, Role: &access.Role{Name: "alice", Login: true, Hash: "h"}}, granted("public", "x", "alice"))
	for i := range checkpointEvery {
		if _, err := a.CreateSchema(t.Context(), fmt.Sprint("s", i)); err != nil {
			t.Fatal(err)
		}
	}
	for csn := range int64(checkpointEvery) { // only the checkpoint tells of them now
		if err := log.Delete(t.Context(), NewLog(log, "root").path("log", csn+1)); err != nil {
			t.Fatal(err)
		}
	}
	late := shared(t, log)
	if r, ok := late.Access().Role("alice"); !ok || !r.Login || r.Hash != "h" || !may(late, "alice", "", "x") {
		t.Errorf("%+v, %v", r, ok)
	}
}

func TestChangesOfRolesThatAreNotKnownAreRefused(t *testing.T) {
	for _, text := range []string{`[{"kind":"access"}]`, `[{"kind":"access","access":{"kind":"deny"}}]`, `[{"kind":"access","access":{"kind":"grant"}}]`,
		`[{"kind":"access","access":{"kind":"role","role":{"name":"a","super":true}}}]`} {
		if got, err := decodeChanges([]byte(text)); err == nil {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestACatalogIsSeenInPart(t *testing.T) {
	c := open(t)
	for _, schema := range []string{"s", "hidden", "empty"} {
		if _, err := c.CreateSchema(t.Context(), schema); err != nil {
			t.Fatal(err)
		}
	}
	create(t, c, "s", "x")
	create(t, c, "hidden", "y")
	create(t, c, "", "z")
	seen := c.Seen(func(t *Table, _ *access.State) *Table {
		if t.Schema == "hidden" {
			return nil
		}
		part := *t
		part.Fields = part.Fields[:1]
		return &part
	}, func(schema string, _ *access.State) bool { return schema == "empty" })
	if got := names(seen) + " of " + strings.Join(seen.Schemas(), " "); got != "public.z s.x of empty public s" {
		t.Errorf("seen: %s", got)
	}
	if x, _ := seen.Lookup("s", "x"); len(x.Fields) != 1 {
		t.Errorf("%d columns are seen", len(x.Fields))
	}
	if x, _ := c.Lookup("s", "x"); len(x.Fields) < 2 {
		t.Error("the table itself has changed")
	}
}

func TestWhatIsPlannedAgainSeesWhatOthersCommitted(t *testing.T) {
	log := object.NewMem()
	a, b := shared(t, log), shared(t, log)
	makeChange(t, b, access.Change{Kind: access.PutRole, Role: &access.Role{Name: "r"}})
	asked := 0
	err := a.ChangeAccess(context.Background(), func(now *access.State, _ Known) ([]access.Change, error) {
		asked++
		if _, ok := now.Role("r"); !ok {
			t.Error("planned against what was before")
		}
		return []access.Change{{Kind: access.DropRole, Role: &access.Role{Name: "r"}}}, nil
	})
	if err != nil || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}
