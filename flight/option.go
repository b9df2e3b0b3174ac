package flight

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"

	"github.com/skein-query/skein/internal/sqlerr"
)

// SetSessionOptions sets options of the call's session, each on its own: those
// refused are named in the answer. The client is offered a cookie for the session.
func (h *sqlServer) SetSessionOptions(ctx context.Context, r *flight.SetSessionOptionsRequest) (*flight.SetSessionOptionsResult, error) {
	session := h.server.session(ctx)
	result := &flight.SetSessionOptionsResult{}
	for name, option := range r.GetSessionOptions() {
		err := h.server.config.Sessions.SetOption(ctx, session, name, optionValue(option))
		if err == nil {
			continue
		}
		if result.Errors == nil {
			result.Errors = map[string]*flight.SetSessionOptionsResultError{}
		}
		result.Errors[name] = optionError(err)
	}
	h.server.sessions.offer(ctx, session)
	return result, nil
}

func optionError(err error) *flight.SetSessionOptionsResultError {
	switch sqlerr.CodeOf(err) {
	case undefinedObject:
		return &flight.SetSessionOptionsResultError{Value: flight.SetSessionOptionsResultErrorInvalidName}
	case sqlerr.InvalidParameterValue, sqlerr.InvalidSchemaName:
		return &flight.SetSessionOptionsResultError{Value: flight.SetSessionOptionsResultErrorInvalidValue}
	}
	return &flight.SetSessionOptionsResultError{Value: flight.SetSessionOptionsResultErrorError}
}

// optionValue is a value of the protocol in Go's types; nil resets the option.
func optionValue(v *flight.SessionOptionValue) any {
	switch v := v.GetOptionValue().(type) {
	case *pb.SessionOptionValue_StringValue:
		return v.StringValue
	case *pb.SessionOptionValue_BoolValue:
		return v.BoolValue
	case *pb.SessionOptionValue_Int64Value:
		return v.Int64Value
	case *pb.SessionOptionValue_DoubleValue:
		return v.DoubleValue
	case *pb.SessionOptionValue_StringListValue_:
		return v.StringListValue.GetValues()
	}
	return nil
}

// GetSessionOptions gives the options in force. It makes no session.
func (h *sqlServer) GetSessionOptions(ctx context.Context, _ *flight.GetSessionOptionsRequest) (*flight.GetSessionOptionsResult, error) {
	c := h.server.caller(ctx)
	session, ok := h.server.sessions.find(c)
	if !ok {
		session = c.newSession("", nil)
	}
	options, err := h.server.config.Sessions.Options(ctx, session)
	if err != nil {
		return nil, err
	}
	result := &flight.GetSessionOptionsResult{SessionOptions: map[string]*flight.SessionOptionValue{}}
	for name, value := range options {
		option, err := flight.NewSessionOptionValue(value)
		if err != nil {
			return nil, err
		}
		result.SessionOptions[name] = &option
	}
	return result, nil
}

// CloseSession forgets the call's session; closing what is not open is no error.
func (h *sqlServer) CloseSession(ctx context.Context, _ *flight.CloseSessionRequest) (*flight.CloseSessionResult, error) {
	h.server.sessions.close(ctx, h.server.caller(ctx))
	return &flight.CloseSessionResult{Status: flight.CloseSessionResultClosed}, nil
}
