package cluster

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Actor receives messages one at a time. Receive must not block; self is its own
// address, for messages that its goroutines send it.
type Actor interface {
	Receive(self Address, message any)
}

// System runs the actors of a process.
type System struct {
	system      *actor.ActorSystem
	incarnation uint64   // greater than that of any process before it of the same name
	actors      sync.Map // name → *actor.PID of those spawned here
	remote      atomic.Pointer[remoting]
	shutdown    sync.Once
}

// NewSystem starts an actor system. What its runtime has to say goes to log as debug
// messages: that it has started, that an actor that has stopped was sent a message, or
// that a connection broke, which the link makes good and reports itself, is nothing that
// whoever runs a cluster can act on.
func NewSystem(log *slog.Logger) *System {
	quiet := slog.New(debugging{log.Handler()})
	return &System{incarnation: uint64(time.Now().UnixNano()), system: actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }),
		// A message to an actor that has stopped starts a goroutine for as long.
		actor.WithDeadLetterThrottleInterval(time.Millisecond))}
}

// debugging is a handler that makes debug messages of warnings and errors, and drops what
// is less.
type debugging struct{ slog.Handler }

func (d debugging) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && d.Handler.Enabled(ctx, slog.LevelDebug)
}

func (d debugging) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return d.Handler.Handle(ctx, r)
}

func (d debugging) WithAttrs(attrs []slog.Attr) slog.Handler {
	return debugging{d.Handler.WithAttrs(attrs)}
}

func (d debugging) WithGroup(name string) slog.Handler { return debugging{d.Handler.WithGroup(name)} }

// Spawn starts an actor under a name unique in the process.
func (s *System) Spawn(name string, a Actor) (Address, error) {
	props := actor.PropsFromFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case actor.SystemMessage, actor.AutoReceiveMessage:
		default:
			a.Receive(Address{pid: ctx.Self()}, m)
		}
	})
	pid, err := s.system.Root.SpawnNamed(props, name)
	if err == nil {
		s.actors.Store(name, pid)
	}
	return Address{pid: pid}, err
}

// Local is the address of an actor of this process by its name; nobody's when there is
// none.
func (s *System) Local(name string) Address {
	pid, _ := s.actor(name)
	return Address{pid: pid}
}

// actor is a local actor by its name.
func (s *System) actor(name string) (*actor.PID, bool) {
	pid, ok := s.actors.Load(name)
	if !ok {
		return nil, false
	}
	return pid.(*actor.PID), true
}

// Incarnation tells this process from those before it.
func (s *System) Incarnation() uint64 { return s.incarnation }

// Send puts a message into an actor's mailbox; it does not wait. To an actor of another
// process a message goes in the form of the Codec: it arrives once and in order, or the
// process is reported as failed and the sender of an Envelope gets it back as
// Undelivered.
func (s *System) Send(to Address, message any) {
	if to.incarnation == 0 && to.pid != nil {
		s.system.Root.Send(to.pid, message)
		return
	}
	s.sendFar(to, message)
}

// sendFar sends to an address that names a process, which may be this one.
func (s *System) sendFar(to Address, message any) {
	switch {
	case to.pid == nil:
	case to.incarnation == s.incarnation:
		if pid, ok := s.actor(to.Name()); ok {
			s.system.Root.Send(pid, message)
		}
	default:
		if r := s.remote.Load(); r != nil {
			r.link.send(to, message)
		}
	}
}

// Stop ends an actor of this process after the messages it has already got.
func (s *System) Stop(a Address) {
	if a.pid != nil && a.incarnation == 0 {
		_ = s.system.Root.PoisonFuture(a.pid).Wait()
		s.actors.CompareAndDelete(a.pid.Id, a.pid)
	}
}

// Shutdown ends the actor system; idempotent.
func (s *System) Shutdown() {
	s.shutdown.Do(func() {
		if r := s.remote.Load(); r != nil {
			r.close()
		}
		s.system.Shutdown()
	})
}

// Envelope is a message with the address that answers go to.
type Envelope struct {
	From    Address
	Message any
}
