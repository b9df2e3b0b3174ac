package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
	"github.com/skein-query/skein/storage/table"
)

// Files is what a location holds at one moment: versions of files, their common
// schema and merged statistics. It is immutable.
type Files struct {
	Infos     []object.Info
	RowGroups []int // row groups of each file
	Rows      int64
	Fields    []parquet.Field
	Columns   []ColumnStats // one per field
}

// maxSeen bounds how many file sets are remembered.
const maxSeen = 1000

// Files looks at a location: a file, a folder, a glob, on disk or in a bucket.
// Errors: undefined_file, and data_corrupted when a file is none of Parquet or its
// schema contradicts the first one's.
func (c *Catalog) Files(ctx context.Context, location string) (*Files, error) {
	if table.IsPart(location) {
		return c.parts(ctx, location)
	}
	infos, err := object.Resolve(ctx, c.store, location)
	return c.look(ctx, location, infos, err)
}

// look describes the files that were found at a location.
func (c *Catalog) look(ctx context.Context, location string, infos []object.Info, err error) (*Files, error) {
	if err != nil {
		return nil, err
	}
	if last := c.Known(location); last != nil && slices.EqualFunc(last.Infos, infos, object.Info.Same) {
		return last, nil
	}
	key := versions(infos)
	if known := c.remembered(key, location); known != nil {
		return known, nil
	}
	f := &Files{Infos: infos, RowGroups: make([]int, len(infos))}
	opened := make([]*parquet.File, len(infos))
	errs := make([]error, len(infos))
	each(len(infos), func(i int) { opened[i], errs[i] = c.files.Open(ctx, infos[i]) })
	for i := range infos {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if err := f.add(i, opened[i]); err != nil {
			return nil, err
		}
	}
	f.Columns = statistics(ctx, opened, len(f.Fields))
	c.remember(key, location, f)
	return f, nil
}

// FilesOf looks at several locations at the same time; what fails is nil.
func (c *Catalog) FilesOf(ctx context.Context, locations []string) []*Files {
	out := make([]*Files, len(locations))
	each(len(locations), func(i int) {
		if f, err := c.Files(ctx, locations[i]); err == nil {
			out[i] = f
		}
	})
	return out
}

// Known is what was at a location when it was looked at last: good for names and
// types, not for reading. Nil when it never was.
func (c *Catalog) Known(location string) *Files {
	c.seenMu.Lock()
	defer c.seenMu.Unlock()
	return c.last[location]
}

// remembered is what is known about the files of these versions.
func (c *Catalog) remembered(versions, location string) *Files {
	c.seenMu.Lock()
	defer c.seenMu.Unlock()
	f := c.seen[versions]
	if f != nil {
		c.keepLast(location, f)
	}
	return f
}

func (c *Catalog) remember(versions, location string, f *Files) {
	c.seenMu.Lock()
	defer c.seenMu.Unlock()
	if len(c.seen) >= maxSeen {
		clear(c.seen)
	}
	c.seen[versions] = f
	c.keepLast(location, f)
}

func (c *Catalog) keepLast(location string, f *Files) {
	if len(c.last) >= maxSeen {
		clear(c.last)
	}
	c.last[location] = f
}

// maxReads is how many files or columns are looked at at the same time: in a bucket
// each costs a request or several.
const maxReads = 16

// each calls do for 0 to n-1, some at the same time, and waits for all.
func each(n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, maxReads) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	wg.Wait()
}

func versions(infos []object.Info) string {
	var b strings.Builder
	for _, i := range infos {
		fmt.Fprintf(&b, "%s|%d|%d|%s\n", i.Path, i.SizeBytes, i.ModTime.UnixNano(), i.ETag)
	}
	return b.String()
}

// add takes a file in; all files must have the fields of the first, by name and
// type.
func (f *Files) add(i int, file *parquet.File) error {
	f.RowGroups[i] = len(file.RowGroups())
	f.Rows += file.Rows()
	fields := file.Fields()
	if i == 0 {
		f.Fields = append([]parquet.Field(nil), fields...)
		return nil
	}
	for j := range f.Fields {
		want := &f.Fields[j]
		found := false
		for _, have := range fields {
			if have.Name != want.Name {
				continue
			}
			if !arrow.TypeEqual(have.Type, want.Type) {
				return sqlerr.New(sqlerr.DataCorrupted, "column %q of %s is %s, but %s in %s",
					want.Name, f.Infos[i].Path, have.Type, want.Type, f.Infos[0].Path)
			}
			want.Nullable = want.Nullable || have.Nullable
			found = true
		}
		if !found {
			return sqlerr.New(sqlerr.DataCorrupted, "%s has no column %q, which %s has", f.Infos[i].Path, want.Name, f.Infos[0].Path)
		}
	}
	return nil
}
