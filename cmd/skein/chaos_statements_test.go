package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/internal/client"
)

// material is what clusters are asked: tables, and statements with their answers.
type material struct {
	tables     string
	statements []*statement
}

// statement is a query with its answer.
type statement struct {
	name, sql string
	answer    []string // sorted
	// unrepeatable says that it may fail when rows of it have been delivered.
	unrepeatable bool
	calm         time.Duration // how long it took while nothing bad happened, in all
	times        int
}

// usual is how long it takes while nothing bad happens.
func (s *statement) usual() time.Duration { return s.calm / time.Duration(max(1, s.times)) }

// newMaterial makes tables, and finds the answers with a process that is alone.
func newMaterial(t *testing.T) *material {
	dir := t.TempDir()
	m := &material{tables: filepath.Join(dir, "tables")}
	sf, err := tpch.ParseScaleFactor("0.05")
	if err != nil {
		t.Fatal(err)
	}
	if err := tpch.Generate(t.Context(), tpch.Options{ScaleFactor: sf, Out: m.tables, Parts: 4}); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= tpch.Queries; n++ {
		m.statements = append(m.statements, &statement{name: fmt.Sprint("Q", n), sql: tpch.Query(n, tpch.Validation(n, sf))})
	}
	m.statements = append(m.statements, moreStatements()...)
	p := start(t, &process{name: "alone", args: []string{"--listen", "127.0.0.1:0", "--tables", m.tables, "--spill", dir},
		site: site{loopback: true}, log: filepath.Join(dir, "log")}, nil)
	defer p.kill()
	conn, err := client.Open(t.Context(), p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range m.statements {
		rows, err := fetch(t.Context(), conn, s.sql)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		s.answer = multiset(rows)
	}
	return m
}

// moreStatements have large answers, need much memory, or cannot be repeated.
func moreStatements() []*statement {
	return []*statement{
		{name: "all of a table", sql: "select * from orders"},
		{name: "a large sort", sql: "select l_orderkey, l_linenumber, l_comment from lineitem order by l_extendedprice, l_orderkey, l_linenumber"},
		{name: "a large join", sql: "select o_orderkey, c_name, o_totalprice from orders join customer on o_custkey = c_custkey where o_orderkey % 3 = 0"},
		{name: "large groups", sql: `select count(*), sum(n), min(least) from (
			select l_comment, l_partkey, l_suppkey, count(*) n, min(l_shipinstruct || l_shipmode) least from lineitem group by 1, 2, 3) g`},
		{name: "a wide join", sql: `select count(*), sum(o_totalprice), max(o_comment), max(l_comment)
			from lineitem join orders on o_orderkey = l_orderkey and o_comment <> l_comment`},
		{name: "distinct values", sql: "select count(distinct l_comment), count(distinct l_extendedprice) from lineitem"},
		{name: "a volatile one", sql: "select o_orderpriority, count(*) from orders where random() < 2 group by 1", unrepeatable: true},
	}
}

func multiset(rows [][]string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = strings.Join(r, "|")
	}
	slices.Sort(out)
	return out
}

// differ says how an answer is not the one that is wanted.
func differ(got, want []string) string {
	only := func(a, b []string) (out []string) {
		for _, row := range a {
			if _, ok := slices.BinarySearch(b, row); !ok {
				out = append(out, row)
			}
		}
		return out[:min(len(out), 5)]
	}
	return fmt.Sprintf("%d rows for %d; such as %q, and not %q", len(got), len(want), only(got, want), only(want, got))
}
