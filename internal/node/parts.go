package node

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skein-query/skein/flight/exchange/tcp"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/table"
)

// tableShare is which part of the memory tables may hold, so that there is some left for
// asking what is in them.
const tableShare = 2

// keepTables makes the place for tables in memory, where statements are taken. host is
// how other processes reach it.
func (s *Server) keepTables(host string) {
	if s.config.Cluster == nil || s.config.Cluster.Coordinator {
		s.tables = table.NewStore(host, s.ledger.LimitBytes()/tableShare, s.ledger.NewAccount("tables in memory"))
	}
}

// parts is the parts of tables of all processes: those of this one are at hand, those of
// others are read from them by ranges.
type parts struct {
	*table.Store             // of this process; nil: it has none
	host         string      // by which others name its parts
	client       *tcp.Client // nil: there are no others
}

func (s *Server) parts() parts {
	if s.peers == nil {
		return parts{Store: s.tables, host: alone}
	}
	return parts{s.tables, s.peers.exchangeAddress, s.peers.client}
}

// owner is the process that a part is in the memory of, as it is reached.
func owner(path string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(path, table.Scheme+"://"), "/")
	return host
}

// Open reads a part, wherever it is.
func (p parts) Open(ctx context.Context, info object.Info) (object.Reader, error) {
	host := owner(info.Path)
	switch {
	case p.Store != nil && host == p.host:
		return p.Store.Open(ctx, info)
	case p.client == nil:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "file %q: there is no store for %s://", info.Path, table.Scheme)
	}
	return remotePart{p.client, host, info}, nil
}

// remotePart reads a part from the process that has it.
type remotePart struct {
	client *tcp.Client
	host   string
	info   object.Info
}

// View has nothing to show: the bytes are elsewhere.
func (r remotePart) View(int64, int64) []byte { return nil }

// ReadAt asks the owner.
func (r remotePart) ReadAt(ctx context.Context, buf []byte, off int64) error {
	if n := int64(len(buf)); off < 0 || off > r.info.SizeBytes-n {
		return sqlerr.New(sqlerr.DataCorrupted, "part %q has %d bytes, bytes %d to %d were asked for", r.info.Path, r.info.SizeBytes, off, off+n)
	}
	return r.client.ReadRange(ctx, r.host, r.info.Path, r.info.ETag, buf, off)
}

// Check finds nothing: a part never changes, and who has it reads no other.
func (r remotePart) Check() error { return nil }

// Close has nothing to close.
func (r remotePart) Close() error { return nil }

// ranges is what other processes may read of this one's tables. The secret that all of
// the cluster share, or a certificate, has let them in.
type ranges struct {
	store *table.Store
	names *catalog.Catalog
}

// lendFor is how long the parts of a table are kept for a process that has asked what they
// are: a query that takes longer, of a table that changes meanwhile, may fail.
const lendFor = time.Minute

// Table describes a table and keeps its parts for who has asked.
func (r ranges) Table(_ context.Context, schema, name string) ([]byte, error) {
	data, parts, err := r.names.Tell(schema, name)
	if err == nil {
		r.store.Lend(parts, lendFor)
	}
	return data, err
}

// Range gives bytes of a part.
func (r ranges) Range(ctx context.Context, path, version string, off int64, n int) ([]byte, error) {
	info, err := r.store.Stat(ctx, path)
	if err != nil {
		return nil, err
	}
	info.ETag = version
	part, err := r.store.Open(ctx, info)
	if err != nil {
		return nil, err
	}
	data := part.View(off, int64(n))
	if data == nil && n > 0 {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "part %q has %d bytes, %d from byte %d on were asked for", path, info.SizeBytes, n, off)
	}
	return data, nil
}

// others finds tables in the memory of other coordinators.
type others struct{ server *Server }

// askFor is how long another coordinator has to say what a table is.
const askFor = 3 * time.Second

// Table asks all other coordinators; nil: none has it, or none that answers.
func (o others) Table(ctx context.Context, schema, name string) *catalog.Elsewhere {
	p := o.server.peers
	if p == nil || p.members.Load() == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	var found []*catalog.Elsewhere
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, m := range p.members.Load().Members() {
		if !slices.Contains(m.Roles, roleCoordinator) || m.Exchange == p.exchangeAddress || m.Exchange == "" {
			continue
		}
		wg.Go(func() { // ends with its answer
			data, err := p.client.Table(ctx, m.Exchange, schema, name)
			if err != nil {
				return
			}
			if e, err := catalog.Told(data); err == nil {
				e.By = m.Flight
				mu.Lock()
				found = append(found, e)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(found) == 0 {
		return nil
	}
	return slices.MinFunc(found, func(a, b *catalog.Elsewhere) int { return strings.Compare(a.By, b.By) }) // the same one always
}
