package pattern

import "regexp/syntax"

const (
	// mostNodes is how many nodes a one-pass program has at most: 512 KiB.
	mostNodes = 512
	// mostGroups is how many places of groups fit a mask.
	mostGroups = 32
)

// onePass finds the groups of a match that begins where the text does.
type onePass struct {
	nodes  []node
	places int // two of every group, the whole match included
	found  []int
	now    []int
}

// node is what may happen before a character, or the end of the text.
type node struct {
	// By character the node that follows, plus one, in the upper half, and the places of
	// groups that are here in the lower; 0: no way goes on.
	ways [ascii]uint64
	// A match ends here: anywhere, or only if the text ends.
	match, matchEnd bool
	matchMarks      uint32
}

// newOnePass is nil when a program is not bound to the beginning of the text, or more than
// one way may go on somewhere.
func newOnePass(prog *syntax.Prog, groups int) *onePass {
	o := &onePass{places: 2 * (groups + 1)}
	if o.places > mostGroups || prog.StartCond()&syntax.EmptyBeginText == 0 {
		return nil
	}
	b := &builder{prog: prog, o: o, nodes: map[uint32]int32{}}
	b.node(uint32(prog.Start))
	for at := 0; at < len(b.pending) && !b.failed; at++ {
		b.build(b.pending[at], at == 0)
	}
	if b.failed {
		return nil
	}
	o.found, o.now = make([]int, o.places), make([]int, o.places)
	return o
}

// builder makes the nodes of a program, each for the instruction that it begins with.
type builder struct {
	prog    *syntax.Prog
	o       *onePass
	nodes   map[uint32]int32
	pending []uint32
	failed  bool
	seen    map[uint32]bool
	cut     bool // a match without condition was come to: what ranks behind it is not wanted
}

func (b *builder) node(pc uint32) int32 {
	if n, ok := b.nodes[pc]; ok {
		return n
	}
	if len(b.o.nodes) >= mostNodes {
		b.failed = true
		return 0
	}
	n := int32(len(b.o.nodes))
	b.o.nodes = append(b.o.nodes, node{})
	b.nodes[pc] = n
	b.pending = append(b.pending, pc)
	return n
}

func (b *builder) build(pc uint32, begin bool) {
	b.seen, b.cut = map[uint32]bool{}, false
	b.follow(b.nodes[pc], pc, begin, false, 0)
}

// follow goes all ways from an instruction to the next character, the preferred first.
func (b *builder) follow(n int32, pc uint32, begin, atEnd bool, marks uint32) {
	if b.failed || b.cut {
		return
	}
	if b.seen[pc] { // two ways lead here
		b.failed = true
		return
	}
	b.seen[pc] = true
	in := &b.prog.Inst[pc]
	switch in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		b.follow(n, in.Out, begin, atEnd, marks)
		b.follow(n, in.Arg, begin, atEnd, marks)
	case syntax.InstNop:
		b.follow(n, in.Out, begin, atEnd, marks)
	case syntax.InstCapture:
		if int(in.Arg) < b.o.places {
			marks |= 1 << in.Arg
		}
		b.follow(n, in.Out, begin, atEnd, marks)
	case syntax.InstEmptyWidth:
		need := syntax.EmptyOp(in.Arg)
		if need&syntax.EmptyBeginText == 0 || begin {
			b.follow(n, in.Out, begin, atEnd || need&syntax.EmptyEndText != 0, marks)
		}
	case syntax.InstMatch:
		b.match(n, atEnd, marks)
	case syntax.InstFail:
	default:
		if !atEnd { // else the text has ended and there is no character
			b.take(n, in, marks)
		}
	}
}

func (b *builder) match(n int32, atEnd bool, marks uint32) {
	at := &b.o.nodes[n]
	if at.match || at.matchEnd {
		b.failed = true
		return
	}
	at.match, at.matchEnd, at.matchMarks = !atEnd, atEnd, marks
	b.cut = !atEnd
}

func (b *builder) take(n int32, in *syntax.Inst, marks uint32) {
	for c := range byte(ascii) {
		if !matchesASCII(in, c) {
			continue
		}
		to := b.node(in.Out)
		at := &b.o.nodes[n]
		if at.ways[c] != 0 { // two ways go on
			b.failed = true
			return
		}
		at.ways[c] = uint64(to+1)<<32 | uint64(marks)
	}
}

// find is the places of the match; ok is false when that is not for the tables to say.
func (o *onePass) find(s []byte) (places []int, ok bool) {
	for i := range o.now {
		o.now[i] = -1
	}
	o.now[0] = 0
	is, at := false, &o.nodes[0]
	for i, c := range s {
		if c >= ascii {
			return nil, false
		}
		if at.match {
			is = o.end(at.matchMarks, i)
		}
		way := at.ways[c]
		if way == 0 {
			return o.result(is), true
		}
		if marks := uint32(way); marks != 0 {
			mark(o.now, marks, i)
		}
		at = &o.nodes[way>>32-1]
	}
	if at.match || at.matchEnd {
		is = o.end(at.matchMarks, len(s))
	}
	return o.result(is), true
}

// end keeps the places of a match that ends at i.
func (o *onePass) end(marks uint32, i int) bool {
	copy(o.found, o.now)
	mark(o.found, marks, i)
	o.found[1] = i
	return true
}

func (o *onePass) result(is bool) []int {
	if !is {
		return nil
	}
	return o.found
}

func mark(places []int, marks uint32, i int) {
	for place := range places {
		if marks>>place&1 != 0 {
			places[place] = i
		}
	}
}
