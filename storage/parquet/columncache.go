package parquet

import (
	"cmp"
	"container/list"
	"maps"
	"slices"
	"sync"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/storage/object"
)

// ColumnCache keeps decoded column chunks, their pages and dictionaries as scans left
// them, by version of the file. All queries share it. Safe for concurrent use.
//
// It holds limitBytes at most, charged to its account. What is full takes a chunk in
// only in the place of one that was asked for less often, so that a scan of more than
// fits does not push out everything before it comes round again (Einziger, Friedman &
// Manes, "TinyLFU", ACM ToS 2017; here the counters are exact). Under pressure of the
// ledger it gives up what has not been used for longest.
type ColumnCache struct {
	account    *memory.Account
	limitBytes int64

	mu     sync.Mutex
	chunks map[chunkKey]*list.Element
	order  *list.List // of *cachedChunk, most recently used first
	bytes  int64
	asked  map[chunkKey]uint32 // how often each chunk was asked for
	asks   int                 // sum of asked
}

// chunkKey is a column chunk of one version of a file.
type chunkKey struct {
	file             object.Info
	rowGroup, column int
}

// NewColumnCache makes a cache of limitBytes at most; the account is closed with it.
func NewColumnCache(limitBytes int64, account *memory.Account) *ColumnCache {
	return &ColumnCache{account: account, limitBytes: limitBytes, chunks: map[chunkKey]*list.Element{}, order: list.New(), asked: map[chunkKey]uint32{}}
}

// UsedBytes is what the cache holds now.
func (c *ColumnCache) UsedBytes() int64 { return c.account.UsedBytes() }

// Held is what the cache has of a file, by path: row groups of which it keeps a column, in
// order.
type Held struct {
	Path   string
	Groups []int
}

// Held lists the files that most is kept of, n at most. Of a file in two versions both
// count.
func (c *ColumnCache) Held(n int) []Held {
	groups := map[string]map[int]bool{}
	c.mu.Lock()
	for key := range c.chunks {
		if groups[key.file.Path] == nil {
			groups[key.file.Path] = map[int]bool{}
		}
		groups[key.file.Path][key.rowGroup] = true
	}
	c.mu.Unlock()
	var out []Held
	for path, of := range groups {
		out = append(out, Held{path, slices.Sorted(maps.Keys(of))})
	}
	slices.SortFunc(out, func(a, b Held) int {
		return cmp.Or(cmp.Compare(len(b.Groups), len(a.Groups)), cmp.Compare(a.Path, b.Path))
	})
	return out[:min(n, len(out))]
}

// Reclaim gives up about so many bytes.
func (c *ColumnCache) Reclaim(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for target := c.bytes - bytes; c.bytes > max(target, 0) && c.order.Len() > 0; {
		c.drop(c.order.Back())
	}
}

// Close gives up everything.
func (c *ColumnCache) Close() {
	c.Reclaim(1 << 62)
	c.account.Close()
}

// forgetAfter is how many asks, for each chunk counted, make all counts half as much.
const forgetAfter = 8

// chunk gives the entry of a chunk, a new one when there is room for it; nil when it
// is not to be kept.
func (c *ColumnCache) chunk(key chunkKey) *cachedChunk {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count(key)
	if e := c.chunks[key]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*cachedChunk)
	}
	if c.bytes > c.limitBytes*7/8 {
		last := c.order.Back()
		if last == nil || c.asked[key] <= c.asked[last.Value.(*cachedChunk).key] {
			return nil
		}
	}
	e := &cachedChunk{cache: c, key: key}
	c.chunks[key] = c.order.PushFront(e)
	return e
}

func (c *ColumnCache) count(key chunkKey) {
	c.asked[key]++
	c.asks++
	if c.asks <= forgetAfter*(len(c.asked)+1024) {
		return
	}
	c.asks = 0
	for k, n := range c.asked {
		if n /= 2; n == 0 {
			delete(c.asked, k)
			continue
		}
		c.asked[k] = n / 2
		c.asks += int(n / 2)
	}
}

func (c *ColumnCache) drop(e *list.Element) {
	chunk := e.Value.(*cachedChunk)
	c.order.Remove(e)
	delete(c.chunks, chunk.key)
	c.bytes -= chunk.empty()
}

// grow takes note of more bytes in a chunk, and makes room for them by giving up
// others.
func (c *ColumnCache) grow(key chunkKey, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += bytes
	for c.bytes > c.limitBytes && c.order.Len() > 0 {
		last := c.order.Back()
		if last.Value.(*cachedChunk).key == key {
			if c.order.Len() == 1 {
				break
			}
			c.order.MoveToFront(last)
			continue
		}
		c.drop(last)
	}
}

// cachedChunk is what is kept of a column chunk. It holds one reference of every
// slab under it.
type cachedChunk struct {
	cache *ColumnCache
	key   chunkKey

	mu       sync.Mutex
	gone     bool // given up: it takes nothing in any more
	pages    []pageRef
	dictPage *pageRef
	allDict  bool
	dict     *dictionary
	decoded  []*page // by number; nil where it is not there
	missing  int     // of decoded
	bytes    int64
}

// empty gives everything up and says how much that was.
func (e *cachedChunk) empty() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.decoded {
		if p != nil {
			p.arena.release()
		}
	}
	if e.dict != nil {
		e.dict.arena.release()
	}
	bytes := e.bytes
	e.gone, e.pages, e.decoded, e.dict, e.bytes = true, nil, nil, nil, 0
	return bytes
}

// lend gives a chunk what is kept: the headers, the dictionary and the decoded pages,
// with references of its own. It reports whether nothing else is needed.
func (e *cachedChunk) lend(c *chunk) (whole bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone || e.pages == nil {
		return false
	}
	c.pages, c.dictPage, c.allDict, c.current = slices.Clone(e.pages), e.dictPage, e.allDict, -1
	if e.dict != nil && c.dict == nil {
		c.dict = e.dict.share()
	}
	if c.dict != nil && e.dict != nil && c.dict.dict != e.dict.dict {
		return false // codes of another dictionary
	}
	c.lent = make([]*page, len(e.decoded))
	for i, p := range e.decoded {
		if p != nil {
			c.lent[i] = p.share()
		}
	}
	return e.missing == 0 && (e.dict != nil || e.dictPage == nil)
}

// keepHeaders takes note of a chunk's pages.
func (e *cachedChunk) keepHeaders(c *chunk) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone || e.pages != nil {
		return
	}
	e.pages, e.dictPage, e.allDict = slices.Clone(c.pages), c.dictPage, c.allDict
	e.decoded, e.missing = make([]*page, len(c.pages)), len(c.pages)
}

// keepDict keeps a dictionary that has just been decoded, and gives the one to use:
// another scan may have been faster.
func (e *cachedChunk) keepDict(d *dictionary) *dictionary {
	moved := d.arena.move(e.cache.account)
	e.mu.Lock()
	if e.dict != nil {
		kept := e.dict.share()
		e.mu.Unlock()
		d.arena.release()
		return kept
	}
	if e.gone || !moved {
		e.mu.Unlock()
		return d
	}
	e.dict = d.share()
	bytes := d.arena.size()
	e.bytes += bytes
	e.mu.Unlock()
	e.cache.grow(e.key, bytes)
	return d
}

// keepPage keeps page number i of a chunk, which has just been decoded.
func (e *cachedChunk) keepPage(c *chunk, i int) {
	p := &c.page
	moved := p.arena.move(e.cache.account)
	e.mu.Lock()
	coded := p.col.Dict != nil
	if e.gone || !moved || e.decoded == nil || e.decoded[i] != nil || coded && (e.dict == nil || e.dict.dict != p.col.Dict) {
		e.mu.Unlock()
		return
	}
	e.decoded[i] = p.share()
	e.missing--
	bytes := p.arena.size()
	e.bytes += bytes
	e.mu.Unlock()
	e.cache.grow(e.key, bytes)
}

// share is the page again, with references of its own.
func (p *page) share() *page {
	c := *p
	c.arena.slabs = slices.Clone(p.arena.retain())
	return &c
}

// share is the dictionary again, with references of its own.
func (d *dictionary) share() *dictionary {
	c := *d
	c.arena.slabs = slices.Clone(d.arena.retain())
	return &c
}

// size is the bytes of all slabs.
func (a *arena) size() int64 {
	n := int64(0)
	for _, s := range a.slabs {
		n += int64(len(s.Bytes()))
	}
	return n
}

// move charges all slabs to another account, if it has room for them. Nobody else has
// seen them yet.
func (a *arena) move(to *memory.Account) bool {
	for _, s := range a.slabs {
		if !s.TryMove(to) {
			return false
		}
	}
	return true
}
