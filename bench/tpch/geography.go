package tpch

// Region is a row of the region table.
type Region struct {
	Key     int64
	Name    string
	Comment string
}

// AppendText implements Row.
func (r *Region) AppendText(dst []byte) []byte {
	return line{dst}.integer(r.Key).text(r.Name).text(r.Comment).end()
}

func (r *Region) appendTo(c *columns) {
	c.int64(r.Key)
	c.text(r.Name)
	c.text(r.Comment)
}

func (g *generator) regions(first, end int64, yield func(Row) bool) {
	comment := newTextStream(1500869201, 1, 72, g.pool)
	comment.seek(first)
	var row Region
	for i := first; i < end; i++ {
		row = Region{Key: i, Name: regionNames[i], Comment: comment.next()}
		if !yield(&row) {
			return
		}
		comment.endRow()
	}
}

// Nation is a row of the nation table.
type Nation struct {
	Key     int64
	Name    string
	Region  int64
	Comment string
}

// AppendText implements Row.
func (n *Nation) AppendText(dst []byte) []byte {
	return line{dst}.integer(n.Key).text(n.Name).integer(n.Region).text(n.Comment).end()
}

func (n *Nation) appendTo(c *columns) {
	c.int64(n.Key)
	c.text(n.Name)
	c.int64(n.Region)
	c.text(n.Comment)
}

func (g *generator) nations(first, end int64, yield func(Row) bool) {
	comment := newTextStream(606179079, 1, 72, g.pool)
	comment.seek(first)
	var row Nation
	for i := first; i < end; i++ {
		row = Nation{Key: i, Name: nationList[i].name, Region: nationList[i].region, Comment: comment.next()}
		if !yield(&row) {
			return
		}
		comment.endRow()
	}
}
