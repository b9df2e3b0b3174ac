// Package flight is the Flight SQL server: it turns the protocol's commands into
// calls on what it declares in api.go (Statements, Catalog, Sessions, Ingest) and
// Arrow batches into messages every client can read.
//
// Invariants:
//
//  1. A statement that changes something runs once per execution the client asks
//     for: at GetFlightInfo or at DoPut, never at DoGet.
//  2. A query is started at GetFlightInfo under a lease and stopped when nobody
//     fetches it in time, when its reader goes away, and when it is cancelled.
//     DoGet pulls in the goroutine of its RPC: nothing runs after the call.
//  3. A result is one endpoint without locations; the schema of FlightInfo is the
//     schema of the stream, and every column of it is nullable.
//  4. Tickets and handles are signed; what was not signed here is refused with
//     XS003 before anything of it is read.
//  5. Every error leaves with a SQLSTATE: in the message, in the status details
//     (google.rpc.ErrorInfo) and in trailers. A panic becomes one, too.
//  6. Metadata tables have the schemas of the specification, to the nullability.
//
// The package knows no coordinator, no planner beyond expr's types and values, and
// no execution. Reading order: api.go, server.go, sqlserver.go (the one file with
// the protocol's base type), query.go (running statements),
// prepared.go, ticket.go, param.go, stream.go, metadata.go, errors.go.
package flight
