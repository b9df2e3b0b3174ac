package flight

import (
	"context"
	"crypto/rand"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/metadata"
)

// EndpointsHeader is the header by which a call asks for several endpoints; the session's
// option endpoints does for all calls.
const EndpointsHeader = "skein-endpoints"

// maxEndpoints bounds what a client may ask for.
const maxEndpoints = 64

// endpoints is from how many endpoints a client wants a result. One is what it gets
// unless it asks: many clients read the first only, or one after the other.
func endpoints(ctx context.Context, s *Session) int {
	text, _ := s.Get("endpoints")
	md, _ := metadata.FromIncomingContext(ctx)
	if header := md.Get(EndpointsHeader); len(header) > 0 {
		text = header[0]
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 1
	}
	return min(n, maxEndpoints)
}

// shared gives out several endpoints for a query, if the client asks for them and its
// rows can be shared; else nil. Each runs its share when it is fetched, at whatever
// server that is, so that they can be fetched in any order, or only some.
func (s *Server) shared(ctx context.Context, a asked, options map[string]string) (*flight.FlightInfo, error) {
	wanted := endpoints(ctx, a.session)
	if wanted < 2 || a.prepared.IsUpdate() || len(a.bound) > 1 || a.session.isPrivate() { // what only one session sees stays there
		return nil, nil
	}
	if _, _, isPlan := planOf(a.text); isPlan {
		return nil, nil
	}
	args, err := executions(a.prepared, a.bound)
	if err != nil {
		return nil, withText(err, a.text)
	}
	encoded, size := encodeRows(args, a.prepared.Parameters())
	if len(a.text)+size > maxSelfContained {
		return nil, nil
	}
	_, share, err := s.config.Statements.Share(ctx, a.session, a.text, args[0], Share{Of: wanted})
	if err != nil || share.Of < 2 {
		return nil, withText(err, a.text)
	}
	info := &flight.FlightInfo{Schema: flight.SerializeSchema(resultSchema(a.prepared.Columns()), memory.DefaultAllocator),
		FlightDescriptor: a.desc, TotalRecords: -1, TotalBytes: -1}
	plans := share.Plans
	for i := range share.Of {
		share.Index = i
		if plans != nil {
			share.Plan = plans[i]
		}
		e, err := s.endpoint(ticket{Lease: rand.Text(), Text: a.text, Args: encoded, Options: options, User: a.session.User(), Share: share, Guarded: s.protected()})
		if err != nil {
			return nil, err
		}
		e.Location = s.locationsFor(i, share.Plan != nil)
		info.Endpoint = append(info.Endpoint, e)
	}
	return info, nil
}

// locationsFor are where the i-th endpoint may be fetched: the servers in turn, so that
// all have work, and last the connection that the client has. What has its plan is given by
// workers too.
func (s *Server) locationsFor(i int, planned bool) []*flight.Location {
	if s.config.Locations == nil {
		return nil
	}
	all := s.config.Locations()
	if planned && s.config.Readers != nil {
		all = s.config.Readers()
	}
	if len(all) == 0 || len(all) < 2 && !planned {
		return nil
	}
	var out []*flight.Location
	for j := range all {
		out = append(out, &flight.Location{Uri: all[(i+j)%len(all)]})
	}
	return append(out, &flight.Location{Uri: flight.LocationReuseConnection})
}

// prepareAgain plans what a ticket carries.
func (s *Server) prepareAgain(ctx context.Context, session *Session, t ticket) (Prepared, error) {
	if t.Share.Of < 2 {
		return s.prepare(ctx, session, t.Text)
	}
	p, _, err := s.config.Statements.Share(ctx, session, t.Text, nil, t.Share)
	return p, withText(err, t.Text)
}
