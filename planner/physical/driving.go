package physical

// Driving is the partitioned edge that drives a fragment, when a partition of it may be
// divided among tasks that each read a part of that edge's rows and all that the others
// have for the partition: every row that the fragment gives out comes of one row of it,
// or of partial states that are put together later. nil when there is none.
func Driving(n Node) *Receive {
	for {
		switch m := n.(type) {
		case *Receive:
			if m.Kind == HashSplit {
				return m
			}
			return nil
		case *Filter:
			n = m.Input
		case *Project:
			n = m.Input
		case *HashJoin:
			switch m.Kind {
			case BuildOuter, FullOuter, BuildSemi, BuildAnti:
				return nil // what of the build side has no partner all tasks would have to know
			}
			n = m.Probe
		case *NestedLoopJoin:
			if m.Kind == FullOuter {
				return nil
			}
			n = m.Probe
		case *Aggregate:
			if m.Phase != Partial {
				return nil
			}
			n = m.Input
		default:
			return nil
		}
	}
}
