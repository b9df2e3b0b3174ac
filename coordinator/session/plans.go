package session

import (
	"container/list"
	"context"
	"sync"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/planner/substrait/standard"
	"github.com/skein-query/skein/storage/catalog"
)

// Bounds of the plan cache.
const (
	maxPlans     = 2000
	maxPlanBytes = 32 << 20
)

// planKey is what a query means apart from its tables: the text and what the binder
// takes from the session. What else a session can set says how a plan runs.
type planKey struct {
	text         string
	explained    bool // the query is what the text explains: its places are elsewhere
	schema, user string
	roles        string // that the login gives, besides those that the user is a member of
}

// keyed completes a key with what it takes from the session.
func (s *Statements) keyed(session *flight.Session, k planKey) planKey {
	k.schema, k.user, k.roles = s.schema(session), sessionUser(session)+"\x00"+user(session), rolesKey(session)
	return k
}

// shape is a query that has been bound, and planned if that can be done once for
// all executions, over certain tables and versions of their files. It is immutable
// and good for as long as those are there (current).
type shape struct {
	*planner.Prepared
	key    planKey
	stmt   *sql.Query         // nil of a plan
	doc    *standard.Document // a plan instead of a text
	access *access.State      // what the user may see is as in this
	tables []tableUse
	files  map[string]*catalog.Files // by location
	// unnamed are the locations of tables without a name.
	unnamed []string
	// system says that tables are computed by the session itself, which nobody can
	// tell to be unchanged.
	system bool
	bytes  int64
}

// tableUse is a name, as it was written, and what it meant.
type tableUse struct {
	schema, name string
	table        *catalog.Table
}

// prepareShape binds a query as the catalog that l gives it is.
func (s *Statements) prepareShape(ctx context.Context, key planKey, stmt *sql.Query, l *lookup, opt planner.Options) (*shape, error) {
	p, err := planner.Prepare(ctx, stmt, l, opt)
	if err != nil {
		return nil, err
	}
	return s.remember(&shape{Prepared: p, key: key, stmt: stmt}, l), nil
}

// preparePlan binds a plan as the catalog that l gives it is.
func (s *Statements) preparePlan(ctx context.Context, key planKey, doc *standard.Document, l *lookup, opt planner.Options) (*shape, error) {
	p, err := planner.PrepareLogical(ctx, doc, l, opt)
	if err != nil {
		return nil, err
	}
	return s.remember(&shape{Prepared: p, key: key, doc: doc}, l), nil
}

// remember keeps a shape with what it was made of.
func (s *Statements) remember(out *shape, l *lookup) *shape {
	out.access, out.tables, out.files, out.unnamed, out.system = l.access, l.tables, l.seen, l.unnamed, l.system
	out.bytes = out.size()
	s.plans.put(out)
	return out
}

// named reports whether all names still mean, for a session, the tables that they meant,
// and whether nobody's rights have changed.
func (s *shape) named(of *Statements, session *flight.Session) bool {
	if s.system || s.access != of.Catalog.Access() {
		return false
	}
	for _, u := range s.tables {
		if t, ok := of.find(session, u.schema, u.name); !ok || t != u.table {
			return false
		}
	}
	return true
}

// describes reports whether the shape is good enough to describe the query: no later
// version of a file is known. Tables without a name have the columns of their files,
// and are looked at.
func (s *shape) describes(ctx context.Context, of *Statements, session *flight.Session) bool {
	c := of.Catalog
	for location, f := range s.files {
		if c.Known(location) != f {
			return false
		}
	}
	for _, location := range s.unnamed {
		if f, err := c.Files(ctx, location); err != nil || f != s.files[location] {
			return false
		}
	}
	return s.named(of, session)
}

// current looks at the files: it reports whether the shape is good to run. What it
// found at the locations is given for planning anew, and is all there has to be
// looked at for that when the names mean the same tables.
func (s *shape) current(ctx context.Context, of *Statements, session *flight.Session) (found map[string]*catalog.Files, ok bool) {
	c := of.Catalog
	ok = s.named(of, session)
	found = make(map[string]*catalog.Files, len(s.files))
	if len(s.files) == 1 { // no goroutines for it
		for location, f := range s.files {
			now, err := c.Files(ctx, location)
			if err != nil {
				return found, false // whoever binds anew says it
			}
			found[location] = now
			ok = ok && now == f
		}
		return found, ok
	}
	locations := make([]string, 0, len(s.files))
	for location := range s.files {
		locations = append(locations, location)
	}
	for i, now := range c.FilesOf(ctx, locations) {
		if now != nil {
			found[locations[i]] = now
		}
		ok = ok && now == s.files[locations[i]]
	}
	return found, ok
}

// bytesPerTextByte is about what the trees made of a statement take for each byte
// of its text: the syntax tree, the plan and its expressions.
const bytesPerTextByte = 64

// bytesPerPlanByte is likewise for each byte of a Substrait plan: its messages and the plan
// made of it.
const bytesPerPlanByte = 16

// size is about what the shape takes. What is shared with the catalog counts for
// others.
func (s *shape) size() int64 {
	n := int64(len(s.key.text))*bytesPerTextByte + 2048
	if s.doc != nil {
		n += int64(s.doc.Bytes) * bytesPerPlanByte
	}
	n += int64(len(s.Fields)+len(s.Params)) * 128
	for _, f := range s.files {
		n += int64(len(f.Infos)) * 128
	}
	return n + s.RowBytes()
}

// plans are the shapes used last. The zero value is empty. Safe for concurrent use.
type plans struct {
	mu       sync.Mutex
	elements map[planKey]*list.Element
	order    list.List // of *shape, used last in front
	bytes    int64
}

// get gives the shape of a query, which may be out of date; nil when there is none.
func (p *plans) get(key planKey) *shape {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.elements[key]
	if e == nil {
		return nil
	}
	p.order.MoveToFront(e)
	return e.Value.(*shape)
}

// put keeps a shape instead of what was there, unless it is too large or never good
// again.
func (p *plans) put(s *shape) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.elements[s.key]; e != nil {
		p.drop(e)
	}
	if s.system || s.bytes > maxPlanBytes/8 {
		return
	}
	if p.elements == nil {
		p.elements = map[planKey]*list.Element{}
	}
	p.elements[s.key] = p.order.PushFront(s)
	p.bytes += s.bytes
	for p.bytes > maxPlanBytes || p.order.Len() > maxPlans {
		p.drop(p.order.Back())
	}
}

func (p *plans) drop(e *list.Element) {
	s := e.Value.(*shape)
	p.order.Remove(e)
	delete(p.elements, s.key)
	p.bytes -= s.bytes
}
