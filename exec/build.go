package exec

import (
	"fmt"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/physical"
)

// Build makes the running operators of one instance for a plan without Exchanges.
// On error everything made so far is closed.
func Build(n physical.Node, env *Env) (Operator, error) {
	if env.Profile == nil {
		return build(n, env, env)
	}
	profile, own := env.Profile.Node(n), *env
	own.Account, own.FragmentAccount = profile.account(env.Account), profile.account(env.FragmentAccount)
	op, err := build(n, env, &own)
	if err != nil {
		return nil, err
	}
	return &timed{input: op, node: profile}, nil
}

// build makes an operator that runs in own, and its inputs in env.
func build(n physical.Node, env, own *Env) (Operator, error) {
	switch n := n.(type) {
	case *physical.Scan:
		return own.Sources.Scan(n, own)
	case *physical.Receive:
		return own.Sources.Receive(n, own)
	case *physical.Shared:
		return newShared(n, env)
	case *physical.Values:
		return newValues(n, own), nil
	}
	inputs, err := buildInputs(n, env)
	if err != nil {
		return nil, err
	}
	op, err := lower(n, inputs, own)
	if err != nil {
		closeAll(inputs)
		return nil, err
	}
	return op, nil
}

// lower is the one place that knows which operator runs which plan node.
func lower(n physical.Node, in []Operator, env *Env) (Operator, error) {
	switch n := n.(type) {
	case *physical.Filter:
		return newFilter(n, in[0], env)
	case *physical.Project:
		return newProject(n, in[0], env)
	case *physical.Limit:
		return newLimit(n, in[0], env), nil
	case *physical.Sort:
		return newSort(n, in[0], env)
	case *physical.TopN:
		return newTopN(n, in[0], env)
	case *physical.GroupTopN:
		return newGroupTopN(n, in[0], env)
	case *physical.Window:
		return newWindow(n, in[0], env)
	case *physical.Union:
		return newUnion(n, in, env), nil
	case *physical.SetOp:
		return newSetOp(n, in[0], in[1], env)
	case *physical.HashJoin:
		return newHashJoin(n, in[0], in[1], env)
	case *physical.NestedLoopJoin:
		return newNestedLoopJoin(n, in[0], in[1], env)
	case *physical.Aggregate:
		return newAggregate(n, in[0], env)
	}
	return nil, sqlerr.New(sqlerr.InternalError, "no operator for plan node %T", n)
}

func buildInputs(n physical.Node, env *Env) ([]Operator, error) {
	var out []Operator
	for _, in := range n.Inputs() {
		op, err := Build(in, env)
		if err != nil {
			closeAll(out)
			return nil, fmt.Errorf("input of %T: %w", n, err)
		}
		out = append(out, op)
	}
	return out, nil
}

func closeAll(ops []Operator) error {
	var first error
	for _, op := range ops {
		if err := op.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
