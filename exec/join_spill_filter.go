package exec

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

const (
	// leastBloom and mostBloom bound the Bloom filter of a spilling join, in bytes;
	// bloomPart is the part of a share's room that it may take.
	leastBloom, mostBloom, bloomPart = 64 << 10, 16 << 20, 16
	// fullBloom is the bits a key from which it still rejects something.
	fullBloom = 4
)

// spilledKey is a Bloom filter over one integer-like key of a build side that is being
// written to files: how many keys there will be is not known when it begins. It keeps
// rows without a partner from being written, and from being read at all where a scan
// takes it as runtime filter.
type spilledKey struct {
	key   int
	typ   expr.Type
	bloom bloom // bits are set atomically

	mu        sync.Mutex
	low, high int64
	n         int
}

// newSpilledKeys makes the filters of a join, none where rows without a partner count
// or there is no room.
func (s *joinBuild) newSpilledKeys(env *Env) []*spilledKey {
	if !needsProbeMatch(s.node.Kind) || s.node.NullEqual || env.depth > 0 {
		return nil
	}
	size := min(max(s.share.Room()/bloomPart, leastBloom), mostBloom)
	words := 1 << (bits.Len64(uint64(size/8)) - 1)
	var out []*spilledKey
	for i, k := range s.node.BuildKeys {
		if !integerLike(k.Type()) || s.filters.held.reserve(int64(words)*8) != nil {
			continue
		}
		out = append(out, &spilledKey{key: i, typ: k.Type(), bloom: make(bloom, words), low: 1<<63 - 1, high: -1 << 63})
		if len(out) == 2 {
			break
		}
	}
	return out
}

// add takes the keys of rows sel.
func (f *spilledKey) add(keys []vector.Column, sel vector.Selection) {
	c := &keys[f.key]
	if c.Valid != nil {
		sel = withoutNulls(nil, c, sel)
	}
	values := make([]uint64, len(sel))
	readInts(values, c, sel)
	low, high := int64(1<<63-1), int64(-1<<63)
	for _, v := range values {
		low, high = min(low, int64(v)), max(high, int64(v))
		hash := hashInt(v)
		word, mask := &f.bloom[hash>>24&uint64(len(f.bloom)-1)], bloomMask(hash)
		if atomic.LoadUint64(word)&mask != mask {
			atomic.OrUint64(word, mask)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.low, f.high, f.n = min(f.low, low), max(f.high, high), f.n+len(values)
}

// useful reports whether the complete filter rejects anything.
func (f *spilledKey) useful() bool { return f.n <= len(f.bloom)*64/fullBloom }

func (f *spilledKey) filter() *intFilter {
	return &intFilter{typ: f.typ, low: f.low, high: f.high, keys: f.n, bloom: f.bloom}
}

// publishSpilled makes the runtime filters that scans wait for.
func (s *joinBuild) publishSpilled() {
	for _, f := range s.divided.keys {
		for _, w := range s.filters.wanted {
			if w.Key == f.key && f.useful() {
				s.filters.to.Publish(w.ID, f.filter())
			}
		}
	}
}

// partnered is those of the rows sel of the probe side that may have a partner.
func (s *joinSplit) partnered(keys []vector.Column, n int, sel vector.Selection) vector.Selection {
	for _, f := range s.keys {
		if f.useful() {
			sel = f.filter().Select(&keys[f.key], n, sel)
		}
	}
	return sel
}
