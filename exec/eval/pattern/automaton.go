package pattern

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
)

const (
	// mostStates is how many states an automaton has at most: 512 KiB.
	mostStates = 1024
	unknown    = -1
	dead       = 0 // nothing that follows can match
	matched    = 1 // whatever follows
)

// automaton decides whether a pattern matches. States are made when they are come to.
type automaton struct {
	prog    *syntax.Prog
	first   int32
	next    [][ascii]int32 // by state and character
	accepts []bool         // by state: it is a match if the text ends here
	sets    [][]uint32     // by state: the instructions that wait for a character, in order
	states  map[string]int32
	full    bool
	seen    []uint32 // scratch: by instruction, the round in which it was come to
	round   uint32
}

func newAutomaton(prog *syntax.Prog) *automaton {
	a := &automaton{prog: prog, states: map[string]int32{}, seen: make([]uint32, len(prog.Inst))}
	a.add(nil, false) // dead
	a.add(nil, true)  // matched
	set, now, end := a.close([]uint32{uint32(prog.Start)}, true)
	a.first = a.stateOf(set, now, end)
	return a
}

// add makes a state.
func (a *automaton) add(set []uint32, accepts bool) int32 {
	var row [ascii]int32
	for c := range row {
		row[c] = unknown
	}
	a.next, a.accepts, a.sets = append(a.next, row), append(a.accepts, accepts), append(a.sets, set)
	return int32(len(a.next) - 1)
}

// match reports whether the pattern matches in s; ok is false when that is not for the
// automaton to say.
func (a *automaton) match(s []byte) (is, ok bool) {
	if a.full {
		return false, false
	}
	state := a.first
	for _, c := range s {
		if state <= matched {
			break
		}
		if c >= ascii {
			return false, false
		}
		to := a.next[state][c]
		if to == unknown {
			if to = a.step(state, c); a.full {
				return false, false
			}
		}
		state = to
	}
	return a.accepts[state], true
}

// step makes the state that follows on a character.
func (a *automaton) step(state int32, c byte) int32 {
	var from []uint32
	for _, pc := range a.sets[state] {
		if in := &a.prog.Inst[pc]; matchesASCII(in, c) {
			from = append(from, in.Out)
		}
	}
	from = append(from, uint32(a.prog.Start)) // a match may begin at the next character
	set, now, end := a.close(from, false)
	to := a.stateOf(set, now, end)
	a.next[state][c] = to
	return to
}

// close follows all instructions that take no character: set is those that take one, now
// that there is a match, end that there is one if the text ends.
func (a *automaton) close(from []uint32, begin bool) (set []uint32, now, end bool) {
	a.round++
	for _, pc := range from {
		a.follow(pc, begin, false, &set, &now, &end)
	}
	// What holds at the end of the text only is followed by itself: it may come to
	// instructions that others come to without.
	a.round++
	var none []uint32
	for _, pc := range from {
		a.follow(pc, begin, true, &none, &end, &end)
	}
	slices.Sort(set)
	return set, now, end
}

func (a *automaton) follow(pc uint32, begin, atEnd bool, set *[]uint32, now, end *bool) {
	if a.seen[pc] == a.round {
		return
	}
	a.seen[pc] = a.round
	in := &a.prog.Inst[pc]
	switch in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		a.follow(in.Out, begin, atEnd, set, now, end)
		a.follow(in.Arg, begin, atEnd, set, now, end)
	case syntax.InstCapture, syntax.InstNop:
		a.follow(in.Out, begin, atEnd, set, now, end)
	case syntax.InstEmptyWidth:
		need := syntax.EmptyOp(in.Arg)
		if (need&syntax.EmptyBeginText == 0 || begin) && (need&syntax.EmptyEndText == 0 || atEnd) {
			a.follow(in.Out, begin, atEnd, set, now, end)
		}
	case syntax.InstMatch:
		*now = true
	case syntax.InstFail:
	default:
		*set = append(*set, pc)
	}
}

// stateOf is the state of a set of instructions.
func (a *automaton) stateOf(set []uint32, now, end bool) int32 {
	if now {
		return matched
	}
	if len(set) == 0 && !end {
		return dead
	}
	name := make([]byte, 0, 4*len(set)+1)
	for _, pc := range set {
		name = binary.LittleEndian.AppendUint32(name, pc)
	}
	if end {
		name = append(name, 1)
	}
	if state, ok := a.states[string(name)]; ok {
		return state
	}
	if len(a.next) >= mostStates {
		a.full = true
		return dead
	}
	state := a.add(set, end)
	a.states[string(name)] = state
	return state
}
