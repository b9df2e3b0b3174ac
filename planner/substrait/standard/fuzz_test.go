package standard_test

import (
	"archive/zip"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/substrait/standard"
)

// FuzzRead feeds arbitrary bytes: they are refused, or make a sound plan.
func FuzzRead(f *testing.F) {
	f.Add([]byte(plan(filter(readT, call(1, fieldA, fieldA)), "equal:any_any")))
	f.Add([]byte(plan(insertT)))
	f.Add([]byte(plan(`{"ddl":{"namedObject":{"names":["t"]},"object":"DDL_OBJECT_TABLE","op":"DDL_OP_CREATE","tableSchema":{"names":["a"],"struct":{"types":[{"i64":{}}]}},
		"tableDefaults":{"fields":[{"i64":"7"}]}}}`)))
	f.Add([]byte(plan(filter(readT, `{"cast":{"type":{"bool":{}},"failureBehavior":"FAILURE_BEHAVIOR_RETURN_NULL","input":{"nested":{"map":{"keyValues":[{"key":`+fieldA+`,"value":{"nested":{"list":{"values":[`+fieldB+`]}}}}]}}}}}`))))
	archives, err := filepath.Glob("testdata/producers/*.zip")
	if err != nil || len(archives) == 0 {
		f.Fatalf("no plans: %v", err)
	}
	for _, a := range archives {
		z, err := zip.OpenReader(a)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range z.File {
			r, err := file.Open()
			if err != nil {
				f.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				f.Fatal(err)
			}
			// The tables of these plans are not there: make them those of the tests.
			f.Add([]byte(strings.NewReplacer("lineitem", "tineitem", "orders", "trders", "nation", "tation").Replace(string(b))))
			_ = r.Close()
		}
		_ = z.Close()
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := standard.Parse(b)
		if err != nil {
			return
		}
		var q *standard.Query
		if doc.Changes() {
			var c *standard.Change
			if c, err = standard.ReadChange(t.Context(), doc, tables{}, nil); err == nil {
				q = c.Rows
			}
		} else {
			q, err = standard.Read(t.Context(), doc, tables{}, nil)
		}
		if err != nil || q == nil {
			return
		}
		if err := logical.Check(q.Plan); err != nil {
			t.Error(err)
		}
	})
}
