package cluster

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// Address names an actor: of this process, or of another.
type Address struct {
	pid *actor.PID
	// incarnation is that of the other process, so that nobody takes a process that
	// has come for the one that is gone; 0 in this process.
	incarnation uint64
}

// NewAddress is the address of an actor of another process, which listens on host
// (host:port) and has that incarnation.
func NewAddress(host, name string, incarnation uint64) Address {
	return Address{actor.NewPID(host, name), incarnation}
}

// ParseAddress is the address that a String of another process gave.
func ParseAddress(s string) (Address, error) {
	at := strings.LastIndexByte(s, '#')
	host, name, ok := strings.Cut(s[:max(0, at)], "/")
	incarnation, err := strconv.ParseUint(s[at+1:], 16, 64)
	if at < 0 || !ok || err != nil || incarnation == 0 || host == "" || name == "" {
		return Address{}, fmt.Errorf("%q is no address of an actor: host:port/name#incarnation", s)
	}
	return NewAddress(host, name, incarnation), nil
}

// IsZero reports whether the address names no actor.
func (a Address) IsZero() bool { return a.pid == nil }

// Name is the actor's name in its process.
func (a Address) Name() string { return a.pid.GetId() }

// Host is host:port of the actor's process, Incarnation that process's; 0 when it is
// this one.
func (a Address) Host() string { return a.pid.GetAddress() }

// Incarnation is that of the actor's process; 0 when it is this one.
func (a Address) Incarnation() uint64 { return a.incarnation }

// String is the name within a process, and host:port/name#incarnation in another.
func (a Address) String() string {
	switch {
	case a.pid == nil:
		return "nobody"
	case a.incarnation == 0:
		return a.pid.Id
	}
	return fmt.Sprintf("%s/%s#%x", a.pid.Address, a.pid.Id, a.incarnation)
}
