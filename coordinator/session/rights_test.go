package session

import (
	"testing"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// someone is users of whom the catalog knows all.
type someone struct{ open bool }

func (u someone) Required() bool      { return !u.open }
func (someone) Elsewhere() bool       { return true }
func (someone) Known(string) bool     { return false }
func (someone) Roles(string) []string { return nil }

func TestChangesNeedTheirPrivilege(t *testing.T) {
	store := object.NewMem()
	s := &Statements{Catalog: catalog.New(store, parquet.NewCache(store, 0)), Users: someone{}}
	table := &catalog.Table{Schema: "public", Name: "t", Owner: "owner"}
	o := access.TableObject("public", "t")
	err := s.Catalog.ChangeAccess(t.Context(), func(*access.State, catalog.Known) ([]access.Change, error) {
		return []access.Change{{Kind: access.PutGrants, Object: &o, Grants: []access.Grant{{Role: "alice", Privilege: access.Insert, Column: "a"},
			{Role: "bob", Privilege: access.Insert}}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		user    string
		p       access.Privilege
		columns []string
		want    sqlerr.Code
	}{
		{"alice", access.Insert, []string{"a"}, ""}, {"alice", access.Insert, []string{"a", "b"}, sqlerr.InsufficientPrivilege}, {"alice", access.Insert, nil, sqlerr.InsufficientPrivilege},
		{"bob", access.Insert, nil, ""}, {"bob", access.Insert, []string{"a", "b"}, ""}, {"bob", access.Truncate, nil, sqlerr.InsufficientPrivilege},
		{"owner", access.Truncate, nil, ""}, {"", access.Insert, nil, sqlerr.InsufficientPrivilege},
	} {
		err := s.mayChange(flight.NewSession("x", c.user, nil), table, c.p, c.columns...)
		if c.want == "" && err != nil || c.want != "" && sqlerr.CodeOf(err) != c.want {
			t.Errorf("%s %s %v: %v, want %q", c.user, c.p, c.columns, err, c.want)
		}
	}
	s.Users = someone{open: true}
	if err := s.mayChange(flight.NewSession("x", "", nil), table, access.Truncate); err != nil {
		t.Errorf("before there are users: %v", err)
	}
}
