package exec

import (
	"slices"

	"github.com/skein-query/skein/exec/vector"
)

// treeFan is how many rows a leaf of the tree has, and how many nodes a node above.
const treeFan = 16

// windowTree is an aggregate over any frames: a tree over the rows of a block with a state
// in every node (the segment tree of Leis et al., section 4.2, with a larger fan-out). A
// frame is the rows at its two ends and the largest nodes in between. All frames of a page
// are put together at once, level by level: first what lies left, from the rows upwards,
// then what lies right, from the top down, so that every state gets its rows in order.
type windowTree struct {
	windowFrame
	parts  []windowPart
	finish finisher
	filter *windowArg
	env    *Env

	b       *budget         // of levels
	levels  [][]accumulator // by level and part
	carried []accumulator   // the first partition's rows in earlier blocks; nil: none
	held    *budget         // of carried
	scratch scratch
	pieces  treePieces
	passes  map[int]vector.Bitmap // by page
}

// treePieces is what the frames of a page are made of; slots are the rows of the page.
type treePieces struct {
	left, right pieceList // of rows
	up, down    []pieceList
}

// pieceList is nodes, or rows by position, and the slots that they go to.
type pieceList struct {
	at    []int
	slots []uint32
}

func (p *pieceList) add(from, to int, slot uint32) {
	for ; from < to; from++ {
		p.at, p.slots = append(p.at, from), append(p.slots, slot)
	}
}

func (p *pieceList) reset() { p.at, p.slots = p.at[:0], p.slots[:0] }

func (w *windowTree) begin(b *windowBlock) error {
	if b.parts[0] >= 0 {
		w.dropCarried()
	}
	w.b = &budget{account: w.env.Account}
	w.levels, w.passes = w.levels[:0], map[int]vector.Bitmap{}
	leaves := (b.rows + treeFan - 1) / treeFan
	states, err := w.states(w.b, leaves)
	if err != nil {
		return err
	}
	for page := range b.pages {
		sel, err := selectedRows(w.filter, b, page)
		if err != nil {
			return err
		}
		gids := make([]uint32, len(sel))
		for i, row := range sel {
			gids[i] = uint32((b.pages[page].start + int(row)) / treeFan)
		}
		for i := range w.parts {
			if err := w.parts[i].addPage(states[i], b, page, sel, gids, &w.scratch); err != nil {
				return err
			}
		}
	}
	w.levels = append(w.levels, states)
	for n := leaves; n > treeFan; n = (n + treeFan - 1) / treeFan {
		above, err := w.states(w.b, (n+treeFan-1)/treeFan)
		if err != nil {
			return err
		}
		at, to := make([]uint32, n), make([]uint32, n)
		for i := range at {
			at[i], to[i] = uint32(i), uint32(i/treeFan)
		}
		for i := range above {
			if err := above[i].merge(w.levels[len(w.levels)-1][i], at, to); err != nil {
				return err
			}
		}
		w.levels = append(w.levels, above)
	}
	return nil
}

// states is an empty state per part with room for n groups.
func (w *windowTree) states(b *budget, n int) ([]accumulator, error) {
	out := make([]accumulator, len(w.parts))
	for i := range w.parts {
		out[i] = w.parts[i].make(b)
		if err := out[i].grow(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (w *windowTree) column(v *windowView) (vector.Column, error) {
	rows, err := w.rows(v)
	if err != nil {
		return vector.Column{}, err
	}
	own := &budget{account: w.env.Account}
	defer own.free()
	states, err := w.states(own, v.n)
	if err != nil {
		return vector.Column{}, err
	}
	w.cutUp(v, rows)
	if err := w.gather(v.windowBlock, states, v, rows); err != nil {
		return vector.Column{}, err
	}
	out, err := finished(states, v.n, w.finish)
	if err != nil {
		return out, err
	}
	return vector.Copy(&out), nil // states may share their memory
}

// cutUp finds the pieces of all frames.
func (w *windowTree) cutUp(v *windowView, rows *frameRows) {
	p := &w.pieces
	p.left.reset()
	p.right.reset()
	for len(p.up) < len(w.levels) {
		p.up, p.down = append(p.up, pieceList{}), append(p.down, pieceList{})
	}
	for i := range p.up {
		p.up[i].reset()
		p.down[i].reset()
	}
	for i := range v.n {
		rows.ranges(i, func(low, high int) { w.cut(max(low, 0), high, uint32(i)) })
	}
}

// cut finds the pieces of rows [low, high).
func (w *windowTree) cut(low, high int, slot uint32) {
	p := &w.pieces
	from, to := (low+treeFan-1)/treeFan, high/treeFan
	if from >= to {
		p.left.add(low, high, slot)
		return
	}
	p.left.add(low, from*treeFan, slot)
	p.right.add(to*treeFan, high, slot)
	for level := range w.levels {
		next, end := (from+treeFan-1)/treeFan, to/treeFan
		if level == len(w.levels)-1 || next >= end {
			p.up[level].add(from, to, slot)
			return
		}
		p.up[level].add(from, next*treeFan, slot)
		p.down[level].add(end*treeFan, to, slot)
		from, to = next, end
	}
}

// gather puts the pieces together.
func (w *windowTree) gather(b *windowBlock, states []accumulator, v *windowView, rows *frameRows) error {
	if w.carried != nil {
		var at, to []uint32
		for i := range v.n {
			if rows.low[i] < 0 {
				at, to = append(at, 0), append(to, uint32(i))
			}
		}
		if err := mergeAll(states, w.carried, at, to); err != nil {
			return err
		}
	}
	if err := w.addRows(b, states, &w.pieces.left); err != nil {
		return err
	}
	for level := range w.levels {
		if err := w.addNodes(states, level, &w.pieces.up[level]); err != nil {
			return err
		}
	}
	for level := len(w.levels) - 1; level >= 0; level-- {
		if err := w.addNodes(states, level, &w.pieces.down[level]); err != nil {
			return err
		}
	}
	return w.addRows(b, states, &w.pieces.right)
}

func mergeAll(to, from []accumulator, at, slots []uint32) error {
	if len(at) == 0 {
		return nil
	}
	for i := range to {
		if err := to[i].merge(from[i], at, slots); err != nil {
			return err
		}
	}
	return nil
}

func (w *windowTree) addNodes(states []accumulator, level int, p *pieceList) error {
	at := resize(&w.scratch.codes, len(p.at))
	for i, node := range p.at {
		at[i] = uint32(node)
	}
	return mergeAll(states, w.levels[level], slices.Clone(at), p.slots)
}

// pass is the rows of a page that a filter lets through, found once for a block.
func (w *windowTree) pass(b *windowBlock, page int) (vector.Bitmap, error) {
	if w.filter == nil {
		return nil, nil
	}
	if known, ok := w.passes[page]; ok {
		return known, nil
	}
	pass, err := passing(w.filter, b, page)
	w.passes[page] = pass
	return pass, err
}

// addRows adds single rows, page by page.
func (w *windowTree) addRows(b *windowBlock, states []accumulator, p *pieceList) error {
	for i := 0; i < len(p.at); {
		page := b.at(p.at[i])
		start, end := b.pages[page].start, b.pages[page].start+b.pages[page].n
		pass, err := w.pass(b, page)
		if err != nil {
			return err
		}
		var sel vector.Selection
		var gids []uint32
		for ; i < len(p.at) && p.at[i] >= start && p.at[i] < end; i++ {
			if row := p.at[i] - start; pass == nil || pass.Get(row) {
				sel, gids = append(sel, uint32(row)), append(gids, p.slots[i])
			}
		}
		for j := range w.parts {
			if err := w.parts[j].addPage(states[j], b, page, sel, gids, &w.scratch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *windowTree) end(b *windowBlock) error {
	if b.closed {
		w.dropCarried()
	} else if err := w.carry(b); err != nil {
		return err
	}
	w.b.free()
	w.levels = w.levels[:0]
	return nil
}

// carry keeps what the last partition, which goes on, has come to.
func (w *windowTree) carry(b *windowBlock) error {
	from, held := last(b.parts), &budget{account: w.env.Account}
	states, err := w.states(held, 1)
	if err == nil && from < 0 && w.carried != nil {
		err = mergeAll(states, w.carried, []uint32{0}, []uint32{0})
	}
	if err == nil {
		w.cutUp(&windowView{}, &frameRows{})
		w.cut(max(from, 0), b.rows, 0)
		kept := w.carried
		w.carried = nil
		err = w.gather(b, states, &windowView{}, &frameRows{})
		w.carried = kept
	}
	if err != nil {
		held.free()
		return err
	}
	w.dropCarried()
	w.carried, w.held = states, held
	return nil
}

func (w *windowTree) dropCarried() {
	if w.held != nil {
		w.held.free()
	}
	w.carried, w.held = nil, nil
}

func (w *windowTree) close() {
	w.windowFrame.close()
	w.dropCarried()
	if w.b != nil {
		w.b.free()
	}
}
