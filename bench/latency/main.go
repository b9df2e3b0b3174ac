package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// pointQuery reads one row by its key.
const pointQuery = "select c_name, c_acctbal from customer where c_custkey = ?"

// customers is how many there are at scale factor 1.
const customers = 150_000

// query6 has a place for a comment, which makes its text a new one.
const query6 = `explain analyze %sselect sum(l_extendedprice * l_discount) as revenue from lineitem
	where l_shipdate >= date '1994-01-01' and l_shipdate < date '1994-01-01' + interval '1' year
	and l_discount between 0.06 - 0.01 and 0.06 + 0.01 and l_quantity < 24`

type config struct {
	skein, tables, python string
	addr                  string
	seconds               float64
	clients               int
}

func main() {
	var c config
	flag.StringVar(&c.skein, "skein", "bin/skein", "the server's binary")
	flag.StringVar(&c.tables, "tables", "data/peers/sf1", "folder of TPC-H's Parquet files")
	flag.StringVar(&c.python, "python", "data/venv/bin/python", "a Python with adbc_driver_flightsql and pyarrow")
	flag.StringVar(&c.addr, "addr", "", "grpc://HOST:PORT of a server that runs over the same tables; empty starts one")
	flag.Float64Var(&c.seconds, "seconds", 3, "how long each row is measured")
	flag.IntVar(&c.clients, "clients", 64, "concurrent clients of the point query")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "latency:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c config) error {
	if c.addr == "" {
		s, err := startServer(ctx, c.skein, c.tables)
		if err != nil {
			return err
		}
		defer s.stop()
		c.addr = s.addr
	}
	const format = "%-44s %10s %10s %10s %12s\n"
	fmt.Printf(format, "", "count", "p50 ms", "p99 ms", "per second")
	print := func(what string, m measured, err error) {
		if err != nil {
			fmt.Printf("%-44s %s\n", what, err)
			return
		}
		fmt.Printf(format, what, strconv.Itoa(len(m.times)), millis(m.quantile(0.5)), millis(m.quantile(0.99)), m.rate())
	}
	python(ctx, c, c.addr, print)
	m, err := c.statements(ctx, c.addr, 1, selectOne)
	print("Go: select 1, a new statement each time", m, err)
	m, err = c.statements(ctx, c.addr, 1, point)
	print("Go: point query, prepared, 1 client", m, err)
	m, err = c.statements(ctx, c.addr, c.clients, point)
	print(fmt.Sprintf("Go: point query, prepared, %d clients", c.clients), m, err)
	m, err = c.statements(ctx, c.addr, 1, firstBatch)
	print("Go: first batch of a scan of lineitem", m, err)
	rate, err := wideResult(ctx, c.addr)
	if err != nil {
		fmt.Printf("%-44s %s\n", "Go: numeric columns of lineitem", err)
	} else {
		fmt.Printf("%-44s %40.0f MB/s\n", "Go: numeric columns of lineitem", rate)
	}
	n := 0
	m, err = planning(ctx, c.addr, func() string { n++; return fmt.Sprintf(query6, fmt.Sprintf("/* %d */ ", n)) })
	print("planning of TPC-H Q6, a new text", m, err)
	m, err = planning(ctx, c.addr, func() string { return fmt.Sprintf(query6, "") })
	print("planning of TPC-H Q6, the same text", m, err)
	return ctx.Err()
}

func millis(d time.Duration) string { return strconv.FormatFloat(float64(d)/1e6, 'f', 3, 64) }

// python runs select_one.py, whose lines are a name and the seconds of every run.
func python(ctx context.Context, c config, addr string, print func(string, measured, error)) {
	out, err := exec.CommandContext(ctx, c.python, "-B", "bench/latency/select_one.py", addr, fmt.Sprint(c.seconds)).Output()
	if err != nil {
		print("Python: select 1", measured{}, fmt.Errorf("not measured: %w", err))
		return
	}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		name, numbers, _ := strings.Cut(lines.Text(), "\t")
		m := measured{}
		for word := range strings.FieldsSeq(numbers) {
			seconds, _ := strconv.ParseFloat(word, 64) // the script writes numbers only
			m.add(time.Duration(seconds * 1e9))
		}
		print("Python: "+name, m, nil)
	}
}

// planningLine is where EXPLAIN ANALYZE says how long planning took.
var planningLine = regexp.MustCompile(`Planning: ([0-9.]+) ms`)
