package worker

import (
	"context"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// instances is how many instances of a plan that runs whole have something to do: one
// when all there is to read is a row group, or a few rows that stand in the plan. A
// small query is spared the others, and their barriers.
func (r *run) instances(ctx context.Context) (n int, err error) {
	defer recovered(&err)
	var leaf physical.Node
	leaves := 0
	physical.Walk(r.plan, func(n physical.Node) bool {
		if len(n.Inputs()) == 0 {
			leaf = n
			leaves++
		}
		return leaves < 2
	})
	if r.message.Threads == 1 || leaves != 1 {
		return r.message.Threads, nil
	}
	switch n := leaf.(type) {
	case *physical.Values:
		if len(n.Tuples) <= vector.MaxRows {
			return 1, nil
		}
	case *physical.Scan:
		return r.busy(ctx, n), nil
	}
	return r.message.Threads, nil
}

// busy is how many instances find a row group to read that statistics do not exclude.
// What cannot be found out here the scan itself will say.
func (r *run) busy(ctx context.Context, n *physical.Scan) int {
	env := &exec.Env{Pool: r.res.Pool, Account: r.account}
	var preds []*predicate
	defer func() {
		for _, p := range preds {
			p.Close()
		}
	}()
	for _, cond := range n.Filter {
		p, err := newPredicate(cond, n.Fields, env)
		if err != nil {
			return r.message.Threads
		}
		preds = append(preds, p)
	}
	left := 0
	for _, f := range n.Files {
		file, err := r.res.Files.Open(ctx, object.Info{Path: f.Path, SizeBytes: f.SizeBytes, ModTime: f.ModTime, ETag: f.ETag})
		if err != nil || f.RowGroups != nil {
			return r.message.Threads
		}
		fields := positions(file, n)
		if fields == nil {
			return r.message.Threads
		}
		for g := range file.RowGroupCount() {
			if !excluded(file, g, fields, preds) {
				left++
			}
			if left == r.message.Threads {
				return left
			}
		}
	}
	return max(1, left)
}

func excluded(file *parquet.File, rowGroup int, fields []int, preds []*predicate) bool {
	for _, p := range preds {
		if file.Excludes(rowGroup, fields, p.bounds) {
			return true
		}
	}
	return false
}

// positions are the scan's columns in a file; nil when one is missing.
func positions(file *parquet.File, n *physical.Scan) []int {
	have := file.Fields()
	out := make([]int, 0, len(n.Columns))
	for _, name := range n.Columns {
		for j := range have {
			if have[j].Name == name {
				out = append(out, j)
				break
			}
		}
	}
	if len(out) < len(n.Columns) {
		return nil
	}
	return out
}
