package catalog

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
	"github.com/skein-query/skein/storage/table"
)

// DefaultSchema is where unqualified names are created and looked up.
const DefaultSchema = "public"

// Table is an external table, or one in the memory of the process.
type Table struct {
	Schema, Name string
	Location     string
	Fields       []parquet.Field // as they were at creation
	Options      map[string]string
	Owner        string       // the role that made it; empty: nobody
	Memory       *table.Table // nil: an external table
	Columns      []Column     // of one in memory, for each of Fields
	Keys         []Key        // of one in memory
}

// Catalog knows the tables, in memory, or as a log has them that other processes commit
// to as well. Safe for concurrent use.
type Catalog struct {
	store object.Store
	files *parquet.Cache
	log   *Log // nil: nobody else knows of the tables

	mu        sync.RWMutex
	state     state
	access    *access.State
	local     state // tables in memory, which no log knows
	csn       int64 // of the last commit that is in state
	committed func(csn int64)

	commits sync.Mutex // one commit or refresh at a time

	seenMu sync.Mutex
	seen   map[string]*Files // by the versions of the files they describe
	last   map[string]*Files // by location: as it was last looked at
}

// New makes a catalog in memory with the one schema "public".
func New(store object.Store, files *parquet.Cache) *Catalog {
	return &Catalog{store: store, files: files, state: state{DefaultSchema: {}}, local: state{}, access: &access.State{}, seen: map[string]*Files{}, last: map[string]*Files{}}
}

// Exists says what Create does when the name is taken.
type Exists uint8

// The choices.
const (
	Fail Exists = iota
	Keep
	Replace
)

// Create registers an external table: it looks the files up, takes the schema from
// them and fails if there are none. created is false when the table was kept.
func (c *Catalog) Create(ctx context.Context, t Table, exists Exists) (created bool, err error) {
	t.Schema = orDefault(t.Schema)
	if c.Shared() && !strings.Contains(t.Location, "://") { // others stand in other folders
		if t.Location, err = absolute(t.Location); err != nil {
			return false, err
		}
	}
	if have, ok := c.Lookup(t.Schema, t.Name); ok && exists != Replace {
		return false, taken(have, exists)
	}
	files, err := c.Files(ctx, t.Location)
	if err != nil {
		return false, err
	}
	t.Fields = files.Fields
	err = c.commit(ctx, func(s state) ([]change, error) {
		tables, ok := s[t.Schema]
		if !ok {
			return nil, noSchema(t.Schema, s.names())
		}
		if have, ok := tables[t.Name]; ok && exists != Replace {
			created = false
			return nil, taken(have, exists)
		}
		if have, ok := c.local[t.Schema][t.Name]; ok {
			return nil, taken(have, Fail)
		}
		created = true
		return []change{createTable{&t}}, nil
	})
	return created && err == nil, err
}

// absolute is a path or pattern from the root on; a folder keeps its slash.
func absolute(location string) (string, error) {
	path, err := filepath.Abs(location)
	if err == nil && strings.HasSuffix(location, "/") && path != "/" {
		path += "/"
	}
	return path, err
}

func taken(t *Table, exists Exists) error {
	if exists == Keep {
		return nil
	}
	return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", t.Name)
}

func noSchema(name string, known []string) error {
	return sqlerr.New(sqlerr.InvalidSchemaName, "schema %q does not exist", name).WithHint("%s", sqlerr.DidYouMean(name, known))
}

// Name is that of a table; the empty schema is the default one.
type Name struct{ Schema, Name string }

// Drop removes tables, all in one commit; those that are not there are passed over.
func (c *Catalog) Drop(ctx context.Context, names ...Name) error {
	err := c.commit(ctx, func(s state) ([]change, error) {
		var out []change
		for _, n := range names {
			schema := orDefault(n.Schema)
			_, ok := s[schema][n.Name]
			if _, local := c.local[schema][n.Name]; ok && !local {
				out = append(out, dropTable{schema, n.Name})
			}
		}
		return out, nil
	})
	if err == nil {
		c.unname(names...)
	}
	return err
}

// CreateSchema adds a schema; false when it is there already.
func (c *Catalog) CreateSchema(ctx context.Context, name string) (created bool, err error) {
	err = c.commit(ctx, func(s state) ([]change, error) {
		if _, ok := s[name]; ok {
			created = false
			return nil, nil
		}
		created = true
		return []change{createSchema{name}}, nil
	})
	return created && err == nil, err
}

// DropSchema removes a schema with all its tables if cascade is set, else only an
// empty one.
func (c *Catalog) DropSchema(ctx context.Context, name string, cascade bool) error {
	err := c.commit(ctx, func(s state) ([]change, error) {
		tables, ok := s[name]
		switch {
		case !ok:
			return nil, noSchema(name, s.names())
		case name == DefaultSchema:
			return nil, sqlerr.New(sqlerr.ObjectNotInPrerequisite, "schema %q cannot be dropped", name)
		case len(tables)+len(c.local[name]) > 0 && !cascade:
			return nil, sqlerr.New("2BP01", "schema %q is not empty", name).WithHint("Use DROP SCHEMA … CASCADE to drop its tables too.")
		}
		return []change{dropSchema{name}}, nil
	})
	if err == nil {
		c.EndSchema(name)
	}
	return err
}

// Lookup finds a table; the empty schema is the default one.
func (c *Catalog) Lookup(schema, name string) (*Table, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	schema = orDefault(schema)
	t, ok := c.local[schema][name]
	if !ok {
		t, ok = c.state[schema][name]
	}
	return t, ok
}

// Tables are all tables but those of sessions, by schema and name.
func (c *Catalog) Tables() []*Table {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []*Table
	for schema, tables := range c.state {
		for _, t := range tables {
			if _, hidden := c.local[schema][t.Name]; !hidden {
				out = append(out, t)
			}
		}
	}
	for schema, tables := range c.local {
		for _, t := range tables {
			if !IsTemporary(schema) {
				out = append(out, t)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Table) int {
		if a.Schema != b.Schema {
			return strings.Compare(a.Schema, b.Schema)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// Schemas are the names of all schemas, sorted.
func (c *Catalog) Schemas() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.state.names()
}

func (s state) names() []string { return slices.Sorted(maps.Keys(s)) }

func orDefault(schema string) string {
	if schema == "" {
		return DefaultSchema
	}
	return schema
}
