package tpch

// Supplier is a row of the supplier table.
type Supplier struct {
	Key     int64
	Name    string
	Address string
	Nation  int64
	Phone   string
	AcctBal Cents
	Comment string
}

// AppendText implements Row.
func (s *Supplier) AppendText(dst []byte) []byte {
	return line{dst}.integer(s.Key).text(s.Name).text(s.Address).integer(s.Nation).
		text(s.Phone).money(s.AcctBal).text(s.Comment).end()
}

func (s *Supplier) appendTo(c *columns) {
	c.int64(s.Key)
	c.text(s.Name)
	c.text(s.Address)
	c.int64(s.Nation)
	c.text(s.Phone)
	c.money(s.AcctBal)
	c.text(s.Comment)
}

// Account balances of suppliers and customers, in cents.
const (
	minAcctBal = -999_99
	maxAcctBal = 9_999_99
)

func (g *generator) suppliers(first, end int64, yield func(Row) bool) {
	address := newCodeStream(706178559, 25)
	nation := newStream(110356601, 1)
	phone := newPhoneStream(884434366)
	balance := newStream(962338209, 1)
	comment := newTextStream(1341315363, 1, 63, g.pool)
	notice := newNoticeStreams()
	streams := append(notice.all(), &address.stream, &nation, &phone.stream, &balance, &comment.stream)
	seekAll(streams, first)

	var row Supplier
	for i := first; i < end; i++ {
		nationKey := nation.between(0, int64(len(nationList)-1))
		row = Supplier{
			Key:     i + 1,
			Name:    numbered("Supplier", i+1),
			Address: address.next(),
			Nation:  nationKey,
			Phone:   phone.next(nationKey),
			AcctBal: Cents(balance.between(minAcctBal, maxAcctBal)),
			Comment: notice.insert(comment.next()),
		}
		if !yield(&row) {
			return
		}
		endRows(streams)
	}
}

// noticeStreams put "Customer … Complaints" or "Customer … Recommends" into
// the comments of ten suppliers in ten thousand (clause 4.2.3), which query
// 16 looks for.
type noticeStreams struct {
	chosen, gap, offset, kind stream
}

func newNoticeStreams() *noticeStreams {
	return &noticeStreams{
		chosen: newStream(202794285, 1),
		gap:    newStream(263032577, 1),
		offset: newStream(715851524, 1),
		kind:   newStream(753643799, 1),
	}
}

func (n *noticeStreams) all() []*stream {
	return []*stream{&n.chosen, &n.gap, &n.offset, &n.kind}
}

func (n *noticeStreams) insert(comment string) string {
	const (
		perBase          = 10
		complaintPercent = 50
		opening          = "Customer "
		complaints       = "Complaints"
		recommends       = "Recommends"
	)
	if n.chosen.between(1, supplierBase) > perBase {
		return comment
	}
	room := int64(len(comment) - len(opening) - len(complaints))
	gap := n.gap.between(0, room)
	offset := n.offset.between(0, room-gap)
	closing := recommends
	if n.kind.between(0, 100) < complaintPercent {
		closing = complaints
	}
	text := []byte(comment)
	copy(text[offset:], opening)
	copy(text[offset+int64(len(opening))+gap:], closing)
	return string(text)
}

func seekAll(streams []*stream, row int64) {
	for _, s := range streams {
		s.seek(row)
	}
}

func endRows(streams []*stream) {
	for _, s := range streams {
		s.endRow()
	}
}
