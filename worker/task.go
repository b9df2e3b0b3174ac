package worker

import (
	"context"
	"runtime/debug"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/physical"
)

// recovered makes an error of a panic; it is deferred by what works on a plan.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = sqlerr.New(sqlerr.InternalError, "a bug in Skein: %v\n%s", p, debug.Stack())
	}
}

// runInstance builds one instance of a plan, gives every batch to emit, and closes
// the instance. A panic anywhere below becomes an error.
func runInstance(ctx context.Context, n physical.Node, env *exec.Env, emit func(*vector.Batch) error) (err error) {
	defer recovered(&err)
	op, err := exec.Build(n, env)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := op.Close(); err == nil {
			err = cerr
		}
	}()
	return exec.Drain(ctx, op, emit)
}
