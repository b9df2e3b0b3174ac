package flight

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/flight"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"google.golang.org/grpc"
)

// register makes a server answer the calls of Flight. Those with one request are
// registered as streams, which are the same on the wire: of a stream the headers come first, and
// who calls is known before any of the request is read.
func register(s *grpc.Server, service flight.FlightServer) {
	desc := pb.FlightService_ServiceDesc
	desc.Methods, desc.Streams = nil, slices.Clone(desc.Streams)
	desc.Streams = append(desc.Streams,
		single("GetFlightInfo", flight.FlightServer.GetFlightInfo),
		single("PollFlightInfo", flight.FlightServer.PollFlightInfo),
		single("GetSchema", flight.FlightServer.GetSchema))
	s.RegisterService(&desc, service)
}

// single is a method with one request and one answer.
func single[In, Out any](name string, call func(flight.FlightServer, context.Context, *In) (*Out, error)) grpc.StreamDesc {
	return grpc.StreamDesc{StreamName: name, Handler: func(service any, stream grpc.ServerStream) error {
		request := new(In)
		if err := stream.RecvMsg(request); err != nil {
			return err
		}
		answer, err := call(service.(flight.FlightServer), stream.Context(), request)
		if err != nil {
			return err
		}
		return stream.SendMsg(answer)
	}}
}
