package catalog

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

const fixtures = "../../internal/logictest/testdata/tables/"

func open(t *testing.T) *Catalog {
	store := object.NewRouter(nil)
	files := parquet.NewCache(store, 1<<20)
	t.Cleanup(files.Close)
	return New(store, files)
}

// put copies a fixture over a file, as a writer would: to a temporary name first.
func put(t *testing.T, fixture, to string) {
	t.Helper()
	in, err := os.Open(fixtures + fixture)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to + ".tmp")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(to+".tmp", to); err != nil {
		t.Fatal(err)
	}
}

func TestNameThatIsTakenFailsStaysOrIsReplaced(t *testing.T) {
	c := open(t)
	first := Table{Name: "t", Location: fixtures + "departments.parquet"}
	if created, err := c.Create(t.Context(), first, Fail); !created || err != nil {
		t.Fatal(created, err)
	}
	second := Table{Name: "t", Location: fixtures + "employees.parquet"}
	if _, err := c.Create(t.Context(), second, Fail); sqlerr.CodeOf(err) != sqlerr.DuplicateTable {
		t.Fatalf("got %v", err)
	}
	if created, err := c.Create(t.Context(), second, Keep); created || err != nil {
		t.Fatal(created, err)
	}
	if got, _ := c.Lookup("", "t"); got.Location != first.Location {
		t.Fatalf("kept %s", got.Location)
	}
	if created, err := c.Create(t.Context(), second, Replace); !created || err != nil {
		t.Fatal(created, err)
	}
	if got, _ := c.Lookup("public", "t"); got.Location != second.Location {
		t.Fatalf("replaced by %s", got.Location)
	}
	for range 2 {
		if err := c.Drop(t.Context(), Name{Name: "t"}); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Lookup("", "t"); ok {
			t.Fatal("the table is there after its drop")
		}
	}
}

func TestTableOfMissingFilesIsNotCreated(t *testing.T) {
	c := open(t)
	_, err := c.Create(t.Context(), Table{Name: "t", Location: "no/such.parquet"}, Replace)
	if sqlerr.CodeOf(err) != sqlerr.UndefinedFile {
		t.Fatalf("got %v", err)
	}
	if _, ok := c.Lookup("", "t"); ok {
		t.Fatal("the table is there all the same")
	}
	_, err = c.Create(t.Context(), Table{Schema: "nope", Name: "t", Location: fixtures + "departments.parquet"}, Fail)
	if sqlerr.CodeOf(err) != sqlerr.InvalidSchemaName {
		t.Fatalf("got %v", err)
	}
}

func TestFilesAreLookedAtAnew(t *testing.T) {
	c, dir := open(t), t.TempDir()
	file := filepath.Join(dir, "a.parquet")
	put(t, "departments.parquet", file)
	before, err := c.Files(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Files(t.Context(), dir); err != nil || again != before {
		t.Fatalf("the same versions are described anew: %v", err)
	}
	put(t, "employees.parquet", file)
	after, err := c.Files(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if after.Rows == before.Rows || len(after.Fields) == len(before.Fields) {
		t.Fatalf("%d rows and %d columns as before", after.Rows, len(after.Fields))
	}
}

func TestFilesOfOneTableMustAgree(t *testing.T) {
	c, dir := open(t), t.TempDir()
	put(t, "departments.parquet", filepath.Join(dir, "a.parquet"))
	put(t, "departments.parquet", filepath.Join(dir, "b.parquet"))
	two, err := c.Files(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	one, err := c.Files(t.Context(), filepath.Join(dir, "a.parquet"))
	if err != nil || two.Rows != 2*one.Rows {
		t.Fatalf("%d rows in two files of %d: %v", two.Rows, one.Rows, err)
	}
	put(t, "truth.parquet", filepath.Join(dir, "c.parquet"))
	if _, err := c.Files(t.Context(), dir); sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
		t.Fatalf("got %v", err)
	}
}

func TestSchemaIsDroppedEmptyOrWithItsTables(t *testing.T) {
	c := open(t)
	for _, want := range []bool{true, false} {
		if created, err := c.CreateSchema(t.Context(), "s"); err != nil || created != want {
			t.Fatalf("created: %v, %v", created, err)
		}
	}
	if _, err := c.Create(t.Context(), Table{Schema: "s", Name: "t", Location: fixtures + "truth.parquet"}, Fail); err != nil {
		t.Fatal(err)
	}
	if err := c.DropSchema(t.Context(), "s", false); sqlerr.CodeOf(err) != "2BP01" {
		t.Fatalf("got %v", err)
	}
	if err := c.DropSchema(t.Context(), "s", true); err != nil {
		t.Fatal(err)
	}
	if err := c.DropSchema(t.Context(), "public", true); sqlerr.CodeOf(err) != sqlerr.ObjectNotInPrerequisite {
		t.Fatalf("got %v", err)
	}
	if len(c.Tables()) != 0 {
		t.Fatalf("%d tables are left", len(c.Tables()))
	}
}

// TestDomainInvertsDrawing checks the inverse of d = D(1 - e^(-n/D)).
func TestDomainInvertsDrawing(t *testing.T) {
	for _, size := range []float64{10, 1000, 200_000, 1e6} {
		n := 113_000.0
		d := size * -math.Expm1(-n/size)
		if got := domain(d, n); math.Abs(got-size) > 0.01*size {
			t.Errorf("%g distinct of %g rows: %g, want %g", d, n, got, size)
		}
	}
	if !math.IsInf(domain(50, 50), 1) {
		t.Error("rows without repeats say nothing of an end")
	}
}
