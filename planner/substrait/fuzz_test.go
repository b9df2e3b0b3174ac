package substrait

import (
	"errors"
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/physical"
)

// FuzzUnmarshal: no bytes crash the reader; it refuses with the one code, or
// gives a plan that prints, and that is written and read back as itself.
func FuzzUnmarshal(f *testing.F) {
	for _, p := range corpus() {
		b, err := Marshal(p.node)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := Unmarshal(b)
		if err != nil {
			if e, ok := errors.AsType[*sqlerr.Error](err); !ok || e.Code != sqlerr.InvalidPlan {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		_ = physical.Format(n)
		again, err := Marshal(n)
		if sqlerr.CodeOf(err) == sqlerr.StatementTooComplex {
			return // shared subplans count at their first use when writing
		}
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		m, err := Unmarshal(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if d := difference(n, m); d != "" {
			t.Fatal(d)
		}
	})
}
