package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"

	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"

	"github.com/skein-query/skein/flight"
)

func main() {
	scenario := flag.String("scenario", "", "the scenario that the client will run")
	flag.Parse()
	if err := run(*scenario); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(scenario string) error {
	e := &engine{}
	server := flight.New(flight.Config{Statements: e, Catalog: e, Sessions: e, Ingest: e, About: flight.About{Version: "conformance"}})
	behind, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = server.Serve(behind) }() // both end with the process
	r, err := newRelay(behind.Addr().String(), scenario)
	if err != nil {
		return err
	}
	front := grpc.NewServer()
	arrowflight.RegisterFlightServiceServer(front, r)
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = front.Serve(lis) }()
	fmt.Println("ready", lis.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
