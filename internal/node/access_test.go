package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/auth"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/logictest"
	"github.com/skein-query/skein/internal/sqlerr"
)

// An access script has statements of several users with what they are answered:
//
//	as alice
//	select * from t
//	----
//	1|x
//
// A Substrait plan in JSON may stand for a statement. An answer is rows of values between bars, "ok" for none, or "error CODE: message".
// "as alice@2" asks the second coordinator. Connections stay open: a change is seen by
// sessions that were there before. The password of a user is its name and "-secret";
// root is an administrator of the users file, and $DIR is a folder with the tables.
type accessStep struct {
	line            int
	user, sql, want string
	second          bool
}

func readAccessScript(t *testing.T, path string) []accessStep {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var steps []accessStep
	var answer bool
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		user, ok := strings.CutPrefix(line, "as ")
		switch {
		case strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "":
			answer = answer && line != ""
		case ok:
			user, second := strings.CutSuffix(user, "@2")
			steps, answer = append(steps, accessStep{line: n, user: user, second: second}), false
		case len(steps) == 0:
			t.Fatalf("%s:%d: nobody says this", path, n)
		case line == "----":
			answer = true
		case answer:
			steps[len(steps)-1].want += line + "\n"
		default:
			steps[len(steps)-1].sql += line + "\n"
		}
	}
	return steps
}

// accessRun runs a script on one or two coordinators of one catalog.
type accessRun struct {
	t       *testing.T
	servers []*Server
	conns   map[string]*sqlConn
	replace *strings.Replacer
}

func (r *accessRun) step(s accessStep) string {
	server, key := r.servers[0], s.user
	if s.second {
		server, key = r.servers[1], s.user+"@2"
		if err := server.Catalog.Refresh(r.t.Context()); err != nil { // what Follow does within a second
			r.t.Fatal(err)
		}
	}
	conn := r.conns[key]
	if conn == nil {
		c, err := client.OpenAs(r.t.Context(), server.URL(), client.Login{User: s.user, Password: s.user + "-secret"})
		if err != nil {
			return answerOf(err)
		}
		conn = &sqlConn{c}
		r.conns[key] = conn
	}
	got, err := statementOrPlan(r.t.Context(), conn, r.replace.Replace(s.sql))
	if err != nil {
		return answerOf(err)
	}
	if len(got.Columns) == 0 {
		return "ok\n"
	}
	var b strings.Builder
	for _, row := range got.Rows {
		for i, v := range row {
			if i > 0 {
				b.WriteByte('|')
			}
			if v.Null {
				v.Text = "NULL"
			}
			b.WriteString(v.Text)
		}
		b.WriteByte('\n')
	}
	if b.Len() == 0 {
		return "ok\n"
	}
	return b.String()
}

// statementOrPlan sends a statement, or a Substrait plan when it is in JSON.
func statementOrPlan(ctx context.Context, conn *sqlConn, text string) (*logictest.Result, error) {
	if !strings.HasPrefix(text, "{") {
		return conn.Query(ctx, text)
	}
	rows, err := conn.Client.QueryPlan(ctx, []byte(text))
	if err != nil {
		return nil, err
	}
	return collect(rows)
}

func answerOf(err error) string {
	message, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Sprintf("error %s: %s\n", sqlerr.CodeOf(err), message)
}

// usersFile has root, an administrator.
func usersFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users")
	if err := auth.WriteFile(path, map[string]auth.Entry{"root": {Name: "root", Hash: auth.Hash("root-secret"), Roles: []string{"skein_admin"}}}); err != nil {
		t.Fatal(err)
	}
	return path
}

// copyTables is a folder of its own with the tables, for scripts that name files.
func copyTables(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(tables, name+".parquet"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".parquet"), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAccessScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/access/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			r := &accessRun{t: t, conns: map[string]*sqlConn{}}
			dir := copyTables(t, "numbers", "one_row", "employees", "departments")
			outside := copyTables(t, "strings")
			if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			r.replace = strings.NewReplacer("$DIR", dir, "$OUTSIDE", outside)
			c := Config{Threads: 1, Version: "1.0.0", Distribution: place.Always, Encode: true, Catalog: t.TempDir(), Security: Security{Users: usersFile(t)}}
			if strings.HasPrefix(filepath.Base(path), "bounded") {
				c.Security.Allow = []string{dir}
			}
			c.Cluster = &Cluster{Name: "c1", Coordinator: true, Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t)}
			r.servers = append(r.servers, start(t, c, dir))
			c.Cluster = &Cluster{Name: "c2", Coordinator: true, Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t),
				Join: []string{r.servers[0].peers.members.Load().Address()}}
			r.servers = append(r.servers, start(t, c, ""))
			for _, s := range readAccessScript(t, path) {
				if got, want := r.step(s), r.replace.Replace(s.want); got != want {
					t.Errorf("%s:%d: as %s: %sgot:\n%swant:\n%s", path, s.line, s.user, s.sql, got, want)
				}
			}
			for _, conn := range r.conns {
				_ = conn.Close() // a user that is dropped cannot close its session
			}
		})
	}
}

func TestTheFirstUserOfSQLIsAnAdministrator(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1}, tables)
	anybody := connect(t, s)
	defer anybody.Close()
	run := func(c *sqlConn, sql string, want sqlerr.Code) {
		t.Helper()
		if _, err := c.Query(t.Context(), sql); want == "" && err != nil || want != "" && sqlerr.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", sql, err, want)
		}
	}
	run(anybody, "select count(*) from numbers", "")
	run(anybody, "create user alice password 'alice-secret'", sqlerr.ObjectNotInPrerequisite)
	run(anybody, "create role readers", "")
	run(anybody, "create user boss superuser password 'boss-secret'", "")
	run(anybody, "select 1", sqlerr.InvalidAuthorization) // the session that was there before
	as := func(user string) *sqlConn {
		c, err := client.OpenAs(context.Background(), s.URL(), client.Login{User: user, Password: user + "-secret"})
		if err != nil {
			t.Fatal(err)
		}
		return &sqlConn{c}
	}
	boss := as("boss")
	defer boss.Close()
	run(boss, "create user alice password 'alice-secret'", "")
	run(boss, "alter user boss nosuperuser", objectInUse)
	run(boss, "alter user boss password null", objectInUse)
	run(boss, "drop user boss", objectInUse)
	alice := as("alice")
	defer alice.Close()
	run(alice, "select count(*) from numbers", sqlerr.InsufficientPrivilege)
	run(alice, "alter user alice superuser", sqlerr.InsufficientPrivilege)
	run(alice, "alter user alice password 'other'", "")
	run(alice, "select 1", sqlerr.InvalidAuthorization) // its token was for the old password
}

// loggedIn is a connection of a user whose password is its name and "-secret".
func loggedIn(t *testing.T, s *Server, user string) *sqlConn {
	t.Helper()
	c, err := client.OpenAs(t.Context(), s.URL(), client.Login{User: user, Password: user + "-secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the user may be gone
	return &sqlConn{c}
}

func TestPreparedStatementsLoseTheirRights(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1, Security: Security{Users: usersFile(t)}}, tables)
	root := loggedIn(t, s, "root")
	run := func(sql string) {
		t.Helper()
		if _, err := root.Query(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	run("create user alice password 'alice-secret'")
	run("grant select on numbers, employees to alice")
	db, err := flightsql.NewDriver(memory.DefaultAllocator).NewDatabase(map[string]string{adbc.OptionKeyURI: s.URL(), adbc.OptionKeyUsername: "alice", adbc.OptionKeyPassword: "alice-secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	prepared, err := conn.NewStatement()
	if err != nil {
		t.Fatal(err)
	}
	defer prepared.Close()
	count := func() (int64, error) {
		rows, _, err := prepared.ExecuteQuery(t.Context())
		if err != nil {
			return 0, err
		}
		defer rows.Release()
		n := int64(0)
		for rows.Next() {
			n += rows.RecordBatch().NumRows()
		}
		return n, rows.Err()
	}
	if err := errors.Join(prepared.SetSqlQuery("select emp_id from employees join numbers on n = emp_id"), prepared.Prepare(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		change string
		rows   int64
		denied bool
	}{
		{"select 1", 40, false}, {"create policy p on employees to alice using (emp_id < 5)", 4, false}, {"drop policy p on employees", 40, false},
		{"revoke select on numbers from alice", 0, true}, {"grant select (cube) on numbers to alice", 0, true}, {"grant select (n) on numbers to alice", 40, false},
	} {
		run(step.change)
		if n, err := count(); n != step.rows || (err != nil) != step.denied || err != nil && !strings.Contains(err.Error(), "permission denied for table numbers") {
			t.Errorf("after %s: %d rows, %v", step.change, n, err)
		}
	}
}

func TestPlansOfClientsSeeWhatTheirUserMaySee(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1, Security: Security{Users: usersFile(t)}}, tables)
	root := loggedIn(t, s, "root")
	for _, sql := range []string{"create user alice password 'alice-secret'", "grant select (emp_id, name, dept_id) on employees to alice",
		"create policy p on employees to alice using (salary > 77000 and current_user = 'alice')"} {
		if _, err := root.Query(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	alice := loggedIn(t, s, "alice")
	for sql, want := range map[string]string{
		"select emp_id from employees":                                                           "12 25 40",
		"select emp_id from employees where 1 / (dept_id - 50) < 5":                              "12 25 40",
		"select count(*) from employees":                                                         "3",
		"select a.emp_id from employees a join employees b on a.emp_id = b.emp_id + 15":          "40",
		"select salary from employees":                                                           "42501",
		"select emp_id from employees where salary > 0":                                          "42501",
		"select n from numbers":                                                                  "42501",
		"select b from read_parquet('" + filepath.Join(tables, "one_row.parquet") + "')":         "42501",
		"select e.emp_id from employees e where exists (select 1 from numbers where n = emp_id)": "42501",
	} {
		explained, err := root.Query(t.Context(), "explain (format substrait) "+sql)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		for _, r := range explained.Rows {
			plan.WriteString(r[0].Text + "\n")
		}
		var got []string
		rows, err := alice.Client.QueryPlan(t.Context(), []byte(plan.String()))
		if err == nil {
			result, failed := collect(rows)
			if err = failed; err == nil {
				for _, r := range result.Rows {
					got = append(got, r[0].Text)
				}
			}
		}
		if err != nil {
			got = []string{string(sqlerr.CodeOf(err))}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v; want %s", sql, got, err, want)
		}
	}
}

func TestOthersQueriesAreNotEnded(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1, Security: Security{Users: usersFile(t)}}, tables)
	root := loggedIn(t, s, "root")
	if _, err := root.Query(t.Context(), "create user alice password 'alice-secret'"); err != nil {
		t.Fatal(err)
	}
	alice := loggedIn(t, s, "alice")
	rows, err := root.Client.Query(t.Context(), "select count(*) from numbers a, numbers b, numbers c, numbers d, numbers e")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	id := ""
	for _, q := range s.coord.Queries() {
		if strings.Contains(q.Text, "numbers e") {
			id = q.ID
		}
	}
	if _, err := alice.Query(t.Context(), "kill '"+id+"'"); id == "" || sqlerr.CodeOf(err) != sqlerr.UndefinedObject {
		t.Errorf("another's query %q: %v", id, err)
	}
	if got, err := alice.Query(t.Context(), "select count(*) from information_schema.skein_queries where id = '"+id+"'"); err != nil || got.Rows[0][0].Text != "0" {
		t.Errorf("another's query is seen: %v, %v", got, err)
	}
	if _, err := root.Query(t.Context(), "kill '"+id+"'"); err != nil {
		t.Errorf("the own query: %v", err)
	}
}

// objectInUse is PostgreSQL's 55006.
const objectInUse sqlerr.Code = "55006"
