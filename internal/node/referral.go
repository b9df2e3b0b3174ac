package node

import (
	"context"
	"slices"
	"strings"

	"github.com/skein-query/skein/coordinator/session"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// referral answers clients of a process that is no coordinator: it says who is, and gives
// them shares of results for which they have tickets.
type referral struct {
	server *Server
	reader *session.Statements // runs the plans of shares, in this process alone
}

func (r referral) refuse() error {
	err := sqlerr.New(sqlerr.FeatureNotSupported, "this process is a worker and takes no statements")
	var known []string
	if r.server.peers != nil {
		if m := r.server.peers.members.Load(); m != nil {
			for _, m := range m.Members() {
				if slices.Contains(m.Roles, roleCoordinator) {
					known = append(known, "grpc://"+m.Flight)
				}
			}
		}
	}
	if known == nil {
		return err.WithHint("Connect to a coordinator; none is known here.")
	}
	return err.WithHint("Connect to %s.", strings.Join(known, " or "))
}

// Prepare refuses.
func (r referral) Prepare(context.Context, *flight.Session, string) (flight.Prepared, error) {
	return nil, r.refuse()
}

// PrepareSubstrait refuses.
func (r referral) PrepareSubstrait(context.Context, *flight.Session, []byte, string) (flight.Prepared, error) {
	return nil, r.refuse()
}

// Cancel knows no query.
func (r referral) Cancel(context.Context, string) (bool, error) { return false, nil }

// Share gives the share of a plan that a coordinator has signed; nothing else.
func (r referral) Share(_ context.Context, client *flight.Session, text string, _ []expr.Value, want flight.Share) (flight.Prepared, flight.Share, error) {
	if want.Plan == nil || r.reader == nil {
		return nil, flight.Share{}, r.refuse()
	}
	p, err := r.reader.ReadShare(client, text, want)
	return p, want, err
}

// Progress knows no query.
func (r referral) Progress(string) (done, total int) { return 0, 0 }

// Schemas refuses.
func (r referral) Schemas(context.Context, *flight.Session) ([]flight.Schema, error) {
	return nil, r.refuse()
}

// Tables refuses.
func (r referral) Tables(context.Context, *flight.Session) ([]flight.Table, error) {
	return nil, r.refuse()
}

// SetOption refuses.
func (r referral) SetOption(context.Context, *flight.Session, string, any) error {
	return r.refuse()
}

// End does nothing: sessions have nothing here.
func (r referral) End(*flight.Session) {}

// Options refuses.
func (r referral) Options(context.Context, *flight.Session) (map[string]any, error) {
	return nil, r.refuse()
}
