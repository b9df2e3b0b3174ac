package table

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// Table is rows in memory under columns that never change.
type Table struct {
	store    *Store
	location string
	fields   []parquet.Field

	parts   []object.Info // guarded by the store's lock; replaced, not changed
	dropped bool          // so is this

	compacting sync.Mutex    // one merge at a time
	alone      chan struct{} // has a value while somebody is the only one to add rows
}

// Create makes an empty table. It has no name: whoever made it gives it one, or drops
// it. The fields' types are those that Columns of this package can hold (see schema.go).
func (s *Store) Create(fields []parquet.Field) (*Table, error) {
	if _, err := schemaOf(fields); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	t := &Table{store: s, fields: fields, location: fmt.Sprintf("%s%s-%d/", s.prefix(), s.life, s.made), alone: make(chan struct{}, 1)}
	s.tables[t.location] = t
	return t, nil
}

// Location is where the table's parts are.
func (t *Table) Location() string { return t.location }

// Fields are the table's columns.
func (t *Table) Fields() []parquet.Field { return t.fields }

// Parts are the parts that the table has now.
func (t *Table) Parts() []object.Info {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	return t.parts
}

// Alone waits until nobody else is, and keeps others out until done is called: of those who
// ask for it one at a time adds rows.
func (t *Table) Alone(ctx context.Context) (done func(), err error) {
	select {
	case t.alone <- struct{}{}:
		return func() { <-t.alone }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Drop ends the table: its parts are freed when the last of those who read them is done.
func (t *Table) Drop() {
	t.store.mu.Lock()
	t.dropped = true
	delete(t.store.tables, t.location)
	t.store.mu.Unlock()
	t.Truncate()
}

// Truncate takes all rows out of the table.
func (t *Table) Truncate() { _ = t.exchange(nil, true, nil) } // nothing is needed for it

// Bytes is what the table's parts hold.
func (t *Table) Bytes() int64 {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	n := int64(0)
	for _, p := range t.parts {
		n += p.SizeBytes
	}
	return n
}

// errChanged says that parts that were to be exchanged are not there any more.
var errChanged = sqlerr.New(sqlerr.SerializationFailure, "the table has changed meanwhile")

// exchange takes parts out of the table, or all, and puts others in, in one step. The
// parts that come lose their writer's pin.
func (t *Table) exchange(out []object.Info, all bool, in []object.Info) error {
	s := t.store
	s.mu.Lock()
	if t.dropped && len(in) > 0 {
		s.mu.Unlock()
		return sqlerr.New(sqlerr.UndefinedTable, "the table has been dropped meanwhile")
	}
	if all {
		out = t.parts
	}
	parts := make([]object.Info, 0, len(t.parts)+len(in))
	leaving := make(map[string]bool, len(out))
	for _, p := range out {
		leaving[p.Path] = true
	}
	at := -1 // where those that come take the place of the first that goes
	for _, p := range t.parts {
		if leaving[p.Path] {
			delete(leaving, p.Path)
			if at < 0 {
				at = len(parts)
			}
			continue
		}
		parts = append(parts, p)
	}
	if len(leaving) > 0 {
		s.mu.Unlock()
		return errChanged
	}
	if at < 0 {
		at = len(parts)
	}
	t.parts = slices.Insert(parts, at, in...)
	freed := int64(0)
	for _, p := range in {
		have := s.parts[p.Path]
		have.held = true
		have.pins--
	}
	for _, p := range out {
		have := s.parts[p.Path]
		have.held = false
		freed += s.free(have)
	}
	s.bytes -= freed
	s.mu.Unlock()
	s.account.Release(freed)
	return nil
}
