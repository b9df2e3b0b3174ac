package cluster

import (
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"
)

// Address names an actor.
type Address struct {
	pid *actor.PID
}

// IsZero reports whether the address names no actor.
func (a Address) IsZero() bool { return a.pid == nil }

func (a Address) String() string {
	if a.pid == nil {
		return "nobody"
	}
	return a.pid.Id
}

// Actor receives messages one at a time. Receive must not block; self is its own
// address, for messages that its goroutines send it.
type Actor interface {
	Receive(self Address, message any)
}

// System runs the actors of a process.
type System struct {
	system *actor.ActorSystem
}

// NewSystem starts an actor system that logs through log.
func NewSystem(log *slog.Logger) *System {
	return &System{system: actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return log }))}
}

// Spawn starts an actor under a name unique in the process.
func (s *System) Spawn(name string, a Actor) (Address, error) {
	props := actor.PropsFromFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case actor.SystemMessage, actor.AutoReceiveMessage:
		default:
			a.Receive(Address{ctx.Self()}, m)
		}
	})
	pid, err := s.system.Root.SpawnNamed(props, name)
	return Address{pid}, err
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

// Shutdown ends the actor system.
func (s *System) Shutdown() { s.system.Shutdown() }

// Envelope is a message with the address that answers go to.
type Envelope struct {
	From    Address
	Message any
}
