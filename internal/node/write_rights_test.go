package node

import (
	"context"
	"testing"

	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/sqlerr"
)

// TestRightsOnSingleTablesInMemoryGoWithThem has a catalog in memory, which keeps what is
// granted no longer than the tables.
func TestRightsOnSingleTablesInMemoryGoWithThem(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1, Security: Security{Users: usersFile(t)}}, "")
	conns := map[string]*client.Client{}
	for _, step := range []struct {
		user, sql string
		want      sqlerr.Code
	}{
		{"root", "create user alice password 'alice-secret'", ""},
		{"root", "create user bob password 'bob-secret'", ""},
		{"root", "grant create on schema public to alice", ""},
		{"alice", "create table t (n int, secret text)", ""},
		{"alice", "insert into t values (1, 'hers'), (20, 'hers')", ""},
		{"bob", "insert into t (n) values (2)", sqlerr.InsufficientPrivilege},
		{"alice", "grant insert (n) on t to bob", ""},
		{"bob", "insert into t (n) values (2)", ""},
		{"bob", "insert into t (n, secret) values (2, 'his')", sqlerr.InsufficientPrivilege},
		{"bob", "insert into t values (2)", sqlerr.InsufficientPrivilege},
		{"bob", "insert into t (n) values (2) returning n", sqlerr.InsufficientPrivilege},
		{"bob", "insert into t (n) select n from t", sqlerr.InsufficientPrivilege},
		{"alice", "grant select (n) on t to bob", ""},
		{"bob", "insert into t (n) values (3) returning n", ""},
		{"bob", "insert into t (n) values (3) returning secret", sqlerr.InsufficientPrivilege},
		{"bob", "insert into t (n) select n from t", ""},
		{"bob", "truncate t", sqlerr.InsufficientPrivilege},
		{"alice", "create policy small on t to bob using (n < 10)", ""},
		{"bob", "select n / (n - 20) from t", ""},   // the row that would fail is not his
		{"bob", "insert into t (n) values (5)", ""}, // what is seen may be added
		{"bob", "insert into t (n) values (5), (15)", sqlerr.InsufficientPrivilege},
		{"bob", "insert into t (n) values (null)", sqlerr.InsufficientPrivilege},
		{"alice", "create policy big on t for insert to bob with check (n > 100 and secret is null)", ""},
		{"bob", "insert into t (n) values (101), (6)", ""},
		{"bob", "insert into t (n) values (15)", sqlerr.InsufficientPrivilege},
		{"bob", "select 1 / (n - 101) from t", ""}, // it is not seen
		{"alice", "drop policy small on t", ""},
		{"bob", "insert into t (n) values (6)", sqlerr.InsufficientPrivilege},
		{"bob", "insert into t (n) values (102)", ""},
		{"alice", "drop policy big on t", ""},
		{"alice", "create policy nobody on t for select to bob using (n > 3)", ""},
		{"bob", "insert into t (n) values (6)", sqlerr.InsufficientPrivilege},
		{"alice", "insert into t (n) values (6)", ""},
		{"alice", "drop table t", ""},
		{"alice", "create table t (n int, secret text)", ""},
		{"bob", "select n from t", sqlerr.InsufficientPrivilege},
		{"root", "alter table t owner to bob", ""},
		{"bob", "insert into t values (1, 'his')", ""},
		{"alice", "insert into t values (1, 'hers')", sqlerr.InsufficientPrivilege},
		{"bob", "drop table t", ""},
	} {
		c := conns[step.user]
		if c == nil {
			var err error
			if c, err = client.OpenAs(context.Background(), s.URL(), client.Login{User: step.user, Password: step.user + "-secret"}); err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			conns[step.user] = c
		}
		if _, err := c.Exec(t.Context(), step.sql); step.want == "" && err != nil || step.want != "" && sqlerr.CodeOf(err) != step.want {
			t.Errorf("as %s: %s: %v, want %q", step.user, step.sql, err, step.want)
		}
	}
}
