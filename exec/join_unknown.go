package exec

import (
	"github.com/skein-query/skein/exec/vector"
)

// note remembers whether a batch brought rows, and NULLs in the last key. first
// is the number of the batch's first row in its part.
func (u *joinUnknowns) note(part int, last *vector.Column, sel vector.Selection, first int, lists bool) {
	p := &u.parts[part]
	p.anyRow = true
	if last.Valid == nil {
		return
	}
	for i, row := range sel {
		if !last.Valid.Get(int(row)) {
			p.nulls = append(p.nulls, uint32(first+i))
			if !lists {
				return // one is enough
			}
		}
	}
}

// seal sums up the parts and, with lists, finds the lists that hold a NULL.
func (u *joinUnknowns) seal(lists *joinIndex) error {
	for i := range u.parts {
		u.anyRow = u.anyRow || u.parts[i].anyRow
		u.anyNull = u.anyNull || len(u.parts[i].nulls) > 0
	}
	if lists == nil || lists.rows == 0 {
		return nil
	}
	if err := u.held.reserve(2 * 8 * int64(vector.Words(lists.rows))); err != nil {
		return err
	}
	u.nullRows, u.nullLists = vector.NewBitmap(lists.rows), vector.NewBitmap(lists.rows)
	for i := range u.parts {
		for _, row := range u.parts[i].nulls {
			u.nullRows.Set(lists.parts[i].base + int(row))
		}
	}
	lists.table.eachHead(func(head uint32) {
		for row := head; ; {
			if u.nullRows.Get(int(row)) {
				u.nullLists.Set(int(head))
				return
			}
			if lists.table.next == nil || lists.table.next[row] == 0 {
				return
			}
			row = lists.table.next[row] - 1
		}
	})
	return nil
}

// eachHead visits the first row of every key.
func (t *joinTable) eachHead(visit func(row uint32)) {
	for _, row := range t.dense {
		if row != 0 {
			visit(row - 1)
		}
	}
	for _, slot := range t.slots {
		if slot != 0 {
			visit(uint32(slot) - 1)
		}
	}
}

// unknown is those of the rows lonely, which have no partner, for which SQL's IN
// is neither true nor false: the list they are compared with has rows, and either
// it holds a NULL or the row's own value is NULL.
func (p *joinProbe) unknown(lonely []uint32) ([]uint32, error) {
	u := &p.shared.unknown
	value := &p.cols[len(p.cols)-1]
	if !u.anyRow || len(lonely) == 0 {
		return nil, nil
	}
	var out []uint32
	if p.lists == nil {
		if u.anyNull {
			return lonely, nil
		}
		for _, place := range lonely {
			if value.IsNull(int(place)) {
				out = append(out, place)
			}
		}
		return out, nil
	}
	var lists joinMatches
	lists.grow(len(lonely))
	n, err := p.lists.find(p.cols[:len(p.cols)-1], p.batch.Len, lonely, lists.at, lists.rows)
	if err != nil {
		return nil, err
	}
	if p.residual != nil {
		return p.unknownByPairs(lists.at[:n], lists.rows[:n])
	}
	for i, place := range lists.at[:n] {
		if value.IsNull(int(place)) || u.nullLists.Get(int(lists.rows[i])) {
			out = append(out, place)
		}
	}
	return out, nil
}

// unknownByPairs walks the lists of the rows at, which begin at heads, and keeps
// the rows that meet a comparison with NULL on which the residual is true.
func (p *joinProbe) unknownByPairs(at, heads []uint32) ([]uint32, error) {
	u, next := &p.shared.unknown, p.shared.lists.table.next
	value := &p.cols[len(p.cols)-1]
	limit := p.emit.env.Rows()
	var pairAt, pairRows, out []uint32
	flush := func() error {
		n, err := p.filterPairs(pairAt, pairRows, false)
		for _, place := range pairAt[:n] {
			if len(out) == 0 || out[len(out)-1] != place {
				out = append(out, place)
			}
		}
		pairAt, pairRows = pairAt[:0], pairRows[:0]
		return err
	}
	for i, place := range at {
		null := value.IsNull(int(place))
		for row := heads[i] + 1; row != 0; {
			if null || u.nullRows.Get(int(row-1)) {
				pairAt, pairRows = append(pairAt, place), append(pairRows, row-1)
			}
			if len(pairAt) == limit {
				if err := flush(); err != nil {
					return nil, err
				}
				if len(out) > 0 && out[len(out)-1] == place {
					break
				}
			}
			if next == nil {
				break
			}
			row = next[row-1]
		}
	}
	return out, flush()
}
