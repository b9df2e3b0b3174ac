package catalog

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// DefaultSchema is where unqualified names are created and looked up.
const DefaultSchema = "public"

// Table is an external table.
type Table struct {
	Schema, Name string
	Location     string
	Fields       []parquet.Field // as they were at creation
	Options      map[string]string
}

// Catalog holds external tables in memory. Safe for concurrent use.
type Catalog struct {
	store object.Store
	files *parquet.Cache

	mu      sync.RWMutex
	schemas map[string]map[string]*Table

	seenMu sync.Mutex
	seen   map[string]*Files // by the versions of the files they describe
	last   map[string]*Files // by location: as it was last looked at
}

// New makes a catalog with the one schema "public".
func New(store object.Store, files *parquet.Cache) *Catalog {
	return &Catalog{store: store, files: files, schemas: map[string]map[string]*Table{DefaultSchema: {}}, seen: map[string]*Files{},
		last: map[string]*Files{}}
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
	if have, ok := c.Lookup(t.Schema, t.Name); ok && exists != Replace {
		return false, taken(have, exists)
	}
	files, err := c.Files(ctx, t.Location)
	if err != nil {
		return false, err
	}
	t.Fields = files.Fields
	c.mu.Lock()
	defer c.mu.Unlock()
	tables, ok := c.schemas[t.Schema]
	if !ok {
		return false, noSchema(t.Schema, c.schemaNames())
	}
	if have, ok := tables[t.Name]; ok && exists != Replace {
		return false, taken(have, exists)
	}
	tables[t.Name] = &t
	return true, nil
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

// Drop removes a table; false when there is none of that name.
func (c *Catalog) Drop(schema, name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	tables := c.schemas[orDefault(schema)]
	_, ok := tables[name]
	delete(tables, name)
	return ok
}

// CreateSchema adds a schema; false when it is there already.
func (c *Catalog) CreateSchema(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.schemas[name]; ok {
		return false
	}
	c.schemas[name] = map[string]*Table{}
	return true
}

// DropSchema removes a schema with all its tables if cascade is set, else only an
// empty one.
func (c *Catalog) DropSchema(name string, cascade bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	tables, ok := c.schemas[name]
	switch {
	case !ok:
		return noSchema(name, c.schemaNames())
	case name == DefaultSchema:
		return sqlerr.New(sqlerr.ObjectNotInPrerequisite, "schema %q cannot be dropped", name)
	case len(tables) > 0 && !cascade:
		return sqlerr.New("2BP01", "schema %q is not empty", name).WithHint("Use DROP SCHEMA … CASCADE to drop its tables too.")
	}
	delete(c.schemas, name)
	return nil
}

// Lookup finds a table; the empty schema is the default one.
func (c *Catalog) Lookup(schema, name string) (*Table, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t, ok := c.schemas[orDefault(schema)][name]
	return t, ok
}

// Tables are all tables, by schema and name.
func (c *Catalog) Tables() []*Table {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []*Table
	for _, tables := range c.schemas {
		for _, t := range tables {
			out = append(out, t)
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
	return c.schemaNames()
}

func (c *Catalog) schemaNames() []string {
	names := make([]string, 0, len(c.schemas))
	for n := range c.schemas {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func orDefault(schema string) string {
	if schema == "" {
		return DefaultSchema
	}
	return schema
}
