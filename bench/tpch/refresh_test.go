package tpch

import (
	"crypto/sha256"
	"fmt"
	"io"
	"testing"
)

func TestRefreshEqualsTheReference(t *testing.T) {
	holdPool(t)
	want := hashFile(t, "testdata/refresh.sha256")
	for pair := 1; pair <= 2; pair++ {
		refresh, err := Refresh(scale(t, "1"), pair)
		if err != nil {
			t.Fatal(err)
		}
		for name, write := range map[string]func(io.Writer) error{
			"orders":   func(w io.Writer) error { return writeRows(t.Context(), w, refresh.Orders()) },
			"lineitem": func(w io.Writer) error { return writeRows(t.Context(), w, refresh.LineItems()) },
			"delete": func(w io.Writer) error {
				for key := range refresh.Deletes() {
					fmt.Fprintln(w, key)
				}
				return nil
			},
		} {
			hash := sha256.New()
			if err := write(hash); err != nil {
				t.Fatal(err)
			}
			file := fmt.Sprintf("%s.u%d", name, pair)
			if got := fmt.Sprintf("%x", hash.Sum(nil)); got != want[file] {
				t.Errorf("%s: sha256 %s, want %s", file, got, want[file])
			}
		}
	}
}

// Runs pairs against a model of the order keys: an insert must be new, a delete
// must hit.
func TestRefreshPairsFollowTheSpecification(t *testing.T) {
	holdPool(t)
	sf := scale(t, "0.002")
	const perPair = 3
	customers, suppliers := CustomerTable.units(sf), SupplierTable.units(sf)
	orders := map[int64]bool{}
	for row := range Rows(OrdersTable, sf, 0, 1) {
		orders[row.(*Order).Key] = true
	}
	base := len(orders)
	offers := map[[2]int64]bool{}
	for row := range Rows(PartSuppTable, sf, 0, 1) {
		p := row.(*PartSupp)
		offers[[2]int64{p.Part, p.Supplier}] = true
	}
	for pair := 1; pair <= pairsPerGeneration+100; pair++ {
		refresh, err := Refresh(sf, pair)
		if err != nil {
			t.Fatal(err)
		}
		lines := map[int64][]LineItem{}
		for row := range refresh.LineItems() {
			l := row.(*LineItem)
			lines[l.Order] = append(lines[l.Order], *l)
			if !offers[[2]int64{l.Part, l.Supplier}] || l.Supplier > suppliers {
				t.Fatalf("pair %d: line item %+v", pair, *l)
			}
		}
		inserted := 0
		for row := range refresh.Orders() {
			o := row.(*Order)
			if orders[o.Key] || o.Customer < 1 || o.Customer > customers || !totalOf(o, lines[o.Key]) {
				t.Fatalf("pair %d: order %+v with lines %+v", pair, *o, lines[o.Key])
			}
			orders[o.Key] = true
			delete(lines, o.Key)
			inserted++
		}
		if inserted != perPair || len(lines) > 0 {
			t.Fatalf("pair %d: %d orders, %d with lines only", pair, inserted, len(lines))
		}
		deleted := 0
		for key := range refresh.Deletes() {
			if !orders[key] {
				t.Fatalf("pair %d: deletes %d, which is not there", pair, key)
			}
			delete(orders, key)
			deleted++
		}
		if deleted != perPair || len(orders) != base {
			t.Fatalf("pair %d: %d deleted, %d orders left of %d", pair, deleted, len(orders), base)
		}
	}
}

// totalOf says whether an order's total and status are those of its lines.
func totalOf(o *Order, lines []LineItem) bool {
	var total Cents
	statuses := map[string]bool{}
	for i, l := range lines {
		total += l.ExtendedPrice * (100 - l.Discount) / 100 * (100 + l.Tax) / 100
		statuses[l.Status] = true
		if l.Number != int32(i+1) {
			return false
		}
	}
	status := "P"
	if len(statuses) == 1 {
		status = lines[0].Status
	}
	return total == o.TotalPrice && status == o.Status
}

func TestRefreshRefusesWhatHasNoKeys(t *testing.T) {
	for _, c := range []struct {
		sf   string
		pair int
	}{{"1", 0}, {"1", refreshPairs + 1}, {"0.0001", 1}} {
		if _, err := Refresh(scale(t, c.sf), c.pair); err == nil {
			t.Errorf("pair %d at scale factor %s: accepted", c.pair, c.sf)
		}
	}
}
