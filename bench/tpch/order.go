package tpch

// Order is a row of the orders table.
type Order struct {
	Key          int64
	Customer     int64
	Status       string
	TotalPrice   Cents
	Date         Date
	Priority     string
	Clerk        string
	ShipPriority int32
	Comment      string
}

// AppendText implements Row.
func (o *Order) AppendText(dst []byte) []byte {
	return line{dst}.integer(o.Key).integer(o.Customer).text(o.Status).money(o.TotalPrice).date(o.Date).
		text(o.Priority).text(o.Clerk).integer(int64(o.ShipPriority)).text(o.Comment).end()
}

func (o *Order) appendTo(c *columns) {
	c.int64(o.Key)
	c.int64(o.Customer)
	c.text(o.Status)
	c.money(o.TotalPrice)
	c.date(o.Date)
	c.text(o.Priority)
	c.text(o.Clerk)
	c.int32(o.ShipPriority)
	c.text(o.Comment)
}

// Order keys are sparse (clause 4.2.3): of every 32 keys the base data uses the
// first eight, and each refresh generation the next eight.
const (
	sparseRun   = 8
	sparseSlots = 4
)

// sparseKey is the key of the order at a 1-based position.
func sparseKey(position, slot int64) int64 {
	return (position/sparseRun*sparseSlots+slot)*sparseRun + position%sparseRun
}

// orderKeys numbers the orders that a generator makes. Base data and refresh
// streams differ in nothing else.
type orderKeys struct {
	slot  int64 // of sparseKey
	shift int64 // position of the first row of the random streams
}

func (k orderKeys) key(row int64) int64 { return sparseKey(row+1-k.shift, k.slot) }

// pricing holds the streams that decide an order's total and status: they are
// those of the line items, read by both tables.
type pricing struct {
	date, lines             stream
	quantity, discount, tax stream
	ship, part              stream
	parts                   int64 // rows of the part table
}

func newPricing(sf ScaleFactor) *pricing {
	return &pricing{
		date:     newStream(1066728069, 1),
		lines:    newStream(1434868289, 1),
		quantity: newStream(209208115, maxLinesPerOrder),
		discount: newStream(554590007, maxLinesPerOrder),
		tax:      newStream(721958466, maxLinesPerOrder),
		ship:     newStream(1769349045, maxLinesPerOrder),
		part:     newStream(1808217256, maxLinesPerOrder),
		parts:    sf.rows(partBase),
	}
}

func (p *pricing) all() []*stream {
	return []*stream{&p.date, &p.lines, &p.quantity, &p.discount, &p.tax, &p.ship, &p.part}
}

// orderDate leaves room for the last line to be shipped and received within the
// seven years.
func (p *pricing) orderDate() Date {
	const longestDelivery = maxShipDays + maxReceiptDays
	return firstDate + Date(p.date.between(0, int64(lastDate-firstDate)-longestDelivery))
}

func (p *pricing) lineCount() int64 { return p.lines.between(1, maxLinesPerOrder) }

// price is the part of a line item that its order depends on.
type price struct {
	quantity, discount, tax, part int64
	extended                      Cents
}

func (p *pricing) next() price {
	l := price{
		quantity: p.quantity.between(1, 50),
		discount: p.discount.between(0, 10),
		tax:      p.tax.between(0, 8),
		part:     p.part.between(1, p.parts),
	}
	l.extended = retailPrice(l.part) * Cents(l.quantity)
	return l
}

// total is what the customer pays; the reference cuts off fractions of a cent
// after the discount and again after the tax.
func (l price) total() Cents {
	return l.extended * Cents(100-l.discount) / 100 * Cents(100+l.tax) / 100
}

// customerStream draws a customer that places orders: a third of them, those
// whose key divides by three, never do.
type customerStream struct {
	stream
	customers int64
}

func (s *customerStream) next() int64 {
	const mortality = 3
	key := s.between(1, s.customers)
	for delta := int64(1); key%mortality == 0; delta = -delta {
		key = min(key+delta, s.customers)
	}
	return key
}

func (g *generator) orders(first, end int64, yield func(Row) bool) {
	lines := newPricing(g.sf)
	customer := customerStream{newStream(851767375, 1), g.sf.rows(customerBase)}
	priority := newStream(591449447, 1)
	clerk := newStream(1171034773, 1)
	comment := newTextStream(276090261, 1, 49, g.pool)
	streams := append(lines.all(), &customer.stream, &priority, &clerk, &comment.stream)
	seekAll(streams, first)
	clerks := max(clerkBase, g.sf.times(clerkBase))

	var row Order
	for i := first; i < end; i++ {
		row = Order{
			Key:      g.keys.key(i),
			Customer: customer.next(),
			Date:     lines.orderDate(),
			Priority: priorities.pick(&priority),
			Clerk:    numbered("Clerk", clerk.between(1, clerks)),
			Comment:  comment.next(),
		}
		row.TotalPrice, row.Status = lines.summary(row.Date)
		if !yield(&row) {
			return
		}
		endRows(streams)
	}
}

// summary gives an order's total, and F when all of its lines are shipped, O
// when none is, P otherwise.
func (p *pricing) summary(ordered Date) (total Cents, status string) {
	count, shipped := p.lineCount(), int64(0)
	for range count {
		total += p.next().total()
		if p.shipDate(ordered) <= currentDate {
			shipped++
		}
	}
	switch shipped {
	case count:
		return total, "F"
	case 0:
		return total, "O"
	default:
		return total, "P"
	}
}
