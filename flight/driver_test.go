package flight_test

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/apache/arrow-go/v18/arrow/flight/flightsql/driver" // registers "flightsql"

	"github.com/skein-query/skein/flight/flighttest"
)

// arrow-go's database/sql driver prepares everything and reads endpoints one by one.
func TestDatabaseSQLDriver(t *testing.T) {
	addr, fake := flighttest.Serve(t, nil)
	db := must[*sql.DB](t)(sql.Open("flightsql", "flightsql://"+addr+"?timeout=10s"))
	defer db.Close()
	rows := must[*sql.Rows](t)(db.QueryContext(t.Context(), "rows 2500"))
	n := 0
	for rows.Next() {
		var key int64
		var name string
		if err := rows.Scan(&key, &name); err != nil || key != int64(n) {
			t.Fatalf("row %d: %d, %v", n, key, err)
		}
		n++
	}
	if err := rows.Err(); n != 2500 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	rows.Close()
	var key int64
	var text string
	var ratio float64
	err := db.QueryRowContext(t.Context(), "echo bigint, text, double precision", int64(7), "x", 0.25).Scan(&key, &text, &ratio)
	if err != nil || key != 7 || text != "x" || ratio != 0.25 {
		t.Errorf("%d %q %v, %v", key, text, ratio, err)
	}
	if _, err := db.ExecContext(t.Context(), "insert", int64(5)); err != nil || strings.Join(fake.Effects(), "") != "insert 5" {
		t.Errorf("%v, %v", fake.Effects(), err)
	}
	if _, err := db.QueryContext(t.Context(), "rowz"); err == nil || !strings.Contains(err.Error(), "[42601]") {
		t.Errorf("got %v", err)
	}
}
