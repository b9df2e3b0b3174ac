package catalog

import (
	"context"
	"slices"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Column is what SQL says of a column of a table in memory, in its words.
type Column struct {
	Type    string
	Default string // an expression; empty: NULL
}

// Key is a PRIMARY KEY or UNIQUE constraint: no two rows of its table have the same values,
// none of them NULL, in its columns.
type Key struct {
	Name    string
	Columns []string
	Primary bool
}

// temporarySchemas begins the names of schemas that belong to sessions. They need not
// be created, and nobody finds them who does not know their names.
const temporarySchemas = "pg_temp_"

// TemporarySchema is the schema of a session's temporary tables.
func TemporarySchema(session string) string { return temporarySchemas + session }

// IsTemporary reports whether a schema is some session's.
func IsTemporary(schema string) bool { return strings.HasPrefix(schema, temporarySchemas) }

// Name gives a table in memory its name, which no other table may have. Other processes
// do not see it. With Replace it takes the place of another one in memory, which is
// dropped; created is false when the table was kept that was there.
func (c *Catalog) Name(ctx context.Context, t *Table, exists Exists) (created bool, err error) {
	t.Schema = orDefault(t.Schema)
	if err := c.Refresh(ctx); err != nil {
		return false, err
	}
	c.commits.Lock()
	defer c.commits.Unlock()
	c.mu.Lock()
	old, external := c.local[t.Schema][t.Name], c.state[t.Schema][t.Name]
	_, known := c.state[t.Schema]
	switch {
	case !known && !IsTemporary(t.Schema):
		err = noSchema(t.Schema, c.state.names())
	case external != nil && exists == Replace:
		err = sqlerr.New(sqlerr.WrongObjectType, "%q is an external table", t.Name).WithHint("Drop it first: DROP TABLE %s.", t.Name)
	case external != nil:
		err = taken(external, exists)
	case old != nil && exists != Replace:
		err = taken(old, exists)
	default:
		createTable{t}.apply(c.local)
		created = true
	}
	c.mu.Unlock()
	if created && old != nil {
		c.end(old)
	}
	return created, err
}

// end frees what was a table's.
func (c *Catalog) end(t *Table) {
	t.Memory.Drop()
	c.seenMu.Lock()
	delete(c.last, t.Location)
	c.seenMu.Unlock()
}

// unname drops tables in memory; those that are not there are passed over.
func (c *Catalog) unname(names ...Name) {
	var dropped []*Table
	c.mu.Lock()
	for _, n := range names {
		schema := orDefault(n.Schema)
		if t := c.local[schema][n.Name]; t != nil {
			dropped = append(dropped, t)
			dropTable{schema, n.Name}.apply(c.local)
			if c.log == nil { // else nothing was granted on it (see Known)
				c.access = c.access.WithoutTable(schema, n.Name)
			}
			if len(c.local[schema]) == 0 {
				delete(c.local, schema)
			}
		}
	}
	c.mu.Unlock()
	for _, t := range dropped {
		c.end(t)
	}
}

// EndSchema drops the tables in memory of a schema.
func (c *Catalog) EndSchema(schema string) {
	var names []Name
	for _, t := range c.In(schema) {
		names = append(names, Name{t.Schema, t.Name})
	}
	c.unname(names...)
}

// In are the tables in memory of a schema, by name.
func (c *Catalog) In(schema string) []*Table {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []*Table
	for _, t := range c.local[schema] {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *Table) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// parts is what a table in memory holds at one moment.
func (c *Catalog) parts(ctx context.Context, location string) (*Files, error) {
	infos, err := c.store.List(ctx, location)
	if err != nil || len(infos) > 0 {
		return c.look(ctx, location, infos, err)
	}
	c.seenMu.Lock()
	defer c.seenMu.Unlock()
	if f := c.last[location]; f != nil && len(f.Infos) == 0 {
		return f, nil
	}
	f := &Files{}
	c.keepLast(location, f)
	return f, nil
}
