package planner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-query/skein/bench/tpch"
)

// TestStepsKeepTheInvariants plans every statement of the .slt corpus and of
// TPC-H and checks the plan after every step.
func TestStepsKeepTheInvariants(t *testing.T) {
	files, err := filepath.Glob("../internal/logictest/testdata/*.slt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no .slt files: %v", err)
	}
	catalog := loadTables(t, "logictest")
	planned := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(f), ".slt"), func(t *testing.T) {
			for _, s := range statements(string(text)) {
				if keepsInvariants(t, s, catalog) {
					planned++
				}
			}
		})
	}
	if planned < 900 {
		t.Errorf("only %d statements were planned", planned)
	}
	t.Run("tpch", func(t *testing.T) {
		catalog := loadTables(t, "tpch")
		for n := 1; n <= tpch.Queries; n++ {
			if !keepsInvariants(t, tpch.Query(n, nil), catalog) {
				t.Errorf("query %d has no plan", n)
			}
		}
	})
}

// keepsInvariants reports whether a statement got a plan; an error of the
// statement itself is none of this test's business.
func keepsInvariants(t *testing.T, text string, c Catalog) bool {
	q, err := parseQuery(text)
	if err != nil || q == nil {
		return false
	}
	stages, err := plans(t, q, c)
	var b broken
	if errors.As(err, &b) {
		t.Errorf("%v\n%s\n%s", err, text, all(stages[max(0, len(stages)-2):]))
	}
	return err == nil
}

// statements are the queries of a .slt file.
func statements(text string) []string {
	var out []string
	for _, record := range strings.Split(text, "\n\n") {
		lines := strings.Split(strings.TrimSpace(record), "\n")
		for len(lines) > 0 && strings.HasPrefix(lines[0], "#") {
			lines = lines[1:]
		}
		if len(lines) < 2 || !strings.HasPrefix(lines[0], "query") {
			continue
		}
		body, _, _ := strings.Cut(strings.Join(lines[1:], "\n"), "\n----")
		out = append(out, body)
	}
	return out
}

// TestProductsOfManyTablesHaveAPlan: their estimate must stay a finite number, for
// orders are compared by it.
func TestProductsOfManyTablesHaveAPlan(t *testing.T) {
	text := "select count(*) from fact x"
	for i := range 57 {
		text += fmt.Sprintf(", fact x%d", i)
	}
	if !keepsInvariants(t, text, loadTables(t, "small")) {
		t.Error("no plan")
	}
}
