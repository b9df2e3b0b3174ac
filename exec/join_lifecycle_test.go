package exec_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// largeCase is a join with more rows than one batch of any instance.
func largeCase(kind physical.JoinKind, nested bool) *joinCase {
	c := &joinCase{kind: kind, keys: []expr.Type{expr.Of(expr.Int4)}, nested: nested}
	for i := range int64(400) {
		c.probe = append(c.probe, row{i % 100, i, "a probe row's payload"})
		c.build = append(c.build, row{i % 50, i, "a build row's payload"})
	}
	return c
}

func (c *joinCase) sources(batchRows int) *tables {
	return &tables{batchRows: batchRows, rng: rand.New(rand.NewPCG(1, 2)), inputs: map[string]table{
		"probe": {c.fields("p"), c.probe}, "build": {c.fields("b"), c.build}}}
}

func eachJoin(t *testing.T, run func(t *testing.T, c *joinCase)) {
	for kind := physical.Inner; kind <= physical.ProbeSingle; kind++ {
		t.Run(kind.String(), func(t *testing.T) { run(t, largeCase(kind, false)) })
	}
	for _, kind := range nestedKinds {
		t.Run("nested "+kind.String(), func(t *testing.T) { run(t, largeCase(kind, true)) })
	}
}

func TestLimitAboveJoinEndsAllInstances(t *testing.T) {
	eachJoin(t, func(t *testing.T, c *joinCase) {
		if c.kind == physical.ProbeSingle {
			c.build = uniqueKeys(c.build, 1)
		}
		all, _ := c.naive()
		for _, count := range []int64{0, 1, 100} {
			node := &physical.Limit{Input: c.plan(), Count: count}
			got, err := fragment{node: node, sources: c.sources(16), instances: 3, batchRows: 16}.run(t)
			if err != nil || len(got) != min(int(count), len(all)) {
				t.Fatalf("limit %d: %d rows of %d, %v", count, len(got), len(all), err)
			}
		}
	})
}

// brokenScan gives some batches of a table and then an error.
type brokenSources struct {
	*tables
	table string
	after int
}

type brokenScan struct {
	exec.Operator
	left int
}

var errBroken = errors.New("the disk is gone")

func (s *brokenSources) Scan(n *physical.Scan, env *exec.Env) (exec.Operator, error) {
	op, err := s.tables.Scan(n, env)
	if n.Table == s.table && env.Instance == env.Group.Size()-1 {
		return &brokenScan{op, s.after}, err
	}
	return op, err
}

func (s *brokenScan) Next(ctx context.Context) (*vector.Batch, error) {
	if s.left--; s.left < 0 {
		return nil, errBroken
	}
	return s.Operator.Next(ctx)
}

func TestErrorOfOneInputEndsAllInstances(t *testing.T) {
	eachJoin(t, func(t *testing.T, c *joinCase) {
		if c.kind == physical.ProbeSingle {
			c.build = uniqueKeys(c.build, 1)
		}
		if c.kind == physical.ProbeAnti && c.nested {
			return // without a condition on the probe side it may never be read
		}
		for _, side := range []string{"probe", "build"} {
			for _, after := range []int{0, 2} {
				sources := &brokenSources{c.sources(4), side, after}
				f := fragment{node: c.plan(), sources: sources, instances: 3, batchRows: 16}
				if _, err := f.run(t); !errors.Is(err, errBroken) {
					// The other two may have emptied the queue before the third
					// instance reached its third batch: then there is no error to see.
					if after == 0 || err != nil {
						t.Fatalf("%s after %d batches: %v", side, after, err)
					}
				}
			}
		}
	})
}

func TestRefusedMemoryIsTheJoinsError(t *testing.T) {
	eachJoin(t, func(t *testing.T, c *joinCase) {
		if c.kind == physical.ProbeSingle {
			c.build = uniqueKeys(c.build, 1)
		}
		refused := 0
		for limit := int64(1 << 10); limit < 8<<20; limit = limit * 3 / 2 {
			_, err := fragment{node: c.plan(), sources: c.sources(64), instances: 2, batchRows: 64, limit: limit}.run(t)
			if err != nil && sqlerr.CodeOf(err) != sqlerr.OutOfMemory {
				t.Fatalf("limit %d: %v", limit, err)
			}
			if err != nil {
				refused++
			}
		}
		if refused < 5 || refused > 20 {
			t.Errorf("%d refusals", refused)
		}
	})
}

func TestCancelledJoinEnds(t *testing.T) {
	eachJoin(t, func(t *testing.T, c *joinCase) {
		c.residual = true
		for batches := range 4 {
			ledger := memory.NewLedger(0)
			account := ledger.NewAccount("test")
			group, pool := exec.NewGroup(3), memory.NewPoisonPool()
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for i := range 3 {
				op, err := exec.Build(c.plan3(group), &exec.Env{Instance: i, Group: group, Fragment: group, Pool: pool,
					Account: account, Sources: c.sources(8), BatchRows: 8})
				if err != nil {
					t.Fatal(err)
				}
				all.Go(func() {
					defer op.Close()
					for n := 0; ; n++ {
						if n >= batches {
							cancel()
						}
						b, err := op.Next(ctx)
						if err != nil {
							return
						}
						b.Release()
					}
				})
			}
			ended := make(chan struct{})
			go func() { all.Wait(); close(ended) }()
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				t.Fatalf("still running after cancel at batch %d", batches)
			}
			cancel()
			if used := account.UsedBytes(); used != 0 {
				t.Fatalf("%d bytes are still reserved", used)
			}
		}
	})
}

// plan3 is one plan for all instances of a group.
func (c *joinCase) plan3(g *exec.Group) physical.Node {
	return exec.State(g, "plan", c.plan)
}

// countingSources counts the batches read per table.
type countingSources struct {
	*tables
	mu   sync.Mutex
	read map[string]int
}

type countingScan struct {
	exec.Operator
	note func()
}

func (s *countingSources) Scan(n *physical.Scan, env *exec.Env) (exec.Operator, error) {
	op, err := s.tables.Scan(n, env)
	return &countingScan{op, func() {
		s.mu.Lock()
		s.read[n.Table]++
		s.mu.Unlock()
	}}, err
}

func (s *countingScan) Next(ctx context.Context) (*vector.Batch, error) {
	b, err := s.Operator.Next(ctx)
	if err == nil {
		s.note()
	}
	return b, err
}

func TestEmptyBuildSideSkipsProbeSide(t *testing.T) {
	eachJoin(t, func(t *testing.T, c *joinCase) {
		c.build = nil
		counting := &countingSources{tables: c.sources(16), read: map[string]int{}}
		got, err := fragment{node: c.plan(), sources: counting, instances: 2, batchRows: 16}.run(t)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := c.naive()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%d rows, want %d", len(got), len(want))
		}
		if skipped := counting.read["probe"] == 0; skipped != (len(want) == 0) {
			t.Errorf("%d probe batches were read for %d rows", counting.read["probe"], len(want))
		}
	})
}

func TestReplicatedBuildSideIsBuiltOncePerFragment(t *testing.T) {
	c := largeCase(physical.Inner, false)
	hashed := c.plan().(*physical.HashJoin)
	hashed.Replicated = true
	t.Run("hash", func(t *testing.T) { checkReplicated(t, c, hashed) })
	c.nested = true
	looped := c.plan().(*physical.NestedLoopJoin)
	looped.Replicated = true
	t.Run("nested loop", func(t *testing.T) { checkReplicated(t, c, looped) })
}

// checkReplicated runs node in four tasks, each of which sees all of the probe side.
func checkReplicated(t *testing.T, c *joinCase, node physical.Node) {
	t.Helper()
	want, _ := c.naive()
	ledger := memory.NewLedger(0)
	shared := ledger.NewAccount("fragment")
	fragmentGroup, pool := exec.NewGroup(4), memory.NewPoisonPool()
	counting := &countingSources{tables: c.sources(100), read: map[string]int{}}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			account := ledger.NewAccount("task")
			group := exec.NewGroup(1)
			op, err := exec.Build(node, &exec.Env{Group: group, Fragment: fragmentGroup, Sources: counting, Pool: pool,
				Account: account, FragmentAccount: shared, BatchRows: 64})
			if err != nil {
				t.Error(err)
				return
			}
			rows := 0
			err = exec.Drain(t.Context(), op, func(b *vector.Batch) error {
				rows += b.Rows()
				b.Release()
				return nil
			})
			if err != nil || rows != len(want) {
				t.Errorf("%d rows, want %d: %v", rows, len(want), err)
			}
			if err := op.Close(); err != nil {
				t.Error(err)
			}
			if used := account.UsedBytes(); used != 0 {
				t.Errorf("a task still holds %d bytes", used)
			}
		})
	}
	all.Wait()
	if counting.read["build"] != 4 { // 400 rows in batches of 100
		t.Errorf("%d build batches were read", counting.read["build"])
	}
	if shared.UsedBytes() == 0 {
		t.Error("the table is not charged to the fragment")
	}
	fragmentGroup.Close()
	if used := shared.UsedBytes(); used != 0 {
		t.Errorf("%d bytes outlive the fragment", used)
	}
}
