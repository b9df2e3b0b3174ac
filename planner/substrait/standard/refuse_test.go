package standard_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/substrait/standard"
)

// read reads a plan in JSON over the tables of the tests.
func read(t *testing.T, plan string) (*standard.Query, error) {
	t.Helper()
	doc, err := standard.Parse([]byte(plan))
	if err != nil {
		return nil, err
	}
	q, err := standard.Read(t.Context(), doc, tables{}, nil)
	if err == nil {
		if err := logical.Check(q.Plan); err != nil {
			t.Errorf("%s: %v", plan, err)
		}
	}
	return q, err
}

const (
	readT  = `{"read":{"baseSchema":{"names":["a","b"],"struct":{"types":[{"i64":{"nullability":"NULLABILITY_REQUIRED"}},{"string":{"nullability":"NULLABILITY_NULLABLE"}}]}},"namedTable":{"names":["t"]}}}`
	fieldA = `{"selection":{"rootReference":{},"directReference":{"structField":{"field":0}}}}`
	fieldB = `{"selection":{"rootReference":{},"directReference":{"structField":{"field":1}}}}`
	boolT  = `"outputType":{"bool":{"nullability":"NULLABILITY_NULLABLE"}}`
)

// plan is a plan with a root relation, and functions from anchor 1 on.
func plan(rel string, functions ...string) string {
	var ext []string
	for i, f := range functions {
		ext = append(ext, fmt.Sprintf(`{"extensionFunction":{"extensionUrnReference":1,"functionAnchor":%d,"name":%q}}`, i+1, f))
	}
	return fmt.Sprintf(`{"extensionUrns":[{"extensionUrnAnchor":1,"urn":"extension:io.substrait:functions_comparison"}],"extensions":[%s],
		"relations":[{"root":{"input":%s,"names":["x","y"]}}]}`, strings.Join(ext, ","), rel)
}

func filter(input, condition string) string {
	return fmt.Sprintf(`{"filter":{"input":%s,"condition":%s}}`, input, condition)
}

func call(anchor int, args ...string) string {
	return fmt.Sprintf(`{"scalarFunction":{"functionReference":%d,%s,"arguments":[%s]}}`, anchor, boolT, values(args))
}

func values(args []string) string {
	var out []string
	for _, a := range args {
		out = append(out, `{"value":`+a+`}`)
	}
	return strings.Join(out, ",")
}

func TestBadPlansAreRefusedWithTheirPathAndReason(t *testing.T) {
	cases := map[string]struct{ plan, want string }{
		"no JSON":              {`{"relations":`, "cannot be parsed"},
		"no root":              {`{}`, "there is no root"},
		"two roots":            {`{"relations":[{"root":{"input":` + readT + `}},{"root":{"input":` + readT + `}}]}`, "second root"},
		"unknown JSON field":   {`{"relations":[],"surprise":1}`, "surprise"},
		"no relation":          {`{"relations":[{"root":{"names":[]}}]}`, "no input"},
		"empty relation":       {plan(`{}`), "root: a relation is missing"},
		"no such table":        {plan(strings.Replace(readT, `["t"]`, `["x"]`, 1)), `root/Read: relation "x" does not exist`},
		"no such column":       {plan(strings.Replace(readT, `["a","b"]`, `["a","z"]`, 1)), `table "t" has no column "z"`},
		"another type":         {plan(strings.Replace(readT, `"string"`, `"bool"`, 1)), `column "b" of table "t" is of type text, and boolean in the plan`},
		"field out of range":   {plan(filter(readT, strings.Replace(fieldA, `0}`, `7}`, 1))), "root/Filter: column 7 of 2 is referenced"},
		"negative field":       {plan(filter(readT, strings.Replace(fieldA, `0}`, `-1}`, 1))), "column -1 of 2"},
		"condition of bigint":  {plan(filter(readT, fieldA)), "a condition is of type bigint"},
		"no such anchor":       {plan(filter(readT, call(9, fieldA))), "function anchor 9 is not declared"},
		"unknown function":     {plan(filter(readT, call(1, fieldA)), "frobnicate:any"), `function "frobnicate:any" of functions_comparison is not known`},
		"arity":                {plan(filter(readT, call(1, fieldA)), "equal:any_any"), "does not exist"},
		"arity of three":       {plan(filter(readT, call(1, fieldA, fieldA, fieldA)), "between:any_any_any"), ""},
		"argument types":       {plan(filter(readT, call(1, fieldA, fieldB)), "equal:any_any"), "operator does not exist: bigint = text"},
		"unknown option":       {plan(filter(readT, strings.Replace(call(1, fieldA, fieldA), `"arguments"`, `"options":[{"name":"speed","preference":["FAST"]}],"arguments"`, 1)), "equal:any_any"), `option "speed" is not known`},
		"emit out of range":    {plan(strings.Replace(readT, `"read":{`, `"read":{"common":{"emit":{"outputMapping":[5]}},`, 1)), "the emit asks for column 5 of 2"},
		"outer of nothing":     {plan(filter(readT, strings.Replace(fieldA, `"rootReference":{}`, `"outerReference":{"stepsOut":1}`, 1))), "further than the outermost query"},
		"too few names":        {strings.Replace(plan(readT), `["x","y"]`, `["x"]`, 1), "names"},
		"too many names":       {strings.Replace(plan(readT), `["x","y"]`, `["x","y","z"]`, 1), "more than"},
		"itself":               {`{"relations":[{"rel":{"reference":{"subtreeOrdinal":0}}},{"root":{"input":{"reference":{"subtreeOrdinal":0}},"names":["x"]}}]}`, "refers to itself"},
		"reference to nothing": {plan(`{"reference":{"subtreeOrdinal":4}}`), "relation 4 of 1 is referenced"},
		"join without a type":  {plan(`{"join":{"left":` + readT + `,"right":` + readT + `}}`), "the type of a join is missing"},
		"set without an op":    {plan(`{"set":{"inputs":[` + readT + `,` + readT + `]}}`), "operation of a set is missing"},
		"sort without order":   {plan(`{"sort":{"input":` + readT + `,"sorts":[{"expr":` + fieldA + `}]}}`), "direction"},
		"negative count":       {plan(`{"fetch":{"input":` + readT + `,"count":"-7"}}`), "negative"},
		"write":                {plan(`{"write":{"input":` + readT + `}}`), "can be changed at the root"},
		"extension":            {plan(`{"extensionLeaf":{}}`), "is not known"},
		"decimal":              {plan(filter(readT, `{"literal":{"decimal":{"value":"AAAA","precision":5,"scale":2}}}`)), "bytes instead of 16"},
		"precision":            {plan(filter(readT, `{"literal":{"precisionTimestamp":{"precision":9,"value":"1"}}}`)), "whole number of microseconds"},
		"anchor twice":         {plan(readT, "equal:any_any") + "", ""},
		"urn that is not there": {strings.Replace(plan(filter(readT, call(1, fieldA, fieldA)), "equal:any_any"), `"extensionUrnReference":1`, `"extensionUrnReference":7`, 1),
			"URN anchor 7, which is not declared"},
		"phase": {plan(`{"aggregate":{"input":`+readT+`,"measures":[{"measure":{"functionReference":1,"phase":"AGGREGATION_PHASE_INITIAL_TO_INTERMEDIATE","arguments":[]}}]}}`, "count:"),
			"phase AGGREGATION_PHASE_INITIAL_TO_INTERMEDIATE is not supported"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, c.plan)
			if c.want == "" {
				if name == "anchor twice" && err != nil || name == "arity of three" && err != nil {
					t.Errorf("a good plan is refused: %v", err)
				}
				return
			}
			if sqlerr.CodeOf(err) != sqlerr.InvalidPlan || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s and %q", err, sqlerr.InvalidPlan, c.want)
			}
		})
	}
}

func TestDeepPlansAreRefused(t *testing.T) {
	for _, depth := range []int{1100, 10_000} {
		rel := strings.Repeat(`{"filter":{"condition":{"literal":{"boolean":true}},"input":`, depth) + readT + strings.Repeat("}}", depth)
		if _, err := read(t, plan(rel)); sqlerr.CodeOf(err) != sqlerr.InvalidPlan || !strings.Contains(err.Error(), "deep") && !strings.Contains(err.Error(), "recursion") {
			t.Errorf("%d relations: %.200v", depth, err)
		}
		e := strings.Repeat(`{"scalarFunction":{"functionReference":1,`+boolT+`,"arguments":[{"value":`, depth) + fieldA + strings.Repeat("}]}}", depth)
		if _, err := read(t, plan(filter(readT, e), "not:bool")); sqlerr.CodeOf(err) != sqlerr.InvalidPlan || !strings.Contains(err.Error(), "deep") && !strings.Contains(err.Error(), "recursion") {
			t.Errorf("%d expressions: %.200v", depth, err)
		}
	}
}

// insertT inserts the rows of t into itself.
const insertT = `{"write":{"namedTable":{"names":["t"]},"op":"WRITE_OP_INSERT","input":` + readT + `,
	"tableSchema":{"names":["a","b"],"struct":{"types":[{"i64":{}},{"string":{}}]}}}}`

func TestDeepPlansInProtobufAreRefused(t *testing.T) {
	// A filter whose input is a filter: field 2 of Rel in field 2 of FilterRel.
	b := []byte{}
	for range 10_000 {
		b = append(protowire.AppendVarint([]byte{0x12}, uint64(len(b))), b...)
		b = append(protowire.AppendVarint([]byte{0x12}, uint64(len(b))), b...)
	}
	for _, field := range []byte{0x0a, 0x12} { // RelRoot.input in PlanRel.root, in Plan.relations
		b = append(protowire.AppendVarint([]byte{field}, uint64(len(b))), b...)
	}
	b = append(protowire.AppendVarint([]byte{0x1a}, uint64(len(b))), b...)
	if _, err := standard.Parse(b); sqlerr.CodeOf(err) != sqlerr.InvalidPlan || !strings.Contains(err.Error(), "recursion") {
		t.Errorf("%d bytes: %.200v", len(b), err)
	}
}

func TestCirclesAreRefused(t *testing.T) {
	ref := func(i int) string { return fmt.Sprintf(`{"reference":{"subtreeOrdinal":%d}}`, i) }
	rels := func(root string, more ...string) string {
		for i, m := range more {
			more[i] = `{"rel":` + m + `}`
		}
		return `{"relations":[{"root":{"input":` + root + `,"names":["x","y"]}},` + strings.Join(more, ",") + `]}`
	}
	alias := func(types string) string {
		return `{"typeAliases":` + types + `,"relations":[{"root":{"names":["x"],"input":{"project":{"common":{"emit":{"outputMapping":[2]}},"input":` + readT +
			`,"expressions":[{"cast":{"input":` + fieldA + `,"type":{"alias":{"typeAliasReference":1}}}}]}}}}]}`
	}
	for name, c := range map[string]struct{ plan, want string }{
		"a relation that refers to itself": {rels(ref(1), ref(1)), "refers to itself"},
		"two that refer to each other":     {rels(ref(1), filter(ref(2), `{"literal":{"boolean":true}}`), ref(1)), "refers to itself"},
		"one that refers to the root":      {rels(ref(1), ref(0)), "refers to itself"},
		"no such relation":                 {rels(ref(7), readT), "relation 7 of 2"},
		"an alias of itself":               {alias(`[{"typeAliasAnchor":1,"type":{"alias":{"typeAliasReference":1}}}]`), "stands for itself"},
		"an alias in itself":               {alias(`[{"typeAliasAnchor":1,"type":{"list":{"type":{"alias":{"typeAliasReference":1}}}}}]`), "stands for itself"},
		"two aliases of each other": {alias(`[{"typeAliasAnchor":1,"type":{"alias":{"typeAliasReference":2}}},{"typeAliasAnchor":2,"type":{"alias":{"typeAliasReference":1}}}]`),
			"stands for itself"},
	} {
		if _, err := read(t, c.plan); sqlerr.CodeOf(err) != sqlerr.InvalidPlan || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestLargePlansAreRefused(t *testing.T) {
	_, err := standard.Parse(make([]byte, 50<<20))
	if sqlerr.CodeOf(err) != sqlerr.InvalidPlan || !strings.Contains(err.Error(), "52428800 bytes") {
		t.Errorf("50 MiB: %v", err)
	}
}

func TestTruncatedPlansAreRefused(t *testing.T) {
	doc, err := standard.Parse([]byte(plan(filter(readT, call(1, fieldA, fieldA)), "equal:any_any")))
	if err != nil {
		t.Fatal(err)
	}
	b, err := doc.Format(standard.FormatBinary)
	if err != nil {
		t.Fatal(err)
	}
	for n := range b {
		doc, err := standard.Parse(b[:n])
		if err == nil {
			_, err = standard.Read(t.Context(), doc, tables{}, nil)
		}
		if err == nil {
			t.Errorf("%d of %d bytes are a plan", n, len(b))
		}
	}
}
