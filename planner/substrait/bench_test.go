package substrait

import "testing"

func BenchmarkMarshal(b *testing.B) {
	n := standardPlan()
	for b.Loop() {
		if _, err := Marshal(n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	p, err := Marshal(standardPlan())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(p)), "bytes")
	for b.Loop() {
		if _, err := Unmarshal(p); err != nil {
			b.Fatal(err)
		}
	}
}
