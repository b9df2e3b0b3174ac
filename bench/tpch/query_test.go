package tpch

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestQueriesTakeTheirParameters(t *testing.T) {
	placeholder := regexp.MustCompile(`\{(\w+)\}`)
	for n := 1; n <= Queries; n++ {
		if sql := Query(n, nil); placeholder.MatchString(sql) || strings.Contains(sql, ";") {
			t.Errorf("q%d: %s", n, sql)
		}
		template, err := queryFiles.ReadFile(queryFile(n))
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for _, match := range placeholder.FindAllStringSubmatch(string(template), -1) {
			named[match[1]] = true
		}
		want := slices.Sorted(maps.Keys(named))
		for what, params := range map[string]Params{
			"validation": Validation(n, scale(t, "1")),
			"qgen":       QGen(1, scale(t, "1"), n),
		} {
			if got := slices.Sorted(maps.Keys(params)); !slices.Equal(got, want) {
				t.Errorf("q%d, %s: parameters %v, the text has %v", n, what, got, want)
			}
		}
	}
	if sql := Query(1, Params{"delta": "117"}); !strings.Contains(sql, "interval '117' day") {
		t.Errorf("q1 with delta 117: %s", sql)
	}
}

func TestStockFractionFollowsTheScale(t *testing.T) {
	for sf, want := range map[string]string{"1": "0.0001", "0.01": "0.01", "3": "0.0000333333", "10000": "0.00000001"} {
		if got := Validation(11, scale(t, sf))["fraction"]; got != want {
			t.Errorf("scale factor %s: %s, want %s", sf, got, want)
		}
	}
}

// The domains of clause 2.4, as patterns and conditions.
func TestQGenStaysInTheDomains(t *testing.T) {
	pattern := map[int]map[string]string{
		1:  {"delta": `6\d|7\d|8\d|9\d|1[01]\d|120`},
		2:  {"size": `[1-9]|[1-4]\d|50`, "type": `TIN|NICKEL|BRASS|STEEL|COPPER`},
		3:  {"date": `1995-03-([0-2]\d|3[01])`, "segment": `AUTOMOBILE|BUILDING|FURNITURE|MACHINERY|HOUSEHOLD`},
		4:  {"date": `199[3-6]-\d\d-01|1997-(0\d|10)-01`},
		5:  {"date": `199[3-7]-01-01`, "region": `AFRICA|AMERICA|ASIA|EUROPE|MIDDLE EAST`},
		6:  {"date": `199[3-7]-01-01`, "discount": `0\.0[2-9]`, "quantity": `24|25`},
		8:  {"type": `\w+ \w+ \w+`},
		10: {"date": `1993-(0[2-9]|1[0-2])-01|1994-\d\d-01|1995-01-01`},
		12: {"date": `199[3-7]-01-01`},
		13: {"word1": `special|pending|unusual|express`, "word2": `packages|requests|accounts|deposits`},
		14: {"date": `199[3-7]-(0[1-9]|1[0-2])-01`},
		15: {"date": `199[3-6]-(0[1-9]|1[0-2])-01|1997-(0[1-9]|10)-01`},
		16: {"brand": `Brand#[1-5][1-5]`, "type": `\w+ \w+`, "size8": `[1-9]|[1-4]\d|50`},
		17: {"brand": `Brand#[1-5][1-5]`, "container": `(SM|LG|MED|JUMBO|WRAP) \w+`},
		18: {"quantity": `31[2-5]`},
		19: {"quantity1": `[1-9]|10`, "quantity2": `1\d|20`, "quantity3": `2\d|30`, "brand3": `Brand#[1-5][1-5]`},
		20: {"date": `199[3-7]-01-01`, "color": `[a-z]+`},
		22: {"code1": `[12]\d|3[0-4]`, "code7": `[12]\d|3[0-4]`},
	}
	seen := map[string]int{}
	for seed := range uint64(300) {
		for n := 1; n <= Queries; n++ {
			params := QGen(seed, scale(t, "1"), n)
			for name, want := range pattern[n] {
				if !regexp.MustCompile(`^(` + want + `)$`).MatchString(params[name]) {
					t.Fatalf("q%d: %s is %q", n, name, params[name])
				}
			}
			if !maps.Equal(params, QGen(seed, scale(t, "1"), n)) {
				t.Fatalf("q%d: seed %d gives different parameters", n, seed)
			}
			checkRelations(t, n, params)
			if n == 14 {
				seen[params["date"]]++
			}
		}
	}
	if len(seen) < 55 {
		t.Errorf("300 seeds reach %d of 60 months", len(seen))
	}
}

// checkRelations checks what holds between parameters.
func checkRelations(t *testing.T, n int, params Params) {
	t.Helper()
	ok := true
	switch n {
	case 7:
		ok = params["nation1"] != params["nation2"]
	case 8:
		ok = slices.ContainsFunc(nationList, func(x nation) bool {
			return x.name == params["nation"] && regionNames[x.region] == params["region"]
		})
	case 12:
		ok = params["shipmode1"] != params["shipmode2"]
	case 16:
		ok = distinctValues(params, "size") == 8
	case 22:
		ok = distinctValues(params, "code") == 7
	}
	if !ok {
		t.Fatalf("q%d: %v", n, params)
	}
}

func distinctValues(params Params, prefix string) int {
	values := map[string]bool{}
	for name, value := range params {
		if strings.HasPrefix(name, prefix) {
			values[value] = true
		}
	}
	return len(values)
}
