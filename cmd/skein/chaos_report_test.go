package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// report is what became of the queries, by the fault they ran under.
type report struct {
	names []string // in the order in which they came
	kinds map[string]*tally
}

// tally is what became of the queries under one kind of fault.
type tally struct {
	rounds, asked, right int
	ended                map[string]int // by error
	usual, extra         time.Duration  // of those that were right
	worst                outlier
}

// outlier is the query that took longest.
type outlier struct {
	name string
	took time.Duration
}

func (r *report) of(name string) *tally {
	if r.kinds == nil {
		r.kinds = map[string]*tally{}
	}
	k := r.kinds[name]
	if k == nil {
		k = &tally{ended: map[string]int{}}
		r.kinds[name] = k
		r.names = append(r.names, name)
	}
	return k
}

// add counts a query. While nothing bad happens it shows how long it takes; later,
// what was lost.
func (k *tally) add(s *statement, took time.Duration, right bool, code sqlerr.Code, dying bool) {
	k.asked++
	switch {
	case right && k.rounds == 0:
		k.right++
		s.calm, s.times = s.calm+took, s.times+1
	case right:
		k.right++
		if s.times > 0 {
			k.usual += s.usual()
			k.extra += took - s.usual()
		}
	case dying:
		k.ended["its coordinator died"]++
	case code == "":
		k.ended["WRONG"]++
	default:
		k.ended[string(code)]++
	}
	if took > k.worst.took {
		k.worst = outlier{s.name, took}
	}
}

// String is a table of Markdown.
func (r *report) String() string {
	var out strings.Builder
	out.WriteString("| fault | rounds | queries | right | ended in an error | usual time of the right, s | extra, s | the slowest |\n")
	out.WriteString("| --- | ---: | ---: | ---: | --- | ---: | ---: | --- |\n")
	for _, name := range r.names {
		k := r.kinds[name]
		var ended []string
		for _, code := range slices.Sorted(maps.Keys(k.ended)) {
			ended = append(ended, fmt.Sprintf("%s: %d", code, k.ended[code]))
		}
		fmt.Fprintf(&out, "| %s | %d | %d | %d | %s | %.1f | %.1f | %s, %.1f s |\n", name, k.rounds, k.asked, k.right,
			strings.Join(ended, ", "), k.usual.Seconds(), k.extra.Seconds(), k.worst.name, k.worst.took.Seconds())
	}
	return out.String()
}
