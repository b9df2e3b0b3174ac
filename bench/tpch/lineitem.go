package tpch

// LineItem is a row of the lineitem table. Quantity is in whole pieces;
// Discount and Tax are in hundredths.
type LineItem struct {
	Order         int64
	Part          int64
	Supplier      int64
	Number        int32
	Quantity      int64
	ExtendedPrice Cents
	Discount      Cents
	Tax           Cents
	ReturnFlag    string
	Status        string
	ShipDate      Date
	CommitDate    Date
	ReceiptDate   Date
	ShipInstruct  string
	ShipMode      string
	Comment       string
}

// AppendText implements Row.
func (l *LineItem) AppendText(dst []byte) []byte {
	return line{dst}.integer(l.Order).integer(l.Part).integer(l.Supplier).integer(int64(l.Number)).
		integer(l.Quantity).money(l.ExtendedPrice).money(l.Discount).money(l.Tax).
		text(l.ReturnFlag).text(l.Status).date(l.ShipDate).date(l.CommitDate).date(l.ReceiptDate).
		text(l.ShipInstruct).text(l.ShipMode).text(l.Comment).end()
}

func (l *LineItem) appendTo(c *columns) {
	c.int64(l.Order)
	c.int64(l.Part)
	c.int64(l.Supplier)
	c.int32(l.Number)
	c.money(Cents(l.Quantity * 100))
	c.money(l.ExtendedPrice)
	c.money(l.Discount)
	c.money(l.Tax)
	c.text(l.ReturnFlag)
	c.text(l.Status)
	c.date(l.ShipDate)
	c.date(l.CommitDate)
	c.date(l.ReceiptDate)
	c.text(l.ShipInstruct)
	c.text(l.ShipMode)
	c.text(l.Comment)
}

// Delivery times in days; commitment counts from the order, receipt from the
// shipment.
const (
	maxShipDays    = 121
	minCommitDays  = 30
	maxCommitDays  = 90
	maxReceiptDays = 30
)

func (p *pricing) shipDate(ordered Date) Date {
	return ordered + Date(p.ship.between(1, maxShipDays))
}

// delivery holds the streams of a line item that do not bear on its order.
type delivery struct {
	supplier, commit, receipt stream
	flag, instruct, mode      stream
	comment                   textStream
}

func newDelivery(pool *textPool) *delivery {
	return &delivery{
		supplier: newStream(2095021727, maxLinesPerOrder),
		commit:   newStream(904914315, maxLinesPerOrder),
		receipt:  newStream(373135028, maxLinesPerOrder),
		flag:     newStream(717419739, maxLinesPerOrder),
		instruct: newStream(1371272478, maxLinesPerOrder),
		mode:     newStream(675466456, maxLinesPerOrder),
		comment:  newTextStream(1095462486, maxLinesPerOrder, 27, pool),
	}
}

func (d *delivery) all() []*stream {
	return []*stream{&d.supplier, &d.commit, &d.receipt, &d.flag, &d.instruct, &d.mode, &d.comment.stream}
}

// lineItems yields the line items of a range of orders.
func (g *generator) lineItems(first, end int64, yield func(Row) bool) {
	lines := newPricing(g.sf)
	rest := newDelivery(g.pool)
	streams := append(lines.all(), rest.all()...)
	seekAll(streams, first)
	suppliers := g.sf.rows(supplierBase)

	var row LineItem
	for i := first; i < end; i++ {
		ordered := lines.orderDate()
		for number := range lines.lineCount() {
			l := lines.next()
			row = LineItem{
				Order:         g.keys.key(i),
				Part:          l.part,
				Supplier:      partSupplier(l.part, rest.supplier.between(0, suppliersPerPart-1), suppliers),
				Number:        int32(number + 1),
				Quantity:      l.quantity,
				ExtendedPrice: l.extended,
				Discount:      Cents(l.discount),
				Tax:           Cents(l.tax),
				ShipDate:      lines.shipDate(ordered),
			}
			rest.fill(&row, ordered)
			if !yield(&row) {
				return
			}
		}
		endRows(streams)
	}
}

// fill completes a row whose ship date is known. The flag is drawn only for
// lines received by the current date, which is why the number of draws per row
// has to be fixed from outside.
func (d *delivery) fill(row *LineItem, ordered Date) {
	row.CommitDate = ordered + Date(d.commit.between(minCommitDays, maxCommitDays))
	row.ReceiptDate = row.ShipDate + Date(d.receipt.between(1, maxReceiptDays))
	row.ReturnFlag, row.Status = "N", "O"
	if row.ReceiptDate <= currentDate {
		row.ReturnFlag = returnFlags.pick(&d.flag)
	}
	if row.ShipDate <= currentDate {
		row.Status = "F"
	}
	row.ShipInstruct = instructions.pick(&d.instruct)
	row.ShipMode = shipModes.pick(&d.mode)
	row.Comment = d.comment.next()
}
