package cluster

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Kind says what happened to a member.
type Kind uint8

// The kinds of events.
const (
	Joined Kind = iota + 1
	Updated
	Left
)

func (k Kind) String() string { return [...]string{"none", "joined", "updated", "left"}[k] }

// Event is something that happened to a member. A member that is only suspected is a
// member still.
type Event struct {
	Kind   Kind
	Member Member
	// Unreachable, of Left, says that what was sent to the member was given up; gossip alone
	// may take somebody for dead who never was.
	Unreachable bool
}

// roster decides who is a member, from what gossip says and from calls that failed.
// It knows neither time nor network: its methods take events and give events.
//
// A member is in it from Joined to Left, once per incarnation and return: however many
// sources report a death, one Left is given.
type roster struct {
	nodes map[string]*entry // by the name of gossip
	// readmit is how long a member that a call could not reach stays away while gossip
	// has it alive.
	readmit time.Duration
}

// entry is a node that gossip has alive.
type entry struct {
	Member
	away  bool      // not a member: a call failed, or a later incarnation is there
	until time.Time // when it may return; zero: never
}

func newRoster(readmit time.Duration) *roster {
	return &roster{nodes: map[string]*entry{}, readmit: readmit}
}

// alive takes what gossip says of a node that has come or has changed.
func (r *roster) alive(m Member) []Event {
	if e := r.nodes[m.node()]; e != nil {
		if e.equal(m) {
			return nil
		}
		e.Member = m
		if e.away {
			return nil
		}
		return []Event{{Kind: Updated, Member: m}}
	}
	e := &entry{Member: m}
	var out []Event
	for _, other := range r.nodes {
		if other.Name != m.Name {
			continue
		}
		if other.Incarnation > m.Incarnation { // news of a process that is gone
			e.away = true
			continue
		}
		out = append(out, other.leave()...)
		other.until = time.Time{}
	}
	r.nodes[m.node()] = e
	if !e.away {
		out = append(out, Event{Kind: Joined, Member: m})
	}
	return out
}

// leave makes an entry no member any more.
func (e *entry) leave() []Event {
	if e.away {
		return nil
	}
	e.away = true
	return []Event{{Kind: Left, Member: e.Member}}
}

// dead takes what gossip says of a node that has left or died. One of its name that
// was taken for an earlier process may be a later one, on a machine whose clock was set
// back: it is a member when gossip has it alive for as long as one that failed.
func (r *roster) dead(node string, now time.Time) []Event {
	e := r.nodes[node]
	if e == nil {
		return nil
	}
	delete(r.nodes, node)
	var heir *entry
	for _, other := range r.nodes {
		if other.Name == e.Name && (heir == nil || other.Incarnation > heir.Incarnation) {
			heir = other
		}
	}
	if heir != nil && heir.away && heir.until.IsZero() {
		heir.until = now.Add(r.readmit)
	}
	return e.leave()
}

// failed takes the report of a call to a process that could not be reached.
func (r *roster) failed(host string, incarnation uint64, now time.Time) []Event {
	for _, e := range r.nodes {
		if e.Actor == host && e.Incarnation == incarnation && !e.away {
			e.away, e.until = true, now.Add(r.readmit)
			return []Event{{Kind: Left, Member: e.Member, Unreachable: true}}
		}
	}
	return nil
}

// tick lets those return that gossip has had alive all the while.
func (r *roster) tick(now time.Time) []Event {
	var out []Event
	for _, e := range r.nodes {
		if e.away && !e.until.IsZero() && !now.Before(e.until) {
			e.away, e.until = false, time.Time{}
			out = append(out, Event{Kind: Joined, Member: e.Member})
		}
	}
	return out
}

// members are those that are there, by name.
func (r *roster) members() []Member {
	out := []Member{}
	for e := range maps.Values(r.nodes) {
		if !e.away {
			out = append(out, e.clone())
		}
	}
	slices.SortFunc(out, func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// known are the incarnations of all nodes that gossip has alive.
func (r *roster) known() map[uint64]bool {
	out := map[uint64]bool{}
	for _, e := range r.nodes {
		out[e.Incarnation] = true
	}
	return out
}

// named is the member with a name, with the highest incarnation that was seen of it.
func (r *roster) named(name string) (Member, bool) {
	for _, e := range r.nodes {
		if e.Name == name && !e.away {
			return e.Member, true
		}
	}
	return Member{}, false
}
