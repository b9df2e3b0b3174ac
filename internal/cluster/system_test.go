package cluster

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// recorder is an actor that passes on what it receives.
type recorder struct{ got chan any }

func (r *recorder) Receive(_ Address, message any) { r.got <- message }

func TestMessagesArriveInTheOrderSent(t *testing.T) {
	s := NewSystem(slog.New(slog.DiscardHandler))
	defer s.Shutdown()
	r := &recorder{make(chan any, 100)}
	to, err := s.Spawn("recorder", r)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		s.Send(to, i)
	}
	for i := range 100 {
		if got := <-r.got; got != i {
			t.Fatalf("message %d is %v", i, got)
		}
	}
	if _, err := s.Spawn("recorder", r); err == nil {
		t.Error("a second actor of the same name was spawned")
	}
	s.Send(Address{}, "to nobody")
}

func TestWhatTheRuntimeSaysIsForDebugging(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := NewSystem(log)
	to, err := s.Spawn("gone", &recorder{make(chan any, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s.Stop(to)
	s.Send(to, "a dead letter")
	s.Shutdown()
	if out.Len() != 0 {
		t.Errorf("a normal run logs:\n%s", out.String())
	}
	inner := slog.New(debugging{log.Handler()}).With("actor", "a").WithGroup("g")
	inner.Info("nothing")
	inner.Error("trouble")
	if got := out.String(); strings.Contains(got, "nothing") || !strings.Contains(got, "level=DEBUG msg=trouble") || !strings.Contains(got, "actor=a") {
		t.Errorf("logged: %q", got)
	}
	out.Reset()
	usual := slog.New(slog.NewTextHandler(&out, nil))
	if slog.New(debugging{usual.Handler()}).Error("trouble"); out.Len() != 0 {
		t.Errorf("logged where nobody debugs: %q", out.String())
	}
}
