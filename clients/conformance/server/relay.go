package main

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// relay hands every call on to the server, with its headers, and the answer back.
type relay struct {
	flight.BaseFlightServer
	behind   pb.FlightServiceClient
	scenario string
}

func newRelay(addr, scenario string) (*relay, error) {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	return &relay{behind: pb.NewFlightServiceClient(conn), scenario: scenario}, nil
}

// onward is the context of a call to the server, with the client's headers.
func onward(ctx context.Context) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	return metadata.NewOutgoingContext(ctx, md)
}

// inSQL makes a Flight SQL statement of a command that is none.
func inSQL(desc *flight.FlightDescriptor) *flight.FlightDescriptor {
	var command anypb.Any
	if proto.Unmarshal(desc.GetCmd(), &command) == nil && command.GetTypeUrl() != "" {
		return desc
	}
	if command.MarshalFrom(&pb.CommandStatementQuery{Query: string(desc.GetCmd())}) != nil {
		return desc
	}
	raw, err := proto.Marshal(&command)
	if err != nil {
		return desc
	}
	return &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: raw}
}

// asCompared is a schema with the column metadata that scenarios compare.
func asCompared(raw []byte) []byte {
	schema, err := flight.DeserializeSchema(raw, memory.DefaultAllocator)
	if err != nil {
		return raw
	}
	return flight.SerializeSchema(decorate(schema), memory.DefaultAllocator)
}

func decorate(schema *arrow.Schema) *arrow.Schema {
	fields := schema.Fields()
	for i := range fields {
		switch fields[i].Name {
		case "id":
			fields[i].Metadata = flightsql.NewColumnMetadataBuilder().TableName("test").IsAutoIncrement(true).IsCaseSensitive(false).
				TypeName("type_test").SchemaName("schema_test").IsSearchable(true).CatalogName("catalog_test").Precision(100).
				Remarks("test column").Metadata()
		case "number":
			fields[i] = arrow.Field{Name: "number", Type: fields[i].Type}
		}
	}
	return arrow.NewSchema(fields, nil)
}

// GetFlightInfo asks the server.
func (r *relay) GetFlightInfo(ctx context.Context, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	var header metadata.MD
	info, err := r.behind.GetFlightInfo(onward(ctx), inSQL(desc), grpc.Header(&header))
	return info, errors.Join(err, grpc.SetHeader(ctx, header))
}

// GetSchema asks the server.
func (r *relay) GetSchema(ctx context.Context, desc *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	result, err := r.behind.GetSchema(onward(ctx), inSQL(desc))
	if err != nil {
		return nil, err
	}
	return &flight.SchemaResult{Schema: asCompared(result.Schema)}, nil
}

// PollFlightInfo asks the server.
func (r *relay) PollFlightInfo(ctx context.Context, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	return r.behind.PollFlightInfo(onward(ctx), inSQL(desc))
}

// DoGet reads the server's stream; the schema goes on as it is compared.
func (r *relay) DoGet(ticket *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	from, err := r.behind.DoGet(onward(stream.Context()), ticket)
	if err != nil {
		return err
	}
	var command anypb.Any
	_ = proto.Unmarshal(ticket.GetTicket(), &command) // the server has judged it
	reader, err := flight.NewRecordReader(from)
	if err != nil {
		return err
	}
	defer reader.Release()
	schema := reader.Schema()
	if command.MessageIs((*pb.TicketStatementQuery)(nil)) {
		schema = decorate(schema)
	}
	writer := flight.NewRecordWriter(stream, ipc.WithSchema(schema))
	defer writer.Close()
	for reader.Next() {
		batch := reader.RecordBatch()
		again := array.NewRecordBatch(schema, batch.Columns(), batch.NumRows())
		err := writer.Write(again)
		again.Release()
		if err != nil {
			return err
		}
	}
	return reader.Err()
}

// DoPut hands the messages on, and the answers back. There are no transactions, so that
// the scenario of ingestion goes without its id.
func (r *relay) DoPut(stream flight.FlightService_DoPutServer) error {
	to, err := r.behind.DoPut(onward(stream.Context()))
	if err != nil {
		return err
	}
	for {
		data, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		withoutTransaction(data.GetFlightDescriptor())
		if err := to.Send(data); err != nil {
			return err
		}
	}
	if err := to.CloseSend(); err != nil {
		return err
	}
	for {
		result, err := to.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(result); err != nil {
			return err
		}
	}
}

func withoutTransaction(desc *flight.FlightDescriptor) {
	var command anypb.Any
	var ingest pb.CommandStatementIngest
	if desc == nil || proto.Unmarshal(desc.Cmd, &command) != nil || command.UnmarshalTo(&ingest) != nil {
		return
	}
	ingest.TransactionId = nil
	if command.MarshalFrom(&ingest) != nil {
		return
	}
	if raw, err := proto.Marshal(&command); err == nil {
		desc.Cmd = raw
	}
}

// DoAction asks the server.
func (r *relay) DoAction(action *flight.Action, stream flight.FlightService_DoActionServer) error {
	from, err := r.behind.DoAction(onward(stream.Context()), action)
	if err != nil {
		return err
	}
	header, err := from.Header()
	if err != nil {
		return err
	}
	if err := stream.SetHeader(header); err != nil {
		return err
	}
	for {
		result, err := from.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(result); err != nil {
			return err
		}
	}
}

// ListActions asks the server.
func (r *relay) ListActions(empty *flight.Empty, stream flight.FlightService_ListActionsServer) error {
	from, err := r.behind.ListActions(onward(stream.Context()), empty)
	for err == nil {
		var action *flight.ActionType
		if action, err = from.Recv(); err == nil {
			err = stream.Send(action)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
