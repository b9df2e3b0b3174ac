package tpch

// Customer is a row of the customer table.
type Customer struct {
	Key        int64
	Name       string
	Address    string
	Nation     int64
	Phone      string
	AcctBal    Cents
	MktSegment string
	Comment    string
}

// AppendText implements Row.
func (c *Customer) AppendText(dst []byte) []byte {
	return line{dst}.integer(c.Key).text(c.Name).text(c.Address).integer(c.Nation).
		text(c.Phone).money(c.AcctBal).text(c.MktSegment).text(c.Comment).end()
}

func (c *Customer) appendTo(cols *columns) {
	cols.int64(c.Key)
	cols.text(c.Name)
	cols.text(c.Address)
	cols.int64(c.Nation)
	cols.text(c.Phone)
	cols.money(c.AcctBal)
	cols.text(c.MktSegment)
	cols.text(c.Comment)
}

func (g *generator) customers(first, end int64, yield func(Row) bool) {
	address := newCodeStream(881155353, 25)
	nation := newStream(1489529863, 1)
	phone := newPhoneStream(1521138112)
	balance := newStream(298370230, 1)
	segment := newStream(1140279430, 1)
	comment := newTextStream(1335826707, 1, 73, g.pool)
	streams := []*stream{&address.stream, &nation, &phone.stream, &balance, &segment, &comment.stream}
	seekAll(streams, first)

	var row Customer
	for i := first; i < end; i++ {
		nationKey := nation.between(0, int64(len(nationList)-1))
		row = Customer{
			Key:        i + 1,
			Name:       numbered("Customer", i+1),
			Address:    address.next(),
			Nation:     nationKey,
			Phone:      phone.next(nationKey),
			AcctBal:    Cents(balance.between(minAcctBal, maxAcctBal)),
			MktSegment: segments.pick(&segment),
			Comment:    comment.next(),
		}
		if !yield(&row) {
			return
		}
		endRows(streams)
	}
}
