package tpch

import (
	"strconv"
	"time"
)

// Row is a row of one of the eight tables: *Region, *Nation, *Supplier,
// *Customer, *Part, *PartSupp, *Order or *LineItem.
type Row interface {
	// AppendText appends the reference generator's line for the row: every
	// field followed by '|', then a line feed.
	AppendText(dst []byte) []byte
	// appendTo appends the fields to the columns in the order of the schema.
	appendTo(c *columns)
}

// Cents is an amount of DECIMAL(15,2), in hundredths.
type Cents int64

// AppendText appends the amount with two decimals.
func (c Cents) AppendText(dst []byte) []byte {
	if c < 0 {
		dst = append(dst, '-')
		c = -c
	}
	dst = strconv.AppendInt(dst, int64(c)/100, 10)
	dst = append(dst, '.')
	return appendPadded(dst, int64(c)%100, 2)
}

// Date is a day, counted from 1970-01-01.
type Date int32

const (
	firstDate   Date = 8035             // 1992-01-01, the first order date
	currentDate Date = firstDate + 1263 // 1995-06-17, what the benchmark takes for today
	lastDate    Date = firstDate + 2556 // 1998-12-31
)

// AppendText appends the date as yyyy-mm-dd.
func (d Date) AppendText(dst []byte) []byte {
	const secondsPerDay = 86_400
	year, month, day := time.Unix(int64(d)*secondsPerDay, 0).UTC().Date()
	dst = appendPadded(dst, int64(year), 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, int64(month), 2)
	dst = append(dst, '-')
	return appendPadded(dst, int64(day), 2)
}

func appendPadded(dst []byte, n int64, width int) []byte {
	var digits [20]byte
	i := len(digits)
	for n > 0 || width > 0 {
		i--
		digits[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, digits[i:]...)
}

// line builds the text form of a row, one field after the other.
type line struct{ dst []byte }

func (l line) integer(n int64) line { return line{append(strconv.AppendInt(l.dst, n, 10), '|')} }
func (l line) text(s string) line   { return line{append(append(l.dst, s...), '|')} }
func (l line) money(c Cents) line   { return line{append(c.AppendText(l.dst), '|')} }
func (l line) date(d Date) line     { return line{append(d.AppendText(l.dst), '|')} }
func (l line) end() []byte          { return append(l.dst, '\n') }

// numbered makes names such as Customer#000000042.
func numbered(prefix string, n int64) string {
	const digits = 9
	name := make([]byte, 0, len(prefix)+1+digits)
	name = append(append(name, prefix...), '#')
	return string(appendPadded(name, n, digits))
}
