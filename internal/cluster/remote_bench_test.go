//go:build !race

package cluster

import (
	"bytes"
	"runtime"
	"testing"
	"time"
)

func benchmarkProcesses(b *testing.B) (*process, Address, *counter) {
	key, err := NewKey(bytes.Repeat([]byte("k"), 40))
	if err != nil {
		b.Fatal(err)
	}
	keyed := func(c *Remoting) { c.Key = key }
	from, to := listening(b, keyed), listening(b, keyed)
	c := &counter{b.N, make(chan struct{})}
	if _, err := to.Spawn("counter", c); err != nil {
		b.Fatal(err)
	}
	from.Send(to.address("echo"), "connect")
	receive(b, to.got)
	return from, to.address("counter"), c
}

// BenchmarkSendBetweenProcesses is what a stream of messages to another process takes,
// with no more on the way than a peer may be owed.
func BenchmarkSendBetweenProcesses(b *testing.B) {
	from, to, c := benchmarkProcesses(b)
	message := string(bytes.Repeat([]byte("x"), 1000))
	l := from.link()
	b.ResetTimer()
	for i := range b.N {
		for i%1000 == 0 {
			l.mu.Lock()
			waiting := len(l.peers[peerKey{to.Host(), to.incarnation}].out.queue)
			l.mu.Unlock()
			if waiting < maxQueued/2 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		from.Send(to, message)
	}
	<-c.done
}

// BenchmarkAcknowledgement is from a Send to its acknowledgement, one at a time.
func BenchmarkAcknowledgement(b *testing.B) {
	from, to, _ := benchmarkProcesses(b)
	l := from.link()
	p := l.peers[peerKey{to.Host(), to.incarnation}]
	b.ResetTimer()
	for range b.N {
		from.Send(to, "x")
		for owed := 1; owed > 0; {
			runtime.Gosched()
			l.mu.Lock()
			owed = len(p.out.queue)
			l.mu.Unlock()
		}
	}
}
