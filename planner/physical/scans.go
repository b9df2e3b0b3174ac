package physical

// Part is what tasks have of a scan.
type Part uint8

// The parts.
const (
	Leading   Part = iota // every task its own: the scan drives the fragment
	Following             // all tasks of a worker what any of them needs of it
	Own                   // every task what it needs: the scan is led by the build side of a join
)

// Scans visits the scans of a fragment's plan with what tasks have of them, those that
// lead a co-located join before those that follow. Whatever numbers scans counts so.
func Scans(n Node, visit func(s *Scan, part Part)) { scans(n, Leading, visit) }

func scans(n Node, as Part, visit func(*Scan, Part)) {
	switch n := n.(type) {
	case *Scan:
		visit(n, as)
		return
	case *HashJoin:
		if n.BuildLeads() {
			scans(n.Build, as, visit)
			scans(n.Probe, max(as, Own), visit)
			return
		}
		scans(n.Probe, as, visit)
		if n.Replicated {
			as = Following
		}
		scans(n.Build, as, visit)
		return
	}
	for _, in := range n.Inputs() {
		scans(in, as, visit)
	}
}
