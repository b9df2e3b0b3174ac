package table

import (
	"context"
	"errors"
	"io"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// mergeFrom is how many neighbouring parts of about the same size are merged. A row is
// then written again once for each factor of mergeFrom that its table grows by.
const mergeFrom = 8

// compact merges small parts as long as there are many. Whoever has published parts
// does it, one at a time; when it cannot be done now the next one will.
func (t *Table) compact(ctx context.Context) {
	if !t.compacting.TryLock() {
		return
	}
	defer t.compacting.Unlock()
	for {
		run := t.mergeable()
		if run == nil || t.merge(ctx, run) != nil {
			return
		}
	}
}

// mergeable is a run of neighbouring parts, the newest of a class of size, that are to
// be one.
func (t *Table) mergeable() []object.Info {
	t.store.mu.Lock()
	parts := t.parts
	t.store.mu.Unlock()
	end := len(parts)
	for end >= mergeFrom {
		class := sizeClass(parts[end-1].SizeBytes)
		from := end - 1
		for from > 0 && sizeClass(parts[from-1].SizeBytes) <= class {
			from--
		}
		if end-from >= mergeFrom && class < largestClass {
			return parts[from:end]
		}
		end = from
	}
	return nil
}

// largestClass is that of parts which stay as they are.
const largestClass = 5

// sizeClass grows by one with every factor of mergeFrom from 4 KiB on.
func sizeClass(bytes int64) int {
	class := 0
	for limit := int64(4 << 10); bytes > limit && class < largestClass; limit *= mergeFrom {
		class++
	}
	return class
}

// merge puts one part, or few, in the place of several.
func (t *Table) merge(ctx context.Context, run []object.Info) error {
	paths := make([]string, len(run))
	for i, p := range run {
		paths[i] = p.Path
	}
	pins, err := t.store.Pin(paths)
	if err != nil {
		return err
	}
	defer pins.Release()
	w, err := t.NewWriter()
	if err != nil {
		return err
	}
	defer w.Close()
	footers := parquet.NewCache(t.store, 1<<20)
	defer footers.Close()
	pool := memory.NewPool()
	for _, p := range run {
		if err := copyRows(ctx, footers, pool, p, w); err != nil {
			return err
		}
	}
	if err := w.endPart(); err != nil {
		return err
	}
	if err := t.exchange(run, false, w.done); err != nil {
		return err
	}
	w.published = true
	return nil
}

// copyRows writes all rows of a part again.
func copyRows(ctx context.Context, files *parquet.Cache, pool *memory.Pool, p object.Info, w *Writer) error {
	f, err := files.Open(ctx, p)
	if err != nil {
		return err
	}
	spec := &parquet.Scan{Pool: pool, Account: w.table.store.account}
	for i := range w.columns {
		spec.Columns = append(spec.Columns, i)
		spec.Emit = append(spec.Emit, i)
	}
	for g := range f.RowGroupCount() {
		if err := copyGroup(ctx, f, g, spec, w); err != nil {
			return err
		}
	}
	return nil
}

func copyGroup(ctx context.Context, f *parquet.File, group int, spec *parquet.Scan, w *Writer) error {
	r, err := f.PrepareRowGroup(ctx, group, spec, true)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	if err := r.Start(ctx); err != nil {
		return errors.Join(err, r.Close())
	}
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return r.Close()
		}
		if err == nil {
			err = w.Write(ctx, b)
			b.Release()
		}
		if err != nil {
			return errors.Join(err, r.Close())
		}
	}
}
