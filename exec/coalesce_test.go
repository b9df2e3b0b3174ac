package exec_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// TestSelectiveJoinGivesFewBatches has five matches in every probe batch of 500
// rows: they come together, in order, but the first ones without waiting.
func TestSelectiveJoinGivesFewBatches(t *testing.T) {
	for _, kind := range []physical.JoinKind{physical.Inner, physical.ProbeSemi, physical.ProbeOuter} {
		t.Run(kind.String(), func(t *testing.T) {
			c := &joinCase{kind: kind, keys: []expr.Type{expr.Of(expr.Int4)}}
			for i := range int64(40_000) {
				c.probe = append(c.probe, row{i, i, fmt.Sprintf("probe row number %d", i)})
				if i%100 == 0 {
					c.build = append(c.build, row{i, nil, fmt.Sprintf("build row number %d", i)})
				}
			}
			want, _ := c.naive()
			counting := &countingSources{tables: c.sources(500), read: map[string]int{}}
			account := memory.NewLedger(0).NewAccount("test")
			group := exec.NewGroup(1)
			op, err := exec.Build(c.plan(), &exec.Env{Group: group, Fragment: group, Sources: counting,
				Pool: memory.NewPoisonPool(), Account: account})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			batches := 0
			for {
				b, err := op.Next(t.Context())
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range b.Selected() {
					got = append(got, show(b, int(i)))
				}
				b.Release()
				if batches++; batches == 1 && counting.read["probe"] != 1 {
					t.Errorf("%d probe batches were read for the first row", counting.read["probe"])
				}
			}
			if err := op.Close(); err != nil {
				t.Fatal(err)
			}
			if used := account.UsedBytes(); used != 0 {
				t.Errorf("%d bytes are still reserved", used)
			}
			most := 10 // 5, 5, 10, 20, … 320 rows of 400
			if kind == physical.ProbeOuter {
				most = 160 // large batches stay as they are
			}
			if batches > most {
				t.Errorf("%d batches", batches)
			}
			// Rows come in the order of the probe side.
			if kind != physical.ProbeOuter && !slices.IsSortedFunc(got, func(a, b string) int {
				var x, y int
				fmt.Sscan(a, &x)
				fmt.Sscan(b, &y)
				return x - y
			}) {
				t.Error("rows have changed places")
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%d rows, want %d", len(got), len(want))
			}
		})
	}
}
