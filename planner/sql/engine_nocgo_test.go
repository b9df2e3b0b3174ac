//go:build !cgo

package sql

import (
	"strings"
	"sync"
	"testing"
)

// The guard keeps such a text from the grammar; this is what happens when one slips
// through.
func TestStackOverflowOfTheGrammarLeavesAFreshInstance(t *testing.T) {
	if _, err := parseTree("select 1" + strings.Repeat("+1", 30_000)); err == nil {
		t.Fatal("a sum of 30000 terms was parsed: the test needs a worse text")
	}
	for range 3 {
		if _, err := parseTree("select 1 + (select max(a) from t)"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestParseFromManyGoroutines(t *testing.T) {
	<-Warm()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if _, err := Parse("select a from t where b = 1"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
