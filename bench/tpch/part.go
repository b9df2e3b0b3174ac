package tpch

import (
	"strconv"
	"strings"
)

// Part is a row of the part table.
type Part struct {
	Key         int64
	Name        string
	Mfgr        string
	Brand       string
	Type        string
	Size        int32
	Container   string
	RetailPrice Cents
	Comment     string
}

// AppendText implements Row.
func (p *Part) AppendText(dst []byte) []byte {
	return line{dst}.integer(p.Key).text(p.Name).text(p.Mfgr).text(p.Brand).text(p.Type).
		integer(int64(p.Size)).text(p.Container).money(p.RetailPrice).text(p.Comment).end()
}

func (p *Part) appendTo(c *columns) {
	c.int64(p.Key)
	c.text(p.Name)
	c.text(p.Mfgr)
	c.text(p.Brand)
	c.text(p.Type)
	c.int32(p.Size)
	c.text(p.Container)
	c.money(p.RetailPrice)
	c.text(p.Comment)
}

func (g *generator) parts(first, end int64, yield func(Row) bool) {
	name := newNameStream(709314158)
	mfgr := newStream(1, 1)
	brand := newStream(46831694, 1)
	kind := newStream(1841581359, 1)
	size := newStream(1193163244, 1)
	container := newStream(727633698, 1)
	comment := newTextStream(804159733, 1, 14, g.pool)
	streams := []*stream{&name.stream, &mfgr, &brand, &kind, &size, &container, &comment.stream}
	seekAll(streams, first)

	var row Part
	for i := first; i < end; i++ {
		maker := mfgr.between(1, 5)
		row = Part{
			Key:         i + 1,
			Name:        name.next(),
			Mfgr:        "Manufacturer#" + strconv.FormatInt(maker, 10),
			Brand:       "Brand#" + strconv.FormatInt(maker*10+brand.between(1, 5), 10),
			Type:        partTypes.pick(&kind),
			Size:        int32(size.between(1, 50)),
			Container:   containers.pick(&container),
			RetailPrice: retailPrice(i + 1),
			Comment:     comment.next(),
		}
		if !yield(&row) {
			return
		}
		endRows(streams)
	}
}

// retailPrice is a function of the key, so that line items need not look up
// their part.
func retailPrice(part int64) Cents {
	return Cents(900_00 + part/10%20_001 + part%1000*100)
}

// nameStream draws five different colours for a part's name.
type nameStream struct {
	stream
	shuffled [nameWords]string
	order    wordList
}

const nameWords = 5

func newNameStream(seed int64) nameStream {
	return nameStream{stream: newStream(seed, int64(len(colors))), order: make(wordList, len(colors))}
}

// next shuffles as far as it needs (Fisher and Yates), from the same list for
// every row.
func (s *nameStream) next() string {
	copy(s.order, colors)
	for i := range s.shuffled {
		j := s.between(int64(i), int64(len(s.order)-1))
		s.order[i], s.order[j] = s.order[j], s.order[i]
		s.shuffled[i] = s.order[i]
	}
	return strings.Join(s.shuffled[:], " ")
}

// PartSupp is a row of the partsupp table.
type PartSupp struct {
	Part       int64
	Supplier   int64
	AvailQty   int32
	SupplyCost Cents
	Comment    string
}

// AppendText implements Row.
func (p *PartSupp) AppendText(dst []byte) []byte {
	return line{dst}.integer(p.Part).integer(p.Supplier).integer(int64(p.AvailQty)).
		money(p.SupplyCost).text(p.Comment).end()
}

func (p *PartSupp) appendTo(c *columns) {
	c.int64(p.Part)
	c.int64(p.Supplier)
	c.int32(p.AvailQty)
	c.money(p.SupplyCost)
	c.text(p.Comment)
}

// partSupps yields the four suppliers of each part of the range.
func (g *generator) partSupps(first, end int64, yield func(Row) bool) {
	quantity := newStream(1671059989, suppliersPerPart)
	cost := newStream(1051288424, suppliersPerPart)
	comment := newTextStream(1961692154, suppliersPerPart, 124, g.pool)
	streams := []*stream{&quantity, &cost, &comment.stream}
	seekAll(streams, first)

	suppliers := g.sf.rows(supplierBase)
	var row PartSupp
	for part := first + 1; part <= end; part++ {
		for nth := range int64(suppliersPerPart) {
			row = PartSupp{
				Part:       part,
				Supplier:   partSupplier(part, nth, suppliers),
				AvailQty:   int32(quantity.between(1, 9999)),
				SupplyCost: Cents(cost.between(1_00, 1000_00)),
				Comment:    comment.next(),
			}
			if !yield(&row) {
				return
			}
		}
		endRows(streams)
	}
}

// partSupplier is the key of the nth supplier of a part, clause 4.2.3: partsupp
// and lineitem agree on it without a look-up.
func partSupplier(part, nth, suppliers int64) int64 {
	step := suppliers/suppliersPerPart + (part-1)/suppliers
	return (part+nth*step)%suppliers + 1
}
