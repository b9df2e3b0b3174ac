package cluster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestLettersArriveOnceAndInOrder sends letters over a network that loses, repeats and
// delays, with time told step by step.
func TestLettersArriveOnceAndInOrder(t *testing.T) {
	bytes := make([]byte, 3<<20)
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		out, in := outbox{session: 1}, inbox{}
		now := time.Unix(0, 0)
		type sent struct {
			base uint64
			letter
		}
		var network []sent
		var acks, got []uint64
		const n = 200
		for step := 0; len(got) < n || len(out.queue) > 0; step++ {
			if step > 100_000 {
				t.Fatalf("seed %d: %d of %d arrived", seed, len(got), n)
			}
			now = now.Add(time.Duration(r.IntN(50)) * time.Millisecond)
			if out.last < n && r.IntN(2) == 0 {
				out.add(letter{payload: bytes[:r.IntN(len(bytes))]})
			}
			for _, l := range out.take(now) {
				if r.IntN(4) > 0 {
					network = append(network, sent{out.base(), l})
				}
			}
			if r.IntN(100) == 0 {
				out.rewind()
			}
			for range r.IntN(4) {
				if len(network) == 0 {
					break
				}
				i := 0
				if r.IntN(5) == 0 {
					i = r.IntN(len(network))
				}
				l := network[i]
				if r.IntN(5) > 0 {
					network = slices.Delete(network, i, i+1)
				}
				if in.take(1, l.base, l.seq) == deliver {
					got = append(got, l.seq)
				}
				acks = append(acks, in.expected-1)
			}
			if len(acks) > 0 && r.IntN(2) == 0 {
				i := r.IntN(len(acks))
				out.acknowledged(1, acks[i], now)
				acks = slices.Delete(acks, i, i+1)
			}
		}
		for i, seq := range got {
			if seq != uint64(i+1) {
				t.Fatalf("seed %d: letter %d is %d", seed, i+1, seq)
			}
		}
	}
}

func TestTheOutboxKeepsItsBounds(t *testing.T) {
	now := time.Unix(0, 0)
	o := outbox{session: 1}
	for range maxQueued {
		if !o.add(letter{deadline: now.Add(time.Second)}) {
			t.Fatal("a letter within bounds is refused")
		}
	}
	if o.add(letter{}) {
		t.Error("a letter too many is taken")
	}
	if n := len(o.take(now)); n != windowCount {
		t.Errorf("%d letters are on their way at a time", n)
	}
	if n := len(o.take(now)); n != 0 || o.due(now) {
		t.Errorf("%d more are sent before any is acknowledged", n)
	}
	if done := o.acknowledged(1, 10, now); len(done) != 10 || len(o.take(now)) != 10 {
		t.Errorf("%d letters are acknowledged", len(done))
	}
	for _, c := range [][2]uint64{{1, 9}, {2, 11}, {1, maxQueued + 1}} {
		if len(o.acknowledged(c[0], c[1], now)) > 0 {
			t.Errorf("session %d, letter %d is taken for an acknowledgement", c[0], c[1])
		}
	}
	if o.expired(now.Add(time.Second)) || !o.expired(now.Add(time.Second+1)) {
		t.Error("the deadline is elsewhere")
	}
	large := outbox{session: 1}
	for range 3 {
		large.add(letter{payload: make([]byte, windowBytes)})
	}
	if n := len(large.take(now)); n != 1 {
		t.Errorf("%d letters of the size of the window are on their way", n)
	}
	if large.due(now.Add(retryFirst)) {
		t.Error("a large letter gets no time to be sent")
	}
}

func TestTheInboxKnowsSessions(t *testing.T) {
	in := inbox{}
	for i, c := range []struct {
		session, base, seq uint64
		want               verdict
	}{
		{5, 3, 3, deliver}, // the first two were had before
		{5, 3, 3, drop},
		{5, 3, 5, drop}, // 4 is missing
		{5, 4, 4, deliver},
		{4, 1, 1, ignore}, // late
		{6, 1, 2, drop},   // 1 is missing
		{6, 1, 1, deliver},
		{5, 5, 5, ignore},
	} {
		if got := in.take(c.session, c.base, c.seq); got != c.want {
			t.Errorf("%d: %+v: %d", i, c, got)
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add((&frame{host: "h:1", incarnation: 2, to: 3, session: 4, base: 5, letters: []letter{{seq: 6, target: "a", from: "b", payload: []byte("c")}},
		ackSession: 7, ack: 8, refused: []refusal{{9, "no"}}, gone: 10}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := decodeFrame(b)
		if err != nil {
			return
		}
		again, err := decodeFrame(x.encode())
		if err != nil || fmt.Sprint(again) != fmt.Sprint(x) {
			t.Fatalf("%v becomes %v, %v", x, again, err)
		}
	})
}
