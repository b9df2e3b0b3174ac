package node

import (
	"context"
	"path"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/object"
)

// registerAll makes a table of every NAME.parquet and every folder NAME/ with
// Parquet files directly under the given folders.
func registerAll(ctx context.Context, c *catalog.Catalog, store object.Store, folders []string) error {
	for _, folder := range folders {
		found, err := tablesUnder(ctx, store, folder)
		if err != nil {
			return sqlerr.Wrap(err, "--tables %s", folder)
		}
		if len(found) == 0 {
			return sqlerr.New(sqlerr.UndefinedFile, "--tables %s: no NAME.parquet and no folder of Parquet files in it", folder)
		}
		for _, t := range found {
			exists := catalog.Fail
			if c.Shared() { // another process, or this one before, may have registered it
				if have, ok := c.Lookup(t.Schema, t.Name); ok && have.Location == t.Location {
					continue
				}
				exists = catalog.Replace
			}
			if _, err := c.Create(ctx, t, exists); err != nil {
				return sqlerr.Wrap(err, "--tables %s: table %s", folder, t.Name)
			}
		}
	}
	return nil
}

func tablesUnder(ctx context.Context, store object.Store, folder string) ([]catalog.Table, error) {
	name := strings.TrimSuffix(folder, "/")
	infos, err := object.Resolve(ctx, store, name+"/")
	if err != nil {
		if _, fileErr := object.Resolve(ctx, store, name); fileErr == nil {
			return nil, sqlerr.New(sqlerr.UndefinedFile, "%q is a file and no folder", name).
				WithHint("Give the folder that it is in.")
		}
		return nil, err
	}
	root := commonRoot(folder)
	var out []catalog.Table
	seen := map[string]bool{}
	for _, info := range infos {
		rest := strings.TrimPrefix(strings.TrimPrefix(info.Path, root), "/")
		first, _, nested := strings.Cut(rest, "/")
		t := catalog.Table{Name: first, Location: root + "/" + first + "/"}
		if !nested {
			t.Name, t.Location = strings.TrimSuffix(first, path.Ext(first)), info.Path
		}
		if !seen[t.Name] {
			seen[t.Name] = true
			out = append(out, t)
		}
	}
	return out, nil
}

// commonRoot is a folder without trailing slash, as object paths begin with it.
func commonRoot(folder string) string {
	if strings.Contains(folder, "://") {
		return strings.TrimRight(folder, "/")
	}
	return path.Clean(folder)
}
