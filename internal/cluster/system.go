package cluster

import (
	"context"
	"log/slog"
	"sync"
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
	system   *actor.ActorSystem
	shutdown sync.Once
}

// NewSystem starts an actor system. What its runtime has to say goes to log from
// warnings on: that it has started, or that an actor that has stopped was sent a
// message, is nothing that whoever runs a cluster can act on.
func NewSystem(log *slog.Logger) *System {
	quiet := slog.New(warnings{log.Handler()})
	return &System{system: actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }),
		// A message to an actor that has stopped starts a goroutine for as long.
		actor.WithDeadLetterThrottleInterval(time.Millisecond))}
}

// warnings is a handler that passes on what is at least a warning.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

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
	return Address{pid: pid}, err
}

// Send puts a message into an actor's mailbox.
func (s *System) Send(to Address, message any) {
	if to.pid != nil {
		s.system.Root.Send(to.pid, message)
	}
}

// Stop ends an actor after the messages it has already got.
func (s *System) Stop(a Address) {
	if a.pid != nil {
		_ = s.system.Root.PoisonFuture(a.pid).Wait()
	}
}

// Shutdown ends the actor system; idempotent.
func (s *System) Shutdown() { s.shutdown.Do(s.system.Shutdown) }

// Envelope is a message with the address that answers go to.
type Envelope struct {
	From    Address
	Message any
}
