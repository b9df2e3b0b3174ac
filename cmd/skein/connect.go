package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/skein-query/skein/internal/client"
)

// connection is the flags of commands that speak to a server.
type connection struct{ addr, caFile, certFile, keyFile, user string }

func (c *connection) register(f *pflag.FlagSet) {
	f.StringVar(&c.addr, "addr", "grpc://127.0.0.1:32010", "address of the server: grpc://HOST:PORT or grpc+tls://HOST:PORT")
	f.StringVar(&c.caFile, "tls-ca", "", "PEM file with the authority of the server's certificate (default those that the machine trusts)")
	f.StringVar(&c.certFile, "tls-cert", "", "PEM file with the certificate that the server is shown")
	f.StringVar(&c.keyFile, "tls-key", "", "PEM file with its key")
	f.StringVar(&c.user, "user", "", "user to log in as; the password is SKEIN_PASSWORD, or asked for. SKEIN_TOKEN is a token instead")
}

// open connects to the server. What runs belongs to the span that TRACEPARENT names.
func (c *connection) open(ctx context.Context) (*client.Client, error) {
	login, err := c.login()
	if err != nil {
		return nil, err
	}
	conn, err := client.OpenAs(ctx, c.addr, login)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", c.addr, err)
	}
	conn.Trace(os.Getenv("TRACEPARENT"))
	return conn, nil
}

// login is who the flags and the environment say the user is. No secret is a flag: others
// on the machine see those.
func (c *connection) login() (l client.Login, err error) {
	for _, file := range []struct {
		flag, path string
		text       *string
	}{{"--tls-ca", c.caFile, &l.Authority}, {"--tls-cert", c.certFile, &l.Certificate}, {"--tls-key", c.keyFile, &l.Key}} {
		if file.path == "" {
			continue
		}
		text, err := os.ReadFile(file.path)
		if err != nil {
			return l, fmt.Errorf("%s: %w", file.flag, err)
		}
		*file.text = string(text)
	}
	if (c.certFile == "") != (c.keyFile == "") {
		return l, errors.New("--tls-cert and --tls-key go together")
	}
	if c.user == "" {
		l.Token = os.Getenv("SKEIN_TOKEN")
		return l, nil
	}
	l.User = c.user
	password, given := os.LookupEnv("SKEIN_PASSWORD")
	if !given && term.IsTerminal(int(os.Stdin.Fd())) {
		fmt.Fprintf(os.Stderr, "Password of %s: ", c.user)
		text, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return l, err
		}
		password, given = string(text), true
	}
	if !given {
		return l, errors.New("--user needs a password: set SKEIN_PASSWORD")
	}
	l.Password = password
	return l, nil
}
