package parquet

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/storage/object"
)

const (
	maxGapBytes     = 1 << 20  // ranges closer than this are read as one
	maxRequestBytes = 16 << 20 // longer ranges are read by several requests
	maxRequests     = 8        // at the same time, per call
)

// fetch brings the pages of chunks near: as views of a mapping, or by as few reads
// as make sense.
func fetch(ctx context.Context, r object.Reader, chunks []*chunk) error {
	var missing []*chunk
	for _, c := range chunks {
		if c.raw != nil || c.whole || slices.Contains(missing, c) {
			continue
		}
		if c.borrow(); c.whole {
			continue
		}
		from, n := c.meta.extent()
		if c.raw = r.View(from, n); c.raw != nil {
			c.mapped = true
		} else {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		if err := fetchRanges(ctx, r, missing); err != nil {
			return err
		}
	}
	for _, c := range chunks {
		if c.pages == nil {
			if err := c.index(); err != nil {
				c.pages, c.dictPage = nil, nil
				return err
			}
			if c.cached != nil {
				c.cached.keepHeaders(c)
			}
		}
	}
	return nil
}

// borrow takes what the cache has of a chunk.
func (c *chunk) borrow() {
	if c.file.columns == nil || c.cached != nil {
		return
	}
	key := chunkKey{file: keyOf(c.file.info), rowGroup: c.rowGroup, column: c.leaf.column}
	if c.cached = c.file.columns.chunk(key); c.cached != nil {
		c.whole = c.cached.lend(c)
	}
}

// request is one read into a slab, which holds the pages of several chunks.
type request struct {
	from, to int64
	chunks   []*chunk
}

func fetchRanges(ctx context.Context, r object.Reader, chunks []*chunk) error {
	slices.SortFunc(chunks, func(a, b *chunk) int {
		x, _ := a.meta.extent()
		y, _ := b.meta.extent()
		return compare(x, y)
	})
	var requests []request
	for _, c := range chunks {
		from, n := c.meta.extent()
		if k := len(requests) - 1; k >= 0 && from-requests[k].to <= maxGapBytes && from+n-requests[k].from <= maxRequestBytes {
			requests[k].to = max(requests[k].to, from+n)
			requests[k].chunks = append(requests[k].chunks, c)
			continue
		}
		requests = append(requests, request{from, from + n, []*chunk{c}})
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxRequests)
	var slabs []*memory.Slab
	for _, q := range requests {
		scan := q.chunks[0].scan
		slab, err := scan.Pool.Get(int(q.to-q.from), scan.Account)
		if err != nil {
			_ = g.Wait()
			releaseAll(slabs)
			return err
		}
		slabs = append(slabs, slab)
		for off := q.from; off < q.to; off += maxRequestBytes {
			buf := slab.Bytes()[off-q.from : min(off+maxRequestBytes, q.to)-q.from]
			g.Go(func() error { return r.ReadAt(ctx, buf, off) })
		}
	}
	if err := g.Wait(); err != nil {
		releaseAll(slabs)
		return err
	}
	for i, q := range requests {
		for _, c := range q.chunks {
			from, n := c.meta.extent()
			c.raw = slabs[i].Bytes()[from-q.from : from-q.from+n]
			slabs[i].Retain()
			c.own.slabs = append(c.own.slabs, slabs[i])
		}
	}
	releaseAll(slabs)
	return nil
}

func releaseAll(slabs []*memory.Slab) {
	for _, s := range slabs {
		s.Release()
	}
}
