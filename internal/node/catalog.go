package node

import (
	"context"
	"slices"
	"time"

	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/object"
)

// catalogActor is the name of the actor, in every coordinator's process, that is told of
// commits.
const catalogActor = "catalog"

// catalogInterval is how often a process looks what others have committed, should a
// message have been lost.
const catalogInterval = 500 * time.Millisecond

// news is the actor that hears of commits of others. It keeps one look at the log
// waiting while one is under way.
type news struct{ heard chan struct{} }

// Receive notes that there is something to look at.
func (n *news) Receive(_ cluster.Address, message any) {
	if e, ok := message.(*cluster.Envelope); ok {
		message = e.Message
	}
	if _, ok := message.(*wire.Committed); ok {
		select {
		case n.heard <- struct{}{}:
		default:
		}
	}
}

// shareCatalog has the catalog kept under a folder or prefix, and follows what others
// commit there.
func (s *Server) shareCatalog(ctx context.Context, store object.Store, root string) error {
	if err := s.Catalog.Share(ctx, catalog.NewLog(store, root), s.announce); err != nil {
		return sqlerr.Wrap(err, "--catalog %s", root)
	}
	n := &news{heard: make(chan struct{}, 1)}
	if _, err := s.system.Spawn(catalogActor, n); err != nil {
		return err
	}
	following, stop := context.WithCancel(context.Background())
	s.stopCatalog = stop
	failed := func(err error) { s.config.Log.Warn("the catalog cannot be read", "error", err) }
	s.following.Go(func() { s.Catalog.Follow(following, catalogInterval, failed) }) // ends with Close
	s.following.Go(func() {                                                         // so does this
		for {
			select {
			case <-n.heard:
				if err := s.Catalog.Refresh(following); err != nil && following.Err() == nil {
					failed(err)
				}
			case <-following.Done():
				return
			}
		}
	})
	return nil
}

// announce tells the other coordinators of a commit.
func (s *Server) announce(csn int64) {
	if s.peers == nil {
		return
	}
	m := s.peers.members.Load()
	if m == nil { // tables are registered before the process is a member
		return
	}
	for _, other := range m.Members() {
		if slices.Contains(other.Roles, roleCoordinator) && other.Name != s.config.Cluster.Name {
			s.system.Send(other.ActorAddress(catalogActor), &wire.Committed{CSN: csn})
		}
	}
}
