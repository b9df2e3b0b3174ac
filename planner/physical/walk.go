package physical

// WithInputs is a copy of n over other inputs.
func WithInputs(n Node, in []Node) Node {
	switch n := n.(type) {
	case *Filter:
		c := *n
		c.Input = in[0]
		return &c
	case *Project:
		c := *n
		c.Input = in[0]
		return &c
	case *Limit:
		c := *n
		c.Input = in[0]
		return &c
	case *Sort:
		c := *n
		c.Input = in[0]
		return &c
	case *TopN:
		c := *n
		c.Input = in[0]
		return &c
	case *GroupTopN:
		c := *n
		c.Input = in[0]
		return &c
	case *Window:
		c := *n
		c.Input = in[0]
		return &c
	case *Union:
		c := *n
		c.All = in
		return &c
	case *SetOp:
		c := *n
		c.Left, c.Right = in[0], in[1]
		return &c
	case *HashJoin:
		c := *n
		c.Probe, c.Build = in[0], in[1]
		return &c
	case *NestedLoopJoin:
		c := *n
		c.Probe, c.Build = in[0], in[1]
		return &c
	case *Aggregate:
		c := *n
		c.Input = in[0]
		return &c
	case *Exchange:
		c := *n
		c.Input = in[0]
		return &c
	case *Shared:
		return NewShared(n.ID, in[0])
	}
	return n
}

// Rewrite rebuilds a plan bottom up: change gets every node over its changed
// inputs and returns what stands in its place. Shared nodes of one ID stay one.
func Rewrite(n Node, change func(Node) Node) Node {
	return rewrite(n, change, map[int]Node{})
}

func rewrite(n Node, change func(Node) Node, shared map[int]Node) Node {
	s, isShared := n.(*Shared)
	if isShared {
		if done, ok := shared[s.ID]; ok {
			return done
		}
	}
	in := n.Inputs()
	var out []Node
	for i, child := range in {
		c := rewrite(child, change, shared)
		if c != child && out == nil {
			out = append([]Node(nil), in...)
		}
		if out != nil {
			out[i] = c
		}
	}
	if out != nil {
		n = WithInputs(n, out)
	}
	n = change(n)
	if isShared {
		shared[s.ID] = n
	}
	return n
}
