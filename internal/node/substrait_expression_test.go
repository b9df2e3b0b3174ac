package node

import (
	"fmt"
	"strings"
	"testing"

	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/sqlerr"
)

// expressionPlan projects expressions over one row, x = 7 (bigint), y = 'seven', z = '{"n":1}'.
const expressionPlan = `{"extensionUrns":[{"extensionUrnAnchor":1,"urn":"extension:org.apache.arrow:extension_types"},
	{"extensionUrnAnchor":2,"urn":"extension:io.substrait:unsigned_integers"}],
	"extensions":[{"extensionType":{"extensionUrnReference":1,"typeAnchor":1,"name":"u8"}},{"extensionType":{"extensionUrnReference":1,"typeAnchor":2,"name":"u64"}},
		{"extensionType":{"extensionUrnReference":1,"typeAnchor":3,"name":"half_float"}}%s],
	"relations":[{"root":{"names":%s,"input":{"project":{"common":{"emit":{"outputMapping":[2]}},
		"input":{"read":{"baseSchema":{"names":["x","y"],"struct":{"types":[{"i64":{}},{"string":{}}]}},
			"virtualTable":{"expressions":[{"fields":[{"literal":{"i64":"7"}},{"literal":{"string":"seven"}}]}]}}},
		"expressions":[%s]}}}}]}`

func TestExpressionsOfPlans(t *testing.T) {
	const (
		x      = `{"selection":{"rootReference":{},"directReference":{"structField":{"field":0}}}}`
		y      = `{"selection":{"rootReference":{},"directReference":{"structField":{"field":1}}}}`
		null   = `{"literal":{"null":{"i64":{}}}}`
		record = `{"nested":{"struct":{"fields":[` + x + `,` + y + `]}}}`
		list   = `{"nested":{"list":{"values":[` + x + `,{"literal":{"i32":1}},` + null + `]}}}`
		table  = `{"nested":{"map":{"keyValues":[{"key":` + y + `,"value":` + x + `},{"key":{"literal":{"string":"one"}},"value":{"literal":{"i64":"1"}}}]}}}`
		u8     = `{"userDefined":{"typeReference":1}}`
		u64    = `{"userDefined":{"typeReference":2}}`
		u32v   = `{"i32":{"typeVariationReference":1}}`
	)
	number := func(n string) string { return `{"literal":{"i64":"` + n + `"}}` }
	part := func(of, seg string) string {
		return `{"selection":{"expression":` + of + `,"directReference":` + seg + `}}`
	}
	cast := func(e, typ, failure string) string {
		return `{"cast":{"input":` + e + `,"type":` + typ + `,"failureBehavior":"FAILURE_BEHAVIOR_` + failure + `"}}`
	}
	sum := func(a, b, typ string) string {
		return `{"scalarFunction":{"functionReference":1,"outputType":` + typ + `,"arguments":[{"value":` + number(a) + `},{"value":` + number(b) + `}]}}`
	}
	const unsigned = `,{"extensionFunction":{"extensionUrnReference":2,"functionAnchor":1,"name":"add:u!u8_u!u8"}}`
	s := start(t, Config{Workers: 1, Threads: 1}, "")
	conn, err := client.Open(t.Context(), s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, c := range []struct{ what, expression, names, want string }{
		{"a list", list, `["a"]`, "{7,1,NULL}"},
		{"an element", part(list, `{"listElement":{"offset":1}}`), `["a"]`, "1"},
		{"a struct with its names", record, `["a","n","s"]`, "{n:7,s:seven}"},
		{"a struct without all names", record, `["a","n"]`, "XS004 do not name"},
		{"the first field", part(record, `{"structField":{"field":0}}`), `["a"]`, "7"},
		{"the second field", part(record, `{"structField":{"field":1}}`), `["a"]`, "seven"},
		{"no such field", part(record, `{"structField":{"field":2}}`), `["a"]`, "XS004 field 2"},
		{"a list of structs", part(`{"nested":{"list":{"values":[`+record+`]}}}`, `{"listElement":{"offset":0,"child":{"structField":{"field":1}}}}`), `["a"]`, "seven"},
		{"a key of a map", part(table, `{"mapKey":{"mapKey":{"string":"seven"}}}`), `["a"]`, "7"},
		{"a key that is not there", part(table, `{"mapKey":{"mapKey":{"string":"two"}}}`), `["a"]`, "NULL"},
		{"a key that is NULL", `{"nested":{"map":{"keyValues":[{"key":` + cast(y, `{"i32":{}}`, "RETURN_NULL") + `,"value":` + x + `}]}}}`, `["a"]`, "22004 key of a map"},
		{"an empty list", `{"nested":{"list":{"values":[]}}}`, `["a"]`, "XS004 empty list"},
		{"a list of two types", `{"nested":{"list":{"values":[` + x + `,` + y + `]}}}`, `["a"]`, "XS004 cannot be matched"},

		{"a cast that fails", cast(y, `{"i32":{}}`, "THROW_EXCEPTION"), `["a"]`, "22P02 seven"},
		{"a cast that gives NULL", cast(y, `{"i32":{}}`, "RETURN_NULL"), `["a"]`, "NULL"},
		{"a cast that does not fail", cast(x, `{"string":{}}`, "RETURN_NULL"), `["a"]`, "7"},
		{"an i8 that does not fit", cast(number("128"), `{"i8":{}}`, "RETURN_NULL"), `["a"]`, "NULL"},
		{"an i8 that fits", cast(x, `{"i8":{}}`, "RETURN_NULL"), `["a"]`, "7"},

		{"u8", cast(number("255"), u8, "THROW_EXCEPTION"), `["a"]`, "255"},
		{"too much for u8", cast(number("256"), u8, "THROW_EXCEPTION"), `["a"]`, "22003 unsigned"},
		{"too little for u8", cast(number("-1"), u8, "RETURN_NULL"), `["a"]`, "NULL"},
		{"u32 by DataFusion's variation", cast(number("4294967295"), u32v, "THROW_EXCEPTION"), `["a"]`, "4294967295"},
		{"too much for u32", cast(number("4294967296"), u32v, "RETURN_NULL"), `["a"]`, "NULL"},
		{"u64", cast(x, u64, "THROW_EXCEPTION"), `["a"]`, "7"},
		{"the greatest u64", `{"literal":{"i64":"-1","typeVariationReference":1}}`, `["a"]`, "18446744073709551615"},
		{"the greatest u8", `{"literal":{"i8":255,"typeVariationReference":1}}`, `["a"]`, "255"},
		{"a sum of u8", sum("255", "1", u64), `["a"]`, "256"},
		{"a sum that is no u8", sum("255", "1", u8), `["a"]`, "22003 unsigned"},
		{"a difference that is no u8", sum("-3", "1", u8), `["a"]`, "22003 unsigned"},
		{"another variation", cast(x, `{"i64":{"typeVariationReference":9}}`, "THROW_EXCEPTION"), `["a"]`, "XS004 root/Project: type variation 9"},
		{"another type", cast(x, `{"userDefined":{"typeReference":3}}`, "THROW_EXCEPTION"), `["a"]`, `XS004 root/Project: the user-defined type "half_float" is not known`},
		{"a literal of another type", `{"literal":{"userDefined":{"typeReference":3}}}`, `["a"]`, "XS004 root/Project: a literal of case"},
	} {
		rows, err := conn.QueryPlan(t.Context(), fmt.Appendf(nil, expressionPlan, unsigned, c.names, c.expression))
		got := ""
		if err == nil {
			result, failed := collect(rows)
			if err = failed; err == nil {
				got = result.Rows[0][0].Text
				if result.Rows[0][0].Null {
					got = "NULL"
				}
			}
		}
		code, words, _ := strings.Cut(c.want, " ")
		switch {
		case err == nil && got != c.want:
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		case err != nil && !(string(sqlerr.CodeOf(err)) == code && strings.Contains(err.Error(), words)):
			t.Errorf("%s: %v, want %s", c.what, err, c.want)
		}
	}
}
