package client

import (
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-adbc/go/adbc"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/skein-query/skein/internal/sqlerr"
)

// ConnectionFailure is the code of an error that the server did not give because
// it could not be reached or went away.
const ConnectionFailure sqlerr.Code = "08006"

// errorDomain marks the details of a server of ours (flight.ErrorDomain).
const errorDomain = "skein"

// fromADBC makes what the server said out of an error of the driver.
func fromADBC(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*sqlerr.Error](err); ok {
		return err
	}
	e, ok := errors.AsType[adbc.Error](err)
	if !ok {
		return &sqlerr.Error{Code: sqlerr.CodeOf(err), Msg: err.Error()}
	}
	for _, d := range e.Details {
		if said, ok := fromDetail(d); ok {
			return said
		}
	}
	if e.Code == adbc.StatusCancelled {
		return &sqlerr.Error{Code: sqlerr.QueryCanceled, Msg: "canceling statement due to user request"}
	}
	return &sqlerr.Error{Code: codeOf(e), Msg: strings.TrimPrefix(e.Msg, "[FlightSQL] ")}
}

// fromDetail reads the google.rpc.ErrorInfo that a server of ours sends.
func fromDetail(d adbc.ErrorDetail) (*sqlerr.Error, bool) {
	raw, err := d.Serialize()
	if err != nil {
		return nil, false
	}
	var wrapped anypb.Any
	var info errdetails.ErrorInfo
	if proto.Unmarshal(raw, &wrapped) != nil || wrapped.UnmarshalTo(&info) != nil || info.GetDomain() != errorDomain {
		return nil, false
	}
	said := &sqlerr.Error{Code: sqlerr.Code(info.GetReason()), Msg: info.GetMetadata()["message"], Hint: info.GetMetadata()["hint"]}
	if span, ok := info.GetMetadata()["span"]; ok {
		_, _ = fmt.Sscanf(span, "%d:%d", &said.Span.Start, &said.Span.End) // a malformed one is no place
	}
	return said, true
}

// codeOf is a code for an error of the transport or of a foreign server.
func codeOf(e adbc.Error) sqlerr.Code {
	switch codes.Code(e.VendorCode) {
	case codes.Unavailable:
		return ConnectionFailure
	case codes.Canceled, codes.DeadlineExceeded:
		return sqlerr.QueryCanceled
	case codes.Unimplemented:
		return sqlerr.FeatureNotSupported
	case codes.Unauthenticated:
		return sqlerr.InvalidAuthorization
	}
	return sqlerr.InternalError
}
