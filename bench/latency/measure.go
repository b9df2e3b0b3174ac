package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// measured is how long statements took.
type measured struct {
	times  []time.Duration
	sorted bool
	wall   time.Duration // zero: they ran one after another
}

func (m *measured) add(d time.Duration) { m.times, m.sorted = append(m.times, d), false }

func (m *measured) quantile(q float64) time.Duration {
	if len(m.times) == 0 {
		return 0
	}
	if !m.sorted {
		slices.Sort(m.times)
		m.sorted = true
	}
	return m.times[min(len(m.times)-1, int(q*float64(len(m.times))))]
}

func (m *measured) rate() string {
	wall := m.wall
	if wall == 0 {
		for _, t := range m.times {
			wall += t
		}
	}
	return strconv.FormatFloat(float64(len(m.times))/max(1e-9, wall.Seconds()), 'f', 0, 64)
}

// statement runs one statement over and over on a connection of its own.
type statement func(ctx context.Context, conn adbc.Connection) (once func() error, err error)

// statements measures a statement by some clients at once, after a first second
// that does not count.
func (c config) statements(ctx context.Context, addr string, clients int, s statement) (measured, error) {
	var all measured
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	begin := time.Now().Add(time.Second)
	end := begin.Add(time.Duration(c.seconds * 1e9))
	for range clients {
		wg.Go(func() { // ends at end
			times, err := c.client(ctx, addr, s, begin, end)
			mu.Lock()
			defer mu.Unlock()
			all.times = append(all.times, times...)
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	all.wall = end.Sub(begin)
	return all, failed
}

func (c config) client(ctx context.Context, addr string, s statement, begin, end time.Time) (times []time.Duration, err error) {
	conn, done, err := connect(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer done()
	once, err := s(ctx, conn)
	for err == nil {
		from := time.Now()
		if err = once(); err != nil {
			break
		}
		to := time.Now()
		if to.After(end) {
			break
		}
		if from.After(begin) {
			times = append(times, to.Sub(from))
		}
	}
	return times, err
}

func connect(ctx context.Context, addr string) (conn adbc.Connection, done func(), err error) {
	db, err := flightsql.NewDriver(memory.DefaultAllocator).NewDatabase(map[string]string{adbc.OptionKeyURI: addr})
	if err != nil {
		return nil, nil, err
	}
	if conn, err = db.Open(ctx); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return conn, func() { _ = errors.Join(conn.Close(), db.Close()) }, nil // the numbers are taken
}

// selectOne is the smallest statement.
func selectOne(ctx context.Context, conn adbc.Connection) (func() error, error) {
	return func() error {
		st, err := conn.NewStatement()
		if err != nil {
			return err
		}
		defer st.Close()
		if err := st.SetSqlQuery("select 1"); err != nil {
			return err
		}
		return rows(ctx, st, 1)
	}, nil
}

// point is the point query with a random key, prepared once.
func point(ctx context.Context, conn adbc.Connection) (func() error, error) {
	st, err := conn.NewStatement()
	if err != nil {
		return nil, err
	}
	if err := st.SetSqlQuery(pointQuery); err != nil {
		return nil, err
	}
	if err := st.Prepare(ctx); err != nil {
		return nil, err
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "0", Type: arrow.PrimitiveTypes.Int64}}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	return func() error {
		builder.Field(0).(*array.Int64Builder).Append(1 + rand.Int64N(customers))
		key := builder.NewRecordBatch()
		defer key.Release()
		if err := st.Bind(ctx, key); err != nil {
			return err
		}
		return rows(ctx, st, 1)
	}, nil
}

// firstBatch begins a scan, waits for its first rows and leaves.
func firstBatch(_ context.Context, conn adbc.Connection) (func() error, error) {
	return func() error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		st, err := conn.NewStatement()
		if err != nil {
			return err
		}
		defer st.Close()
		if err := st.SetSqlQuery("select * from lineitem"); err != nil {
			return err
		}
		r, _, err := st.ExecuteQuery(ctx)
		if err != nil {
			return err
		}
		defer r.Release()
		if !r.Next() {
			return errors.Join(errors.New("no rows"), r.Err())
		}
		return nil
	}, nil
}

// wideResult reads the numeric columns of lineitem and gives the millions of bytes a
// second of their values: what decoding the files, the network's form and the client take
// together.
func wideResult(ctx context.Context, addr string) (float64, error) {
	conn, done, err := connect(ctx, addr)
	if err != nil {
		return 0, err
	}
	defer done()
	st, err := conn.NewStatement()
	if err != nil {
		return 0, err
	}
	defer st.Close()
	if err := st.SetSqlQuery("select l_orderkey, l_partkey, l_suppkey, l_linenumber, l_quantity, l_extendedprice, l_discount, l_tax from lineitem"); err != nil {
		return 0, err
	}
	begin, bytes := time.Now(), 0
	r, _, err := st.ExecuteQuery(ctx)
	if err != nil {
		return 0, err
	}
	defer r.Release()
	for r.Next() {
		for _, column := range r.RecordBatch().Columns() {
			bytes += column.Len() * column.DataType().(arrow.FixedWidthDataType).BitWidth() / 8
		}
	}
	return float64(bytes) / 1e6 / time.Since(begin).Seconds(), r.Err()
}

// rows executes a statement and reads its result, which must have so many rows.
func rows(ctx context.Context, st adbc.Statement, want int64) error {
	r, _, err := st.ExecuteQuery(ctx)
	if err != nil {
		return err
	}
	defer r.Release()
	n := int64(0)
	for r.Next() {
		n += r.RecordBatch().NumRows()
	}
	if err := r.Err(); err != nil {
		return err
	}
	if n != want {
		return fmt.Errorf("%d rows instead of %d", n, want)
	}
	return nil
}

// plans is how many times planning is measured.
const plans = 30

// planning measures what EXPLAIN ANALYZE says of its planning.
func planning(ctx context.Context, addr string, text func() string) (measured, error) {
	var m measured
	conn, done, err := connect(ctx, addr)
	if err != nil {
		return m, err
	}
	defer done()
	for range plans {
		took, err := explained(ctx, conn, text())
		if err != nil {
			return m, err
		}
		m.add(took)
	}
	return m, nil
}

func explained(ctx context.Context, conn adbc.Connection, text string) (time.Duration, error) {
	st, err := conn.NewStatement()
	if err != nil {
		return 0, err
	}
	defer st.Close()
	if err := st.SetSqlQuery(text); err != nil {
		return 0, err
	}
	r, _, err := st.ExecuteQuery(ctx)
	if err != nil {
		return 0, err
	}
	defer r.Release()
	took := time.Duration(-1)
	for r.Next() {
		lines := r.RecordBatch().Column(0).(array.StringLike)
		for i := range lines.Len() {
			if found := planningLine.FindStringSubmatch(lines.Value(i)); found != nil {
				ms, _ := strconv.ParseFloat(found[1], 64) // the pattern has digits only
				took = time.Duration(ms * 1e6)
			}
		}
	}
	if took < 0 && r.Err() == nil {
		return 0, errors.New("EXPLAIN ANALYZE says nothing of planning")
	}
	return took, r.Err()
}
