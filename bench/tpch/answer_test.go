package tpch

import (
	"slices"
	"testing"
)

// Known from the answer set of the specification.
func TestAnswersAreTheSpecifications(t *testing.T) {
	for n, want := range map[int][]string{
		1:  {"A", "F", "37734107.00", "56586554400.73", "53758257134.8700", "55909065222.827692"},
		6:  {"123141078.2283"},
		11: {"129760", "17538456.86"},
		13: {"0", "50005"},
		18: {"Customer#000128120", "128120", "4722021", "1994-04-07", "544089.09", "323.00"},
		21: {"Supplier#000002829", "20"},
		22: {"13", "888", "6737713.99"},
	} {
		answer, ok := Answer(n, scale(t, "1"))
		if !ok || !slices.Equal(answer.Rows[0][:len(want)], want) {
			t.Errorf("q%d begins %v, want %v", n, answer.Rows[0], want)
		}
	}
	if _, ok := Answer(1, scale(t, "2")); ok {
		t.Error("there is an answer for scale factor 2")
	}
}

func TestEveryAnswerEqualsItself(t *testing.T) {
	for _, sf := range []string{"0.01", "1"} {
		for n := 1; n <= Queries; n++ {
			answer, ok := Answer(n, scale(t, sf))
			if !ok || len(answer.Rows) == 0 {
				t.Errorf("q%d at scale factor %s: no answer", n, sf)
				continue
			}
			if err := Compare(answer.Rows, answer); err != nil {
				t.Errorf("q%d: %v", n, err)
			}
		}
	}
}

func TestCompareToleratesNothingButRounding(t *testing.T) {
	for _, c := range []struct {
		got, want string
		same      bool
	}{
		{"14876", "14876", true},
		{"14877", "14876", false},
		{"380456", "380456.00", true},
		{"380456.01", "380456.00", false},
		{"55909065222.827693", "55909065222.827692", false},
		{"25.575154611454693", "25.5751546114546921", true},
		{"25.575155", "25.5751546114546921", true},
		{"25.58", "25.5751546114546921", false},
		{"2.55751546114546921e1", "25.5751546114546921", true},
		{"348406.05428571", "348406.054285714286", true},
		{"348406.054386", "348406.054285714286", false},
		{"-0.000001", "0", false},
		{"", "0", false},
		{"", "", true},
		{"NaN", "1.0", false},
		{"1/1", "1", false},
		{"Customer#000000001", "Customer#000000001", true},
		{"13-750-942-6364", "13-750-942-6365", false},
		{"1993-10-01", "1993-10-02", false},
	} {
		err := Compare([][]string{{c.got}}, &Result{[]string{"value"}, [][]string{{c.want}}})
		if (err == nil) != c.same {
			t.Errorf("%q against %q: %v", c.got, c.want, err)
		}
	}
	two := &Result{[]string{"a"}, [][]string{{"x"}, {"y"}}}
	for _, rows := range [][][]string{{{"y"}, {"x"}}, {{"x"}}, {{"x"}, {"y", "z"}}} {
		if Compare(rows, two) == nil {
			t.Errorf("%v equals %v", rows, two.Rows)
		}
	}
}
