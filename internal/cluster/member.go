package cluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/memberlist"
	"google.golang.org/protobuf/encoding/protowire"
)

// Member is a process of the cluster as it describes itself.
type Member struct {
	Name        string // unique among those that live
	Incarnation uint64 // of the process: a later one of the same name is greater
	Gossip      string // host:port; set by the gossip layer
	Info
}

// Info is what a member says of itself and may change while it lives.
type Info struct {
	Roles    []string
	Flight   string // addresses, host:port
	Actor    string
	Exchange string
	Threads  int
	Version  string // major.minor.patch; majors do not mix
	Process  string // members of one process share memory and threads
	State    State
	PID      int // of the process on its machine
}

// State says what a member is ready for.
type State uint8

// The states.
const (
	Ready    State = iota
	Draining       // finishes what it has, and is to get nothing new
)

func (s State) String() string {
	if s == Draining {
		return "draining"
	}
	return "ready"
}

// ActorAddress is the address of an actor of the member by its name.
func (m Member) ActorAddress(name string) Address { return NewAddress(m.Actor, name, m.Incarnation) }

// equal reports whether two members say the same of themselves.
func (m Member) equal(o Member) bool {
	return slices.Equal(m.Roles, o.Roles) && m.Name == o.Name && m.Incarnation == o.Incarnation && m.Gossip == o.Gossip &&
		m.Flight == o.Flight && m.Actor == o.Actor && m.Exchange == o.Exchange && m.Threads == o.Threads &&
		m.Version == o.Version && m.Process == o.Process && m.State == o.State && m.PID == o.PID
}

// node is the name under which gossip knows a member. It has the incarnation in it, so
// that gossip never takes a process that has come for the one that is gone.
func (m Member) node() string { return fmt.Sprintf("%s#%x", m.Name, m.Incarnation) }

// clone shares nothing with m.
func (m Member) clone() Member {
	m.Roles = slices.Clone(m.Roles)
	return m
}

// major is the part of a version that must be the same everywhere.
func major(version string) string {
	m, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	return m
}

// metaVersion is the first byte of a member's metadata.
const metaVersion = 1

// encodeMeta is what gossip carries of a member: at most 512 bytes, or an error that
// says so.
func encodeMeta(m Member) ([]byte, error) {
	b := []byte{metaVersion}
	b = appendText(b, 1, m.Name)
	b = appendNumber(b, 2, m.Incarnation)
	for _, r := range m.Roles {
		b = appendText(b, 3, r)
	}
	b = appendText(b, 4, m.Flight)
	b = appendText(b, 5, m.Actor)
	b = appendText(b, 6, m.Exchange)
	b = appendNumber(b, 7, uint64(max(0, m.Threads)))
	b = appendText(b, 8, m.Version)
	b = appendText(b, 9, m.Process)
	b = appendNumber(b, 10, uint64(m.State))
	b = appendNumber(b, 11, uint64(max(0, m.PID)))
	if len(b) > memberlist.MetaMaxSize {
		return nil, fmt.Errorf("member %s describes itself in %d bytes, gossip carries %d: shorten its name, addresses or roles",
			m.Name, len(b), memberlist.MetaMaxSize)
	}
	return b, nil
}

// decodeMeta is the member that describes itself in b. Fields that a later minor
// version adds are passed over.
func decodeMeta(b []byte) (Member, error) {
	if len(b) == 0 || b[0] != metaVersion {
		return Member{}, fmt.Errorf("a node whose metadata is none of Skein's, or of another major version")
	}
	m := Member{}
	err := fields(b[1:], func(n protowire.Number, v uint64, s []byte) error {
		m.setMeta(n, v, string(s))
		return nil
	})
	if err != nil {
		return Member{}, fmt.Errorf("metadata: %w", err)
	}
	if m.Name == "" || m.Incarnation == 0 {
		return Member{}, fmt.Errorf("metadata that names no member")
	}
	return m, nil
}

func (m *Member) setMeta(n protowire.Number, v uint64, s string) {
	switch n {
	case 1:
		m.Name = s
	case 2:
		m.Incarnation = v
	case 3:
		m.Roles = append(m.Roles, s)
	case 4:
		m.Flight = s
	case 5:
		m.Actor = s
	case 6:
		m.Exchange = s
	case 7:
		m.Threads = int(min(v, 1<<20))
	case 8:
		m.Version = s
	case 9:
		m.Process = s
	case 10:
		m.State = State(v)
	case 11:
		m.PID = int(min(v, 1<<31))
	}
}
