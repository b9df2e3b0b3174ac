package planner

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/sql"
)

// FuzzPlan plans any text: it ends in a plan or in an error of sqlerr that is not
// a bug, with a span inside the text.
func FuzzPlan(f *testing.F) {
	files, err := filepath.Glob("../bench/tpch/queries/*.sql")
	if err != nil || len(files) == 0 {
		f.Fatalf("no TPC-H queries: %v", err)
	}
	parameter := regexp.MustCompile(`\{[a-z0-9_]+\}`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(parameter.ReplaceAllString(string(text), "1"))
	}
	for _, text := range []string{
		"select n_name, (select count(*) from customer where c_nationkey = n_nationkey) from nation",
		"select * from region r full join nation n on r_regionkey = n_regionkey where r_name is null or n_name like 'A%'",
		"select 1 union select 2 except all select 3 order by 1 limit 1 offset 1",
		"select r_name from region where r_regionkey not in (select n_regionkey from nation where n_name = r_name)",
		"with x as (select o_custkey k, sum(o_totalprice) s from orders group by 1) select * from x a join x b using (k) where a.s > 0.1 * b.s",
		"select n_regionkey, count(distinct n_name), max(case when n_nationkey > 3 then 1 end) from nation group by rollup (1) having count(*) > 1",
	} {
		f.Add(text)
	}
	catalog := loadTables(f, "tpch")
	f.Fuzz(func(t *testing.T, text string) {
		statements, err := sql.Parse(text)
		if err != nil {
			return
		}
		for _, s := range statements {
			q, ok := s.(*sql.Query)
			if !ok {
				continue
			}
			_, err := Query(t.Context(), q, catalog, Options{Now: time.Unix(0, 0)})
			if err == nil {
				continue
			}
			e, ok := errors.AsType[*sqlerr.Error](err)
			if !ok || e.Code == sqlerr.InternalError {
				t.Fatalf("%q: %v", text, err)
			}
			if e.Span.Start < 0 || int(e.Span.End) > len(text) {
				t.Fatalf("%q: span %v is outside the text: %v", text, e.Span, err)
			}
		}
	})
}
