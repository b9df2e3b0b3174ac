package cluster

import (
	"log/slog"
	"testing"
)

// counter is an actor that says when it has got so many messages.
type counter struct {
	left int
	done chan struct{}
}

func (c *counter) Receive(Address, any) {
	if c.left--; c.left == 0 {
		close(c.done)
	}
}

func BenchmarkSendWithinAProcess(b *testing.B) {
	s := NewSystem(slog.New(slog.DiscardHandler))
	defer s.Shutdown()
	c := &counter{b.N, make(chan struct{})}
	to, err := s.Spawn("counter", c)
	if err != nil {
		b.Fatal(err)
	}
	message := &Envelope{}
	b.ResetTimer()
	for range b.N {
		s.Send(to, message)
	}
	<-c.done
}
