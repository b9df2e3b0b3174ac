package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/skein-query/skein/internal/client"
)

// connection is the flags of commands that speak to a server.
type connection struct{ addr, caFile string }

func (c *connection) register(f *pflag.FlagSet) {
	f.StringVar(&c.addr, "addr", "grpc://127.0.0.1:32010", "address of the server: grpc://HOST:PORT or grpc+tls://HOST:PORT")
	f.StringVar(&c.caFile, "tls-ca", "", "PEM file with the authority of the server's certificate (default those that the machine trusts)")
}

// open connects to the server. What runs belongs to the span that TRACEPARENT names.
func (c *connection) open(ctx context.Context) (*client.Client, error) {
	authority := ""
	if c.caFile != "" {
		text, err := os.ReadFile(c.caFile)
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		authority = string(text)
	}
	conn, err := client.OpenTLS(ctx, c.addr, authority)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", c.addr, err)
	}
	conn.Trace(os.Getenv("TRACEPARENT"))
	return conn, nil
}
