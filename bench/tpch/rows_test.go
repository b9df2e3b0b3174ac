package tpch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"
)

var sf1 = flag.Bool("sf1", false, "also check scale factor 1")

func scale(t *testing.T, text string) ScaleFactor {
	t.Helper()
	sf, err := ParseScaleFactor(text)
	if err != nil {
		t.Fatal(err)
	}
	return sf
}

// holdPool keeps the text pool from being collected and made anew between the
// parts of a test.
func holdPool(t *testing.T) {
	pool := sharedPool.get()
	t.Cleanup(func() { _ = pool.text[0] })
}

func TestRowsEqualTheReference(t *testing.T) {
	holdPool(t)
	scales := []string{"0.01"}
	if !testing.Short() {
		scales = append(scales, "0.1")
	}
	if *sf1 {
		scales = append(scales, "1")
	}
	for _, sf := range scales {
		want := hashFile(t, "testdata/sf"+sf+".sha256")
		for _, table := range Tables() {
			t.Run(sf+"/"+string(table), func(t *testing.T) {
				t.Parallel()
				hash := sha256.New()
				if err := WriteText(t.Context(), hash, table, scale(t, sf), 0, 1); err != nil {
					t.Fatal(err)
				}
				if got := hex.EncodeToString(hash.Sum(nil)); got != want[string(table)+".tbl"] {
					t.Errorf("sha256 %s, want %s", got, want[string(table)+".tbl"])
				}
			})
		}
	}
}

// hashFile reads what sha256sum prints, by file name.
func hashFile(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[string]string{}
	for line := range strings.Lines(string(text)) {
		hash, file, _ := strings.Cut(strings.TrimSpace(line), "  ")
		hashes[file] = hash
	}
	return hashes
}

func TestPartsConcatenateToTheWhole(t *testing.T) {
	holdPool(t)
	sf := scale(t, "0.0013")
	for _, table := range Tables() {
		var whole bytes.Buffer
		if err := WriteText(t.Context(), &whole, table, sf, 0, 1); err != nil {
			t.Fatal(err)
		}
		if whole.Len() == 0 {
			t.Fatalf("%s is empty", table)
		}
		for _, parts := range []int{2, 7, 400} {
			var joined bytes.Buffer
			for part := range parts {
				if err := WriteText(t.Context(), &joined, table, sf, part, parts); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(whole.Bytes(), joined.Bytes()) {
				t.Errorf("%s in %d parts differs from the whole", table, parts)
			}
		}
	}
}

// The smallest data sets must still be consistent: every key refers to a row.
func TestForeignKeysHoldAtAnyScale(t *testing.T) {
	holdPool(t)
	for _, text := range []string{"0.000001", "0.0002", "0.003"} {
		sf := scale(t, text)
		suppliers, parts, customers := SupplierTable.units(sf), PartTable.units(sf), CustomerTable.units(sf)
		offers := map[[2]int64]bool{}
		for row := range Rows(PartSuppTable, sf, 0, 1) {
			p := row.(*PartSupp)
			if p.Supplier < 1 || p.Supplier > suppliers || p.Part < 1 || p.Part > parts {
				t.Fatalf("SF %s: partsupp %+v", text, *p)
			}
			offers[[2]int64{p.Part, p.Supplier}] = true
		}
		orders := map[int64]bool{}
		for row := range Rows(OrdersTable, sf, 0, 1) {
			o := row.(*Order)
			if o.Customer < 1 || o.Customer > customers || (customers > 2 && o.Customer%3 == 0) {
				t.Fatalf("SF %s: order %+v of %d customers", text, *o, customers)
			}
			orders[o.Key] = true
		}
		for row := range Rows(LineItemTable, sf, 0, 1) {
			l := row.(*LineItem)
			if !orders[l.Order] || !offers[[2]int64{l.Part, l.Supplier}] {
				t.Fatalf("SF %s: line item %+v", text, *l)
			}
		}
	}
}

func TestScaleFactor(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1", "01.50": "1.5", "0.01": "0.01", ".5": "0.5", "10000": "10000", "3.": "3",
		"0": "", "": "", ".": "", "-1": "", "1e3": "", "10000.1": "", "0.0000000001": "", "1.2.3": "", " 1": "",
	} {
		sf, err := ParseScaleFactor(text)
		if want == "" {
			if err == nil {
				t.Errorf("%q is taken for %s", text, sf)
			}
		} else if err != nil || sf.String() != want {
			t.Errorf("%q gives %q, %v; want %q", text, sf, err, want)
		}
	}
	// 0.29 × 150,000 is 43,499.999… in floating point.
	if got := CustomerTable.units(scale(t, "0.29")); got != 43_500 {
		t.Errorf("0.29 × 150,000 = %d", got)
	}
}

func TestParseTable(t *testing.T) {
	for _, table := range Tables() {
		if got, err := ParseTable(string(table)); err != nil || got != table {
			t.Errorf("%s: %v, %v", table, got, err)
		}
	}
	if _, err := ParseTable("order"); err == nil {
		t.Error("a table that is not there was found")
	}
}
