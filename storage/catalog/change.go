package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/storage/parquet"
)

// change is one change of the catalog: one of the structs below. What it needs was
// checked against the state it is applied to.
type change interface{ apply(s state) }

// createTable makes a table, or takes the place of one.
type createTable struct{ Table *Table }

// dropTable removes a table.
type dropTable struct{ Schema, Name string }

// createSchema makes an empty schema.
type createSchema struct{ Name string }

// dropSchema removes a schema with all its tables.
type dropSchema struct{ Name string }

// state is the tables of every schema.
type state map[string]map[string]*Table

func (c createTable) apply(s state) {
	if s[c.Table.Schema] == nil {
		s[c.Table.Schema] = map[string]*Table{}
	}
	s[c.Table.Schema][c.Table.Name] = c.Table
}

func (c dropTable) apply(s state) { delete(s[c.Schema], c.Name) }

func (c createSchema) apply(s state) {
	if s[c.Name] == nil {
		s[c.Name] = map[string]*Table{}
	}
}

func (c dropSchema) apply(s state) { delete(s, c.Name) }

// changes make the state of one that has only the default schema.
func (s state) changes() []change {
	var out []change
	for _, schema := range slices.Sorted(maps.Keys(s)) {
		if schema != DefaultSchema {
			out = append(out, createSchema{schema})
		}
		for _, name := range slices.Sorted(maps.Keys(s[schema])) {
			out = append(out, createTable{s[schema][name]})
		}
	}
	return out
}

// record is a change as an entry of the log has it. Readers refuse kinds that they do
// not know: a change passed over would make another catalog.
type record struct {
	Kind     string            `json:"kind"`
	Schema   string            `json:"schema,omitempty"`
	Name     string            `json:"name,omitempty"`
	Location string            `json:"location,omitempty"`
	Columns  []byte            `json:"columns,omitempty"` // an Arrow schema, as IPC writes it
	Options  map[string]string `json:"options,omitempty"`
	Owner    string            `json:"owner,omitempty"`
	Access   *access.Change    `json:"access,omitempty"` // of roles and grants
}

func (c createTable) record() (record, error) {
	columns, err := encodeFields(c.Table.Fields)
	return record{Kind: "create table", Schema: c.Table.Schema, Name: c.Table.Name, Location: c.Table.Location, Columns: columns,
		Options: c.Table.Options, Owner: c.Table.Owner}, err
}

func encodeChanges(changes []change) (json.RawMessage, error) {
	out := []record{}
	for _, c := range changes {
		var r record
		switch c := c.(type) {
		case createTable:
			var err error
			if r, err = c.record(); err != nil {
				return nil, err
			}
		case dropTable:
			r = record{Kind: "drop table", Schema: c.Schema, Name: c.Name}
		case createSchema:
			r = record{Kind: "create schema", Schema: c.Name}
		case dropSchema:
			r = record{Kind: "drop schema", Schema: c.Name}
		case accessChange:
			r = c.record()
		}
		out = append(out, r)
	}
	return json.Marshal(out)
}

func decodeChanges(text json.RawMessage) ([]change, error) {
	var records []record
	if err := strictly(text, &records); err != nil {
		return nil, err
	}
	var out []change
	for _, r := range records {
		switch r.Kind {
		case "create table":
			fields, err := decodeFields(r.Columns)
			if err != nil {
				return nil, fmt.Errorf("table %s.%s: %w", r.Schema, r.Name, err)
			}
			out = append(out, createTable{&Table{Schema: r.Schema, Name: r.Name, Location: r.Location, Fields: fields, Options: r.Options, Owner: r.Owner}})
		case "drop table":
			out = append(out, dropTable{r.Schema, r.Name})
		case "create schema":
			out = append(out, createSchema{r.Schema})
		case "drop schema":
			out = append(out, dropSchema{r.Schema})
		case "access":
			if r.Access == nil {
				return nil, fmt.Errorf("a change of kind %q is incomplete", r.Kind)
			}
			if err := r.Access.Check(); err != nil {
				return nil, err
			}
			out = append(out, accessChange{*r.Access})
		default:
			return nil, fmt.Errorf("a change of kind %q is not known", r.Kind)
		}
	}
	return out, nil
}

// strictly reads JSON that has no fields but those of v.
func strictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func encodeFields(fields []parquet.Field) ([]byte, error) {
	var out []arrow.Field
	for _, f := range fields {
		out = append(out, arrow.Field{Name: f.Name, Type: f.Type, Nullable: f.Nullable})
	}
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(arrow.NewSchema(out, nil)))
	err := w.Close() // writes the schema too
	return b.Bytes(), err
}

func decodeFields(b []byte) ([]parquet.Field, error) {
	r, err := ipc.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	var out []parquet.Field
	for _, f := range r.Schema().Fields() {
		out = append(out, parquet.Field{Name: f.Name, Type: f.Type, Nullable: f.Nullable})
	}
	return out, nil
}
