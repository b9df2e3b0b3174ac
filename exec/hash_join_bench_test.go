package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// replay gives out the same columns again and again, in batches.
type replay struct {
	cols map[string][]vector.Column
}

type replayScan struct {
	fields []expr.Field
	cols   []vector.Column
	next   int
}

func (r *replay) Scan(n *physical.Scan, _ *exec.Env) (exec.Operator, error) {
	return &replayScan{fields: n.Fields, cols: r.cols[n.Table]}, nil
}

func (r *replay) Receive(*physical.Receive, *exec.Env) (exec.Operator, error) {
	return nil, errors.New("no edges here")
}

func (s *replayScan) Schema() []expr.Field { return s.fields }
func (s *replayScan) Close() error         { return nil }
func (s *replayScan) Next(context.Context) (*vector.Batch, error) {
	from := s.next
	n := min(vector.MaxRows, s.cols[0].Len-from)
	if n <= 0 {
		return nil, io.EOF
	}
	s.next += n
	cols := make([]vector.Column, len(s.cols))
	for i := range cols {
		cols[i] = s.cols[i].Slice(from, from+n)
	}
	return vector.New(cols, n), nil
}

// BenchmarkHashJoin probes 1.5 million rows with 6 million, as lineitem does with
// orders: four probes for each key of every eight; ns/probe is the whole join's
// time, the build included, over the probe rows.
func BenchmarkHashJoin(b *testing.B) {
	const builds, fan = 1_500_000, 4
	rng := rand.New(rand.NewPCG(1, 2))
	for _, shape := range []struct {
		name   string
		spread int64 // of the keys: 4 is dense, more is hashed
		random bool
		kind   physical.JoinKind
		emit   []int
	}{
		{"dense ordered", 4, false, physical.Inner, []int{0, 1, 3}},
		{"dense random", 4, true, physical.Inner, []int{0, 1, 3}},
		{"hashed ordered", 1 << 20, false, physical.Inner, []int{0, 1, 3}},
		{"hashed random", 1 << 20, true, physical.Inner, []int{0, 1, 3}},
		{"bitmap semi ordered", 4, false, physical.ProbeSemi, []int{0, 1}},
		{"bitmap semi random", 4, true, physical.ProbeSemi, []int{0, 1}},
	} {
		keys, values := make([]int64, builds), make([]int64, builds)
		for i := range keys {
			keys[i], values[i] = int64(i)*shape.spread, int64(i)
		}
		probes := make([]int64, builds*fan)
		for i := range probes {
			probes[i] = keys[i/fan]
			if shape.random {
				probes[i] = keys[rng.IntN(builds)]
			}
		}
		sources := &replay{cols: map[string][]vector.Column{
			"build": {vector.Flat(vector.Int64, keys, nil), vector.Flat(vector.Int64, values, nil)},
			"probe": {vector.Flat(vector.Int64, probes, nil), vector.Flat(vector.Int64, probes, nil)}}}
		fields := []expr.Field{{Name: "k", Type: expr.Of(expr.Int8)}, {Name: "v", Type: expr.Of(expr.Int8)}}
		key := []expr.Expr{&expr.Column{ID: 0, Typ: expr.Of(expr.Int8)}}
		for _, rows := range []int{len(probes), 0} {
			node := &physical.HashJoin{Kind: shape.kind, Probe: scanOf("probe", fields), Build: scanOf("build", fields),
				ProbeKeys: key, BuildKeys: key, Emit: shape.emit, BuildUnique: true}
			side := "whole"
			use := sources
			if rows == 0 {
				side = "build only"
				use = &replay{cols: map[string][]vector.Column{"build": sources.cols["build"],
					"probe": {sources.cols["probe"][0].Slice(0, 0), sources.cols["probe"][1].Slice(0, 0)}}}
			}
			b.Run(fmt.Sprint(shape.name, "/", side), func(b *testing.B) {
				pool, ledger := memory.NewPool(), memory.NewLedger(0)
				for b.Loop() {
					group := exec.NewGroup(1)
					op, err := exec.Build(node, &exec.Env{Group: group, Fragment: group, Sources: use, Pool: pool, Account: ledger.NewAccount("bench")})
					if err != nil {
						b.Fatal(err)
					}
					got := 0
					if err := exec.Drain(b.Context(), op, func(batch *vector.Batch) error {
						got += batch.Rows()
						batch.Release()
						return nil
					}); err != nil {
						b.Fatal(err)
					}
					if got != rows {
						b.Fatalf("%d rows", got)
					}
					if err := op.Close(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/builds/fan, "ns/probe")
			})
		}
	}
}
