package catalog

import (
	"context"
	"maps"
	"slices"

	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
)

// accessChange is a change of roles and grants. It changes no table.
type accessChange struct{ access.Change }

func (accessChange) apply(state) {}

// accessRecord is such a change as an entry of the log has it.
func (c accessChange) record() record {
	return record{Kind: "access", Access: &c.Change}
}

// Access is the roles and grants as they are now.
func (c *Catalog) Access() *access.State {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.access
}

// Guarded finds a table, as Lookup, and the roles and grants of the same moment.
func (c *Catalog) Guarded(schema, name string) (*Table, *access.State, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	schema = orDefault(schema)
	t, ok := c.local[schema][name]
	if !ok {
		t, ok = c.state[schema][name]
	}
	return t, c.access, ok
}

// Known are the tables as they are while a change is planned. Of tables in memory those
// are among them that no log would outlive: what is granted on a name must not be found by
// another table of that name.
type Known struct {
	state, local state
	unkept       state // tables in memory that a log would outlive
}

// known are the tables for whoever plans a change. The lock is held.
func (c *Catalog) known(s state) Known {
	if c.log != nil {
		return Known{state: s, unkept: c.local}
	}
	return Known{state: s, local: c.local}
}

// Table finds a table; the empty schema is the default one.
func (k Known) Table(schema, name string) (*Table, bool) {
	schema = orDefault(schema)
	if k.Unkept(schema, name) {
		return nil, false
	}
	if t, ok := k.local[schema][name]; ok {
		return t, true
	}
	t, ok := k.state[schema][name]
	return t, ok
}

// Unkept reports whether a name is of a table on which nothing can be granted: it is in
// memory, and grants are kept for longer.
func (k Known) Unkept(schema, name string) bool {
	_, ok := k.unkept[orDefault(schema)][name]
	return ok
}

// Schema gives the tables of a schema, by name.
func (k Known) Schema(name string) (tables []*Table, ok bool) {
	in, ok := k.state[name]
	all := maps.Clone(in)
	if ok {
		maps.Copy(all, k.local[name])
	}
	for _, table := range slices.Sorted(maps.Keys(all)) {
		tables = append(tables, all[table])
	}
	return tables, ok
}

// OwnedBy are the tables of an owner.
func (k Known) OwnedBy(role string) (tables []*Table) {
	for _, schema := range k.state.names() {
		in, _ := k.Schema(schema)
		for _, t := range in {
			if t.Owner == role {
				tables = append(tables, t)
			}
		}
	}
	return tables
}

// ChangeAccess makes the changes that plan makes of the roles and grants as they are, all
// in one commit. plan is asked again when others were faster; it asks the catalog nothing.
func (c *Catalog) ChangeAccess(ctx context.Context, plan func(now *access.State, tables Known) ([]access.Change, error)) error {
	return c.commit(ctx, func(s state) ([]change, error) {
		changes, err := plan(c.access, c.known(s))
		var out []change
		for _, x := range changes {
			out = append(out, accessChange{x})
		}
		return out, err
	})
}

// Seen is a catalog as somebody sees it who may not see everything: of every table what
// table makes of it, nil for one that is not seen, and of the empty schemas those that
// schema says. It knows the same files; nothing can be committed to it.
func (c *Catalog) Seen(table func(*Table, *access.State) *Table, schema func(string, *access.State) bool) *Catalog {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := New(c.store, c.files)
	out.access = c.access
	for name, tables := range c.state {
		for _, t := range tables {
			if t = table(t, c.access); t != nil {
				createTable{t}.apply(out.state)
			}
		}
		for _, t := range c.local[name] {
			if t = table(t, c.access); t != nil {
				createTable{t}.apply(out.local)
				createSchema{name}.apply(out.state)
			}
		}
		if out.state[name] == nil && schema(name, c.access) {
			createSchema{name}.apply(out.state)
		}
	}
	for name, tables := range c.local { // whoever does not know its name finds nothing there
		if IsTemporary(name) {
			out.local[name] = maps.Clone(tables)
		}
	}
	return out
}

// SetOwner gives a table to another owner; it is the same table for queries that run.
func (c *Catalog) SetOwner(ctx context.Context, schema, name, owner string) error {
	c.mu.Lock()
	if t, ok := c.local[orDefault(schema)][name]; ok {
		changed := *t
		changed.Owner = owner
		createTable{&changed}.apply(c.local)
		c.mu.Unlock()
		return nil
	}
	c.mu.Unlock()
	return c.commit(ctx, func(s state) ([]change, error) {
		t, ok := s[orDefault(schema)][name]
		if !ok {
			return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name)
		}
		changed := *t
		changed.Owner = owner
		return []change{createTable{&changed}}, nil
	})
}

// follow has the roles and grants follow a change: grants on a table go with it. The lock
// is held.
func (c *Catalog) follow(x change) {
	switch x := x.(type) {
	case accessChange:
		c.access = c.access.With(x.Change)
	case dropTable:
		c.access = c.access.WithoutTable(x.Schema, x.Name)
	case dropSchema:
		c.access = c.access.WithoutSchema(x.Name)
	}
}
