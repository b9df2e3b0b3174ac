package key_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// TestGoroutinesInternTogether: equal strings get equal ids whoever brings them, as plain
// strings, as a dictionary or as a constant, and are looked up and given back afterwards.
func TestGoroutinesInternTogether(t *testing.T) {
	const goroutines, batches, rows = 4, 40, 300
	strings := key.NewSharedStrings(nil, goroutines)
	layout := key.NewLayout([]expr.Type{expr.Of(expr.Text)}, []bool{false})
	word := func(k int) string {
		if k%3 == 0 {
			return fmt.Sprint(k) // short enough to stand in its view
		}
		return fmt.Sprintf("a string that needs memory of its own, %d", k)
	}
	var all sync.Map // by word: its id and hash
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			e := key.NewEncoder(layout, strings)
			var block key.Block
			if err := e.Encode([]vector.Column{texts()}, 0, nil, &block); err != nil {
				t.Error(err)
			}
			for range batches {
				words := make([]string, rows)
				for i := range words {
					words[i] = word(r.IntN(5000))
				}
				col := texts(words...)
				if r.IntN(3) == 0 {
					codes := make([]uint8, rows)
					for i := range codes {
						codes[i] = uint8(r.IntN(200))
						words[i] = ""
					}
					for i, c := range codes {
						words[i] = string(col.Views()[c].Bytes(col.Buffers))
					}
					col = vector.Column{Kind: vector.String, Len: rows, Dict: &vector.Dict{Values: col}, Width: 1, Data: codes}
				}
				if err := e.Encode([]vector.Column{col}, rows, nil, &block); err != nil {
					t.Error(err)
					return
				}
				for i, w := range words {
					got := [2]uint64{block.Words[i], block.Hashes[i]}
					if known, _ := all.LoadOrStore(w, got); known != got {
						t.Errorf("%q is %v for one goroutine, %v for another", w, known, got)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	n := 0
	all.Range(func(w, got any) bool {
		n++
		words := got.([2]uint64)
		c := layout.Column(0, words[:1], 1, strings)
		if back := string(c.Views()[0].Bytes(c.Buffers)); back != w {
			t.Errorf("%q comes back as %q", w, back)
		}
		if id := strings.Lookup([]byte(w.(string)), key.HashBytes([]byte(w.(string)))); uint64(id) != words[0] {
			t.Errorf("%q is found as %d, not %d", w, id, words[0])
		}
		return true
	})
	visited := 0
	for range strings.All {
		visited++
	}
	if n < 4000 || visited != n || strings.Len() != n+1 {
		t.Errorf("%d strings, %d visited, %d counted", n, visited, strings.Len()-1)
	}
}
