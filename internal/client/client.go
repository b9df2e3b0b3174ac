package client

import (
	"context"
	"errors"
	"strings"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Client is a connection to a server and its session. Its methods may be called
// concurrently.
type Client struct {
	db          adbc.Database
	conn        adbc.Connection
	traceparent string
}

// maxMessageBytes is the largest message taken: a row may be larger than what the
// server cuts its batches to.
const maxMessageBytes = "268435456"

// Login is how a client shows the server who it is, and whom it trusts to be the server.
// The zero value shows nothing.
type Login struct {
	User, Password string
	Token          string // instead of these
	Authority      string // of the server's certificate, PEM; empty: those that the machine trusts
	// Certificate and Key, in PEM form, are shown to servers that ask for one.
	Certificate, Key string
}

// Open connects to addr: grpc://HOST:PORT, grpc+tls://HOST:PORT or HOST:PORT.
func Open(ctx context.Context, addr string) (*Client, error) { return OpenAs(ctx, addr, Login{}) }

// OpenTLS is Open that trusts the certificates in authority, in PEM form; empty: those
// that the machine trusts.
func OpenTLS(ctx context.Context, addr, authority string) (*Client, error) {
	return OpenAs(ctx, addr, Login{Authority: authority})
}

// OpenAs is Open with a login.
func OpenAs(ctx context.Context, addr string, l Login) (*Client, error) {
	if !strings.Contains(addr, "://") {
		addr = "grpc://" + addr
	}
	options := map[string]string{
		adbc.OptionKeyURI:                addr,
		flightsql.OptionWithMaxMsgSize:   maxMessageBytes,
		flightsql.OptionCookieMiddleware: adbc.OptionValueEnabled,
	}
	set := func(key, value string) {
		if value != "" {
			options[key] = value
		}
	}
	set(flightsql.OptionSSLRootCerts, l.Authority)
	set(flightsql.OptionMTLSCertChain, l.Certificate)
	set(flightsql.OptionMTLSPrivateKey, l.Key)
	if l.Token != "" {
		options[flightsql.OptionAuthorizationHeader] = "Bearer " + l.Token
	} else if l.User != "" {
		options[adbc.OptionKeyUsername], options[adbc.OptionKeyPassword] = l.User, l.Password
	}
	db, err := flightsql.NewDriver(memory.DefaultAllocator).NewDatabase(options)
	if err != nil {
		return nil, fromADBC(err)
	}
	conn, err := db.Open(ctx)
	if err != nil {
		return nil, errors.Join(fromADBC(err), db.Close())
	}
	return &Client{db: db, conn: conn}, nil
}

// Trace has the statements to come belong to a span of the caller's, by its W3C
// traceparent; empty: to none. It is called while no statement runs.
func (c *Client) Trace(traceparent string) { c.traceparent = traceparent }

// Close ends the session and the connection.
func (c *Client) Close() error { return errors.Join(c.conn.Close(), c.db.Close()) }

// Query runs a statement of any kind. Rows of an update have no columns.
func (c *Client) Query(ctx context.Context, sql string) (*Rows, error) {
	return c.QueryWith(ctx, sql, nil)
}

// QueryWith runs a prepared statement once for each row of params, which has a
// column for each parameter and stays the caller's. Nil params prepare nothing.
func (c *Client) QueryWith(ctx context.Context, sql string, params arrow.RecordBatch) (*Rows, error) {
	return c.run(ctx, func(s adbc.Statement) error { return s.SetSqlQuery(sql) }, params)
}

// QueryPlan runs a Substrait plan, in protobuf or JSON.
func (c *Client) QueryPlan(ctx context.Context, plan []byte) (*Rows, error) {
	return c.run(ctx, func(s adbc.Statement) error { return s.SetSubstraitPlan(plan) }, nil)
}

func (c *Client) run(ctx context.Context, set func(adbc.Statement) error, params arrow.RecordBatch) (*Rows, error) {
	ctx, cancel := context.WithCancel(ctx)
	rows, err := c.query(ctx, set, params)
	if err != nil {
		cancel()
		return nil, fromADBC(err)
	}
	rows.cancel = cancel
	return rows, nil
}

func (c *Client) query(ctx context.Context, set func(adbc.Statement) error, params arrow.RecordBatch) (*Rows, error) {
	statement, err := c.conn.NewStatement()
	if err != nil {
		return nil, err
	}
	rows := &Rows{statement: statement}
	if c.traceparent != "" {
		err = statement.SetOption(flightsql.OptionRPCCallHeaderPrefix+"traceparent", c.traceparent)
	}
	if err == nil {
		err = set(statement)
	}
	if err == nil && params != nil {
		if err = statement.Prepare(ctx); err == nil {
			err = statement.Bind(ctx, params)
		}
	}
	if err == nil {
		rows.reader, rows.affected, err = statement.ExecuteQuery(ctx)
	}
	if err != nil {
		_ = statement.Close() // the first error is the one that says something
		return nil, err
	}
	return rows, nil
}

// Exec runs a statement to its end for its effect and gives the number of rows it
// changed, or -1.
func (c *Client) Exec(ctx context.Context, sql string) (int64, error) {
	rows, err := c.Query(ctx, sql)
	if err != nil {
		return -1, err
	}
	for batch, err := range rows.Batches() {
		if err != nil {
			return -1, errors.Join(err, rows.Close())
		}
		batch.Release()
	}
	return rows.Affected(), rows.Close()
}
