package flight

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/skein-query/skein/internal/sqlerr"
)

// service is the Flight service in front of arrow-go's dispatch of Flight SQL
// commands: it does itself what that dispatch does not do well.
type service struct {
	flight.FlightServer
	server *Server
}

// DoGet streams the results of statements from the goroutine of the call. The
// dispatch would take them from a channel, which needs a producer that outlives
// the call when the client goes.
func (s *service) DoGet(request *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	if refused, ok := stream.Context().Value(refusedKey{}).(error); ok {
		return s.server.confirm(refused, request, stream)
	}
	var command anypb.Any
	if err := proto.Unmarshal(request.GetTicket(), &command); err != nil {
		return sqlerr.New(sqlerr.InvalidTicket, "the ticket cannot be read: %v", err)
	}
	message, err := command.UnmarshalNew()
	if err != nil {
		return sqlerr.New(sqlerr.InvalidTicket, "the ticket cannot be read: %v", err)
	}
	switch message := message.(type) {
	case *pb.TicketStatementQuery:
		return s.server.fetchTicket(message.GetStatementHandle(), stream)
	case *pb.CommandPreparedStatementQuery:
		return s.server.fetchPrepared(message.GetPreparedStatementHandle(), stream)
	}
	return s.FlightServer.DoGet(request, stream)
}

// PollFlightInfo goes on with a query that was begun by one, or begins it.
func (s *service) PollFlightInfo(ctx context.Context, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	if handle, ok := pollHandle(desc); ok {
		return s.server.pollAgain(ctx, handle)
	}
	return s.FlightServer.PollFlightInfo(ctx, desc)
}

// DoPut refuses a first message without a command, on which the dispatch panics.
func (s *service) DoPut(stream flight.FlightService_DoPutServer) error {
	first, err := stream.Recv()
	if errors.Is(err, io.EOF) || err == nil && len(first.GetFlightDescriptor().GetCmd()) == 0 {
		return sqlerr.New(protocolViolation, "the first message of DoPut has no command")
	}
	if err != nil {
		return err
	}
	return s.FlightServer.DoPut(&replayed{FlightService_DoPutServer: stream, first: first})
}

// replayed gives the message that was read ahead first.
type replayed struct {
	flight.FlightService_DoPutServer
	first *flight.FlightData
}

func (r *replayed) Recv() (*flight.FlightData, error) {
	if first := r.first; first != nil {
		r.first = nil
		return first, nil
	}
	return r.FlightService_DoPutServer.Recv()
}

// ListActions lists the session actions too, which the dispatch leaves out.
func (s *service) ListActions(_ *flight.Empty, stream flight.FlightService_ListActionsServer) error {
	actions := [...][2]string{
		{flightsql.CreatePreparedStatementActionType, "prepare a statement"},
		{flightsql.ClosePreparedStatementActionType, "forget a prepared statement"},
		{flight.CancelFlightInfoActionType, "cancel a running query"},
		{flightsql.CancelQueryActionType, "cancel a running query (deprecated form)"},
		{flight.RenewFlightEndpointActionType, "extend the time a started query waits for its reader"},
		{flight.SetSessionOptionsActionType, "set options of the session"},
		{flight.GetSessionOptionsActionType, "the options of the session"},
		{flight.CloseSessionActionType, "end the session"},
	}
	for _, a := range actions {
		if err := stream.Send(&flight.ActionType{Type: a[0], Description: a[1]}); err != nil {
			return err
		}
	}
	return nil
}

// Handshake answers a login: see Server.handshake.
func (s *service) Handshake(stream flight.FlightService_HandshakeServer) error {
	reply, err := s.server.handshake(stream.Context())
	if err != nil || reply == nil {
		return err
	}
	stream.SetTrailer(reply)
	return stream.SendHeader(reply)
}
