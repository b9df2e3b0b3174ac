package exec_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// joinCase is a join of two random tables: keys first, then a number, then a text.
type joinCase struct {
	spill        int64 // what an operator may hold before it spills; 0: none does
	spilled      int   // the batches that were spilled
	kind         physical.JoinKind
	keys         []expr.Type
	probe, build []row
	nullEqual    bool
	nullAware    bool
	residual     bool // probe's number < build's number
	unique       bool
	nested       bool // all of it as the condition of a nested loop join
	differ       bool // with nested and nullAware: the last keys are compared by <>
	buildOnly    bool // emit nothing of the build side
}

func (c *joinCase) fields(side string) []expr.Field {
	var out []expr.Field
	for i, t := range c.keys {
		out = append(out, expr.Field{Name: fmt.Sprint(side, "k", i), Type: t, Nullable: true})
	}
	return append(out, expr.Field{Name: side + "n", Type: expr.Of(expr.Int8), Nullable: true},
		expr.Field{Name: side + "t", Type: expr.Of(expr.Text), Nullable: true})
}

func (c *joinCase) columns(side string, first int) []expr.Expr {
	var out []expr.Expr
	for i, f := range c.fields(side) {
		out = append(out, &expr.Column{ID: expr.ColumnID(first + i), Typ: f.Type, Nullable: true, Name: f.Name})
	}
	return out
}

func scanOf(name string, fields []expr.Field) *physical.Scan {
	emit := make([]int, len(fields))
	for i := range emit {
		emit[i] = i
	}
	return &physical.Scan{Table: name, Fields: fields, Emit: emit}
}

func (c *joinCase) sides() (probe, build bool) {
	switch c.kind {
	case physical.ProbeSemi, physical.ProbeAnti, physical.ProbeMark:
		return true, false
	case physical.BuildSemi, physical.BuildAnti:
		return false, true
	}
	return true, !c.buildOnly
}

func (c *joinCase) plan() physical.Node {
	width, keys := len(c.keys)+2, len(c.keys)
	probe, build := scanOf("probe", c.fields("p")), scanOf("build", c.fields("b"))
	var emit []int
	fromProbe, fromBuild := c.sides()
	for i := range width {
		if fromProbe {
			emit = append(emit, i)
		}
	}
	for i := range width {
		if fromBuild {
			emit = append(emit, width+i)
		}
	}
	var residual expr.Expr
	if c.residual {
		residual = expr.Compare(expr.OpLt, c.columns("p", 0)[keys], c.columns("b", width)[keys])
	}
	if c.nested {
		var conds []expr.Expr
		var compare expr.Expr
		for i := range keys {
			if i == keys-1 && c.nullAware {
				op := expr.OpEq
				if c.differ {
					op = expr.OpNe
				}
				compare = expr.Compare(op, c.columns("p", 0)[i], c.columns("b", width)[i])
				continue
			}
			conds = append(conds, expr.Compare(expr.OpEq, c.columns("p", 0)[i], c.columns("b", width)[i]))
		}
		if residual != nil {
			conds = append(conds, residual)
		}
		var cond expr.Expr
		if len(conds) > 0 {
			cond = expr.And(conds...)
		}
		return &physical.NestedLoopJoin{Kind: c.kind, Probe: probe, Build: build, Cond: cond, NullAware: compare,
			Emit: emit, MarkName: "m"}
	}
	return &physical.HashJoin{Kind: c.kind, Probe: probe, Build: build, Emit: emit, MarkName: "m",
		ProbeKeys: c.columns("p", 0)[:keys], BuildKeys: c.columns("b", 0)[:keys],
		NullEqual: c.nullEqual, NullAware: c.nullAware, Residual: residual, BuildUnique: c.unique}
}

// truth is SQL's third: a comparison with NULL.
type truth int8

const (
	no truth = iota
	unknown
	yes
)

func compareKeys(a, b any, nullEqual bool) truth {
	switch {
	case nullEqual && a == nil && b == nil:
		return yes
	case nullEqual && (a == nil || b == nil):
		return no
	case a == nil || b == nil:
		return unknown
	case a == b:
		return yes
	}
	return no
}

// match is what a pair is in the naive join: yes, no, or for NOT IN unknown.
func (c *joinCase) match(p, b row) truth {
	n := len(c.keys)
	last := yes
	for i := range n {
		t := compareKeys(p[i], b[i], c.nullEqual)
		if i == n-1 && c.nullAware {
			if c.differ {
				t = yes - t // unknown stays unknown
			}
			last = t
		} else if t != yes {
			return no
		}
	}
	if c.residual && (p[n] == nil || b[n] == nil || p[n].(int64) >= b[n].(int64)) {
		return no
	}
	return last
}

// naive is the join by the definitions of physical.JoinKind, row by row.
func (c *joinCase) naive() (out []string, secondMatch bool) {
	width := len(c.keys) + 2
	nulls := make(row, width)
	fromProbe, fromBuild := c.sides()
	emit := func(p, b row, mark ...any) {
		var r row
		if fromProbe {
			r = append(r, p...)
		}
		if fromBuild {
			r = append(r, b...)
		}
		out = append(out, showRow(append(r, mark...)))
	}
	met := make([]bool, len(c.build))
	partners := c.partners()
	for _, p := range c.probe {
		matches, unknowns := 0, 0
		for _, i := range partners(p) {
			b := c.build[i]
			switch c.match(p, b) {
			case yes:
				matches++
				met[i] = true
				if c.kind <= physical.FullOuter || c.kind == physical.ProbeSingle {
					emit(p, b)
				}
			case unknown:
				unknowns++
			}
		}
		switch {
		case c.kind == physical.ProbeMark && matches == 0 && unknowns > 0:
			emit(p, nulls, nil)
		case c.kind == physical.ProbeMark:
			emit(p, nulls, matches > 0)
		case c.kind == physical.ProbeSemi && matches > 0,
			c.kind == physical.ProbeAnti && matches+unknowns == 0:
			emit(p, nulls)
		case matches == 0 && (c.kind == physical.ProbeOuter || c.kind == physical.FullOuter || c.kind == physical.ProbeSingle):
			emit(p, nulls)
		}
		secondMatch = secondMatch || c.kind == physical.ProbeSingle && matches > 1
	}
	for i, b := range c.build {
		switch c.kind {
		case physical.BuildOuter, physical.FullOuter, physical.BuildAnti:
			if !met[i] {
				emit(nulls, b)
			}
		case physical.BuildSemi:
			if met[i] {
				emit(nulls, b)
			}
		}
	}
	slices.Sort(out)
	return out, secondMatch
}

// partners gives the build rows that a probe row is tried with: all of them, but
// where only equal keys can meet, those with equal keys, so that large tables are
// joined in reasonable time.
func (c *joinCase) partners() func(p row) []int {
	n := len(c.keys)
	byKey := map[string][]int{}
	all := make([]int, len(c.build))
	for i, b := range c.build {
		all[i] = i
		byKey[showRow(b[:n])] = append(byKey[showRow(b[:n])], i)
	}
	if c.nullAware || len(c.build) < 100 {
		return func(row) []int { return all }
	}
	return func(p row) []int { return byKey[showRow(p[:n])] }
}

func (c *joinCase) check(t *testing.T, instances, batchRows int, seed uint64) {
	t.Helper()
	want, second := c.naive()
	sources := &tables{batchRows: batchRows, rng: rand.New(rand.NewPCG(seed, 7)), inputs: map[string]table{
		"probe": {c.fields("p"), c.probe}, "build": {c.fields("b"), c.build}}}
	got, err := fragment{node: c.plan(), sources: sources, instances: instances, batchRows: batchRows, spill: c.spill, spilled: &c.spilled}.run(t)
	if second {
		if sqlerr.CodeOf(err) != sqlerr.CardinalityViolation {
			t.Fatalf("error %v for a second match", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) && len(got)+len(want) > 1000 {
		t.Fatalf("%s keys %v, %d instances: %d rows, want %d", c.kind, c.keys, instances, len(got), len(want))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s nested %v keys %v, nullEqual %v nullAware %v differ %v residual %v unique %v, %d instances, batches of %d\nprobe %v\nbuild %v\ngot  %d %q\nwant %d %q", c.kind, c.nested, c.keys,
			c.nullEqual, c.nullAware, c.differ, c.residual, c.unique, instances, batchRows, c.probe, c.build, len(got), got, len(want), want)
	}
}

// domain makes key values of a type out of a few, so that keys meet.
func domain(t expr.Type, rng *rand.Rand, size int) any {
	v := int64(rng.IntN(size))
	switch t.Kind {
	case expr.Text:
		return []string{"", "a", "b", "a string longer than twelve bytes", "a string longer than twelve Bytes", "ab"}[v%6]
	case expr.Float8:
		return float64(v) / 2
	case expr.Int8:
		return v * v * v * 1_000_003 // sparse
	case expr.Numeric:
		return v * 100
	}
	return v - 3
}

func randomRows(c *joinCase, rng *rand.Rand, n, size int, nulls bool) []row {
	out := make([]row, n)
	for i := range out {
		var r row
		for _, t := range c.keys {
			if nulls && rng.IntN(6) == 0 {
				r = append(r, nil)
			} else {
				r = append(r, domain(t, rng, size))
			}
		}
		var number any = int64(rng.IntN(10))
		if rng.IntN(8) == 0 {
			number = nil
		}
		out[i] = append(r, number, fmt.Sprintf("payload number %d", rng.IntN(1000)))
	}
	return out
}

func uniqueKeys(rows []row, keys int) []row {
	var out []row
	seen := map[string]bool{}
	for _, r := range rows {
		if k := showRow(r[:keys]); !seen[k] {
			seen[k] = true
			out = append(out, r)
		}
	}
	return out
}

var keyTypes = []expr.Type{expr.Of(expr.Int4), expr.Of(expr.Int8), expr.Of(expr.Text), expr.Of(expr.Int2), expr.Of(expr.Date),
	expr.NumericOf(12, 2), expr.NumericOf(30, 2), expr.Of(expr.Float8)}

func randomCase(rng *rand.Rand) *joinCase {
	c := &joinCase{kind: physical.JoinKind(rng.IntN(10)), residual: rng.IntN(3) == 0}
	for range 1 + rng.IntN(3) {
		c.keys = append(c.keys, keyTypes[rng.IntN(len(keyTypes))])
	}
	switch {
	case (c.kind == physical.ProbeAnti || c.kind == physical.ProbeMark) && rng.IntN(2) == 0:
		c.nullAware = true
	case rng.IntN(4) == 0:
		c.nullEqual = true
	}
	sizes := []int{0, 1, 3, 20, 60}
	size, nulls := 1+rng.IntN(12), rng.IntN(3) > 0
	c.probe = randomRows(c, rng, sizes[rng.IntN(5)], size, nulls)
	c.build = randomRows(c, rng, sizes[rng.IntN(5)], size, nulls)
	if rng.IntN(3) == 0 {
		c.build = uniqueKeys(c.build, len(c.keys))
		c.unique = rng.IntN(2) == 0
	}
	c.buildOnly = rng.IntN(5) == 0 && c.kind <= physical.BuildOuter
	return c
}

func TestHashJoinAgreesWithNaiveJoin(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 42))
		c := randomCase(rng)
		c.check(t, 1+rng.IntN(3), []int{1, 2, 7, 64, 1000}[rng.IntN(5)], seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestHashJoinOfLargeTables meets what small tables do not: many batches, every
// shape of table, string buffers of several instances, dictionaries that become
// too large, claims of more than one range of build rows.
func TestHashJoinOfLargeTables(t *testing.T) {
	shapes := map[string]func(i int) []any{
		"dense":    func(i int) []any { return []any{int64(i)} },
		"sparse":   func(i int) []any { return []any{int64(i) * 1_000_000_007} },
		"negative": func(i int) []any { return []any{int64(i) - 7000} },
		"two keys": func(i int) []any { return []any{int64(i % 100), int64(i / 100)} },
		"strings":  func(i int) []any { return []any{fmt.Sprintf("customer number %06d", i)} },
	}
	const size = 9_000
	for name, key := range shapes {
		for kind := physical.Inner; kind <= physical.ProbeSingle; kind++ {
			for _, unique := range []bool{true, false} {
				if kind == physical.ProbeSingle && !unique {
					continue
				}
				t.Run(fmt.Sprint(name, " ", kind, " unique ", unique), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(5, uint64(kind)))
					c := &joinCase{kind: kind}
					for _, v := range key(0) {
						c.keys = append(c.keys, map[bool]expr.Type{true: expr.Of(expr.Text), false: expr.Of(expr.Int8)}[fmt.Sprintf("%T", v) == "string"])
					}
					tuple := func(i int) row { return append(key(i), int64(i%10), fmt.Sprintf("payload of row number %d", i)) }
					for i := range size {
						if i%4 != 0 {
							c.build = append(c.build, tuple(i))
						}
						if !unique && i%16 == 1 {
							c.build = append(c.build, tuple(i))
						}
						c.probe = append(c.probe, tuple(rng.IntN(size*5/4)))
					}
					c.check(t, 1+int(kind)%2, 3000, 1)
				})
			}
		}
	}
}
