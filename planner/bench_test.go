package planner

import (
	"testing"

	"github.com/skein-query/skein/bench/tpch"
)

// Planning without parsing: Q6 reads one table, Q8 joins eight, Q2 is correlated.
func BenchmarkQuery(b *testing.B) {
	catalog := loadTables(b, "tpch")
	for name, n := range map[string]int{"q6": 6, "q8": 8, "q2": 2} {
		b.Run(name, func(b *testing.B) {
			q, err := parseQuery(tpch.Query(n, nil))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Query(b.Context(), q, catalog, session()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
