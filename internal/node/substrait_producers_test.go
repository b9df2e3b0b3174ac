package node

import (
	"archive/zip"
	"fmt"
	"io"
	"math/big"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/logictest"
)

// producers is where the plans of others are, and what made them.
const producers = "../../planner/substrait/standard/testdata/producers"

// TestPlansOfOtherProducers runs stored plans of other producers over TPC-H: they give
// the known answers, or what the same SQL gives, or the error that is listed.
func TestPlansOfOtherProducers(t *testing.T) {
	conn, sf := tpchServer(t)
	refused := refusals(t)
	features := readFeatures(t)
	for _, name := range []string{"datafusion", "isthmus", "ibis"} {
		z, err := zip.OpenReader(filepath.Join(producers, name+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		right := 0
		for _, f := range z.File {
			if path.Ext(f.Name) != ".pb" {
				continue
			}
			key := name + "/" + strings.TrimSuffix(f.Name, ".pb")
			query, _, _ := strings.Cut(f.Name, ".")
			text, known := features[query]
			if name == "ibis" {
				text, known = string(readEntry(t, &z.Reader, query+".sql")), true
			}
			var q int
			if _, err := fmt.Sscanf(query, "q%d", &q); err == nil {
				text, known = tpch.Query(q, tpch.Validation(q, sf)), true
			}
			if !known {
				t.Errorf("%s: what is asked for is not known", key)
				continue
			}
			err := checkPlan(t, conn, readEntry(t, &z.Reader, f.Name), text)
			why, listed := refused[key]
			switch {
			case listed && err == nil:
				t.Errorf("%s: is right, and listed as refused", key)
			case listed && !strings.Contains(err.Error(), why):
				t.Errorf("%s: %v, and %q is listed", key, err, why)
			case !listed && err != nil:
				t.Errorf("%s: %v", key, err)
			}
			if err == nil {
				right++
			}
		}
		t.Logf("%s: %d plans of %d give the right answers", name, right, len(z.File))
	}
}

// refusals are the plans that give no right answer, with a part of the error.
func refusals(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(producers, "refused.txt"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			key, why, _ := strings.Cut(line, ": ")
			out[key] = why
		}
	}
	return out
}

// readFeatures are the queries of generate/features.sql by their names.
func readFeatures(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(producers, "../../generate/features.sql"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	name := ""
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "-- "):
			name = line[3:]
		case line != "":
			out[name] = line
		}
	}
	return out
}

func readEntry(t *testing.T, z *zip.Reader, name string) []byte {
	t.Helper()
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkPlan compares the answer of a plan with the one of SQL. Names may differ in case,
// which producers change, and numbers in digits after the point, which types decide.
func checkPlan(t *testing.T, conn *client.Client, plan []byte, text string) error {
	want, err := (&sqlConn{conn}).Query(t.Context(), text)
	if err != nil {
		return err
	}
	rows, err := conn.QueryPlan(t.Context(), plan)
	if err != nil {
		return err
	}
	got, err := collect(rows)
	if err != nil {
		return err
	}
	if len(got.Columns) != len(want.Columns) || len(got.Rows) != len(want.Rows) {
		return fmt.Errorf("%d rows of %d columns, want %d of %d", len(got.Rows), len(got.Columns), len(want.Rows), len(want.Columns))
	}
	if !strings.Contains(text, "order by") {
		sortRows(got.Rows)
		sortRows(want.Rows)
	}
	for i, row := range got.Rows {
		for j, v := range row {
			if w := want.Rows[i][j]; v.Null != w.Null || !sameNumber(v.Text, w.Text) {
				return fmt.Errorf("row %d, column %d: %q, want %q", i, j, v.Text, w.Text)
			}
		}
	}
	return nil
}

// sortRows orders rows by their values, numbers by what they are.
func sortRows(rows [][]logictest.Value) {
	key := func(v logictest.Value) string {
		if r, ok := new(big.Rat).SetString(v.Text); ok {
			return r.FloatString(4)
		}
		return v.Text
	}
	slices.SortFunc(rows, func(a, b []logictest.Value) int {
		for i := range a {
			if c := strings.Compare(key(a[i]), key(b[i])); c != 0 {
				return c
			}
		}
		return 0
	})
}

// sameNumber compares texts, and numbers rounded to the fewer digits of the two or, when
// one is a double, to what that holds.
func sameNumber(got, want string) bool {
	if strings.TrimRight(got, " ") == strings.TrimRight(want, " ") {
		return true
	}
	g, ok1 := new(big.Rat).SetString(got)
	w, ok2 := new(big.Rat).SetString(want)
	if !ok1 || !ok2 {
		return false
	}
	digits := min(fraction(got), fraction(want))
	if g.FloatString(digits) == w.FloatString(digits) {
		return true
	}
	gf, _ := g.Float64()
	wf, _ := w.Float64()
	return fraction(got) != fraction(want) && magnitude(gf-wf) <= 1e-12*max(magnitude(gf), magnitude(wf))
}

func magnitude(x float64) float64 { return max(x, -x) }

func fraction(s string) int {
	_, f, _ := strings.Cut(s, ".")
	return len(f)
}
