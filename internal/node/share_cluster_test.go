//go:build !race

package node

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/skein-query/skein/flight"
)

func flightClient(t *testing.T, address string) *flightsql.Client {
	t.Helper()
	c, err := flightsql.NewClient(strings.TrimPrefix(address, "grpc://"), nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// fetched reads an endpoint at a server and gives the rows of its first two columns as texts.
func fetched(ctx context.Context, t *testing.T, address string, e *arrowflight.FlightEndpoint, want *arrow.Schema) (rows []string, err error) {
	t.Helper()
	r, err := flightClient(t, address).DoGet(ctx, e.Ticket)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	if !r.Schema().Equal(want) {
		t.Errorf("the stream has %v, announced was %v", r.Schema(), want)
	}
	for r.Next() {
		b := r.RecordBatch()
		for i := range int(b.NumRows()) {
			rows = append(rows, b.Column(0).ValueStr(i)+" "+b.Column(1).ValueStr(i))
		}
	}
	return rows, r.Err()
}

// TestWorkersGiveTheSharesOfAResult has a client fetch its endpoints from the workers that they
// name, each alone and in any order.
func TestWorkersGiveTheSharesOfAResult(t *testing.T) {
	for name, security := range map[string]Security{"everybody": {}, "users": {Users: usersFile(t)}} {
		t.Run(name, func(t *testing.T) {
			s, workers := startCluster(t, Config{Security: security}, 2, tables)
			ctx := metadata.AppendToOutgoingContext(t.Context(), flight.EndpointsHeader, "3")
			c := flightClient(t, s.Addr())
			if security.Users != "" {
				login := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("root:root-secret")))
				stream, err := c.Client.Handshake(login)
				if err != nil {
					t.Fatal(err)
				}
				_ = stream.CloseSend()
				header, err := stream.Header()
				if err != nil {
					t.Fatal(err)
				}
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", header.Get("authorization")[0])
			}
			const sql = "select n + 1 as next, n from numbers where n > 10"
			info, err := c.Execute(ctx, sql)
			if err != nil {
				t.Fatal(err)
			}
			schema, err := arrowflight.DeserializeSchema(info.Schema, memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			addresses := []string{"grpc://" + workers[0].Addr(), "grpc://" + workers[1].Addr()}
			slices.Sort(addresses)
			var got, there []string
			for i, e := range slices.Backward(info.Endpoint) {
				var named []string
				for _, l := range e.Location {
					named = append(named, l.Uri)
				}
				if slices.Sort(named[:2]); len(named) != 3 || !slices.Equal(named[:2], addresses) {
					t.Fatalf("endpoint %d names %v, the workers are %v", i, named, addresses)
				}
				rows, err := fetched(ctx, t, e.Location[0].Uri, e, schema)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, rows...)
				if rows, err = fetched(ctx, t, s.Addr(), e, schema); err != nil { // any node takes it
					t.Fatal(err)
				}
				there = append(there, rows...)
				if security.Users != "" {
					if _, err := fetched(t.Context(), t, e.Location[0].Uri, e, schema); status.Code(err) != codes.Unauthenticated {
						t.Errorf("a ticket without a token gives %v", err)
					}
				}
			}
			whole, err := c.Execute(metadata.NewOutgoingContext(t.Context(), withoutEndpoints(ctx)), sql)
			if err != nil {
				t.Fatal(err)
			}
			want, err := fetched(ctx, t, s.Addr(), whole.Endpoint[0], schema)
			if err != nil {
				t.Fatal(err)
			}
			for _, rows := range [][]string{got, there, want} {
				slices.Sort(rows)
			}
			if !slices.Equal(got, want) || !slices.Equal(there, want) || len(want) != 90 || len(info.Endpoint) != 3 {
				t.Errorf("%d endpoints give %d rows of %d, %d of them at the coordinator", len(info.Endpoint), len(got), len(want), len(there))
			}
			if _, err := fetched(ctx, t, workers[0].Addr(), whole.Endpoint[0], schema); status.Code(err) != codes.Unimplemented {
				t.Errorf("a worker runs a statement: %v", err)
			}
		})
	}
}

func withoutEndpoints(ctx context.Context) metadata.MD {
	md, _ := metadata.FromOutgoingContext(ctx)
	md = md.Copy()
	md.Delete(flight.EndpointsHeader)
	return md
}
