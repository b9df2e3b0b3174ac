package catalog

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
)

// Elsewhere is a table in the memory of another process, as that says it is.
type Elsewhere struct {
	Table *Table
	Parts []object.Info
	By    string // where the process takes statements
}

// elsewhere is that as one process tells another.
type elsewhere struct {
	Schema   string        `json:"schema"`
	Name     string        `json:"name"`
	Location string        `json:"location"`
	Fields   []byte        `json:"fields"` // an Arrow schema, as IPC writes it
	Columns  []Column      `json:"columns,omitempty"`
	Keys     []Key         `json:"keys,omitempty"`
	Owner    string        `json:"owner,omitempty"`
	Parts    []object.Info `json:"parts,omitempty"`
}

// Tell describes a table in memory to other processes. Temporary tables are their session's
// alone.
func (c *Catalog) Tell(schema, name string) ([]byte, []object.Info, error) {
	t, ok := c.Lookup(schema, name)
	if !ok || t.Memory == nil || IsTemporary(t.Schema) {
		return nil, nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name)
	}
	fields, err := encodeFields(t.Fields)
	if err != nil {
		return nil, nil, err
	}
	parts := t.Memory.Parts()
	text, err := json.Marshal(elsewhere{t.Schema, t.Name, t.Location, fields, t.Columns, t.Keys, t.Owner, parts})
	return text, parts, err
}

// Told reads what Tell has written.
func Told(text []byte) (*Elsewhere, error) {
	var e elsewhere
	if err := strictly(text, &e); err != nil {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "the description of a table: %v", err)
	}
	fields, err := decodeFields(e.Fields)
	if err == nil && len(e.Columns) > len(fields) {
		err = fmt.Errorf("%d columns for %d fields", len(e.Columns), len(fields))
	}
	if err != nil {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "the description of a table: %v", err)
	}
	return &Elsewhere{Parts: e.Parts, Table: &Table{Schema: e.Schema, Name: e.Name, Location: e.Location, Fields: fields,
		Columns: e.Columns, Keys: e.Keys, Owner: e.Owner}}, nil
}

// Look describes the parts that a table has elsewhere.
func (c *Catalog) Look(ctx context.Context, location string, parts []object.Info) (*Files, error) {
	if len(parts) == 0 {
		return &Files{}, nil
	}
	return c.look(ctx, location, parts, nil)
}
