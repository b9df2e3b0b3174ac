package cluster

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hashicorp/memberlist"
)

// delegate is what the gossip library calls. Its methods run on the library's loops,
// some under its locks: they do not block and do not call it back.
type delegate struct{ m *Members }

// NodeMeta is what this process says of itself. It has been checked to be short
// enough, for the library panics otherwise.
func (d delegate) NodeMeta(int) []byte {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	b, err := encodeMeta(d.m.self)
	if err != nil {
		return nil
	}
	return b
}

// Messages of our own do not ride on gossip.

func (delegate) NotifyMsg([]byte)                {}
func (delegate) GetBroadcasts(int, int) [][]byte { return nil }
func (delegate) LocalState(bool) []byte          { return nil }
func (delegate) MergeRemoteState([]byte, bool)   {}

func (d delegate) NotifyJoin(n *memberlist.Node)   { d.alive(n) }
func (d delegate) NotifyUpdate(n *memberlist.Node) { d.alive(n) }
func (d delegate) NotifyLeave(n *memberlist.Node) {
	if n.State == memberlist.StateDead {
		d.m.remember(n.FullAddress().Addr)
	}
	d.m.apply(func(r *roster) []Event { return r.dead(n.Name, time.Now()) })
}

func (d delegate) alive(n *memberlist.Node) {
	member, err := read(n)
	if err != nil {
		return // NotifyAlive has refused it; an update cannot bring it in
	}
	d.m.apply(func(r *roster) []Event { return r.alive(member) })
}

// read is the member that a node describes.
func read(n *memberlist.Node) (Member, error) {
	member, err := decodeMeta(n.Meta)
	if err != nil {
		return Member{}, err
	}
	if member.node() != n.Name {
		return Member{}, fmt.Errorf("the node %s calls itself %s", n.Name, member.node())
	}
	member.Gossip = n.FullAddress().Addr
	return member, nil
}

// NotifyAlive refuses nodes that cannot be members, each time gossip speaks of them.
func (d delegate) NotifyAlive(n *memberlist.Node) error {
	member, err := read(n)
	if err == nil {
		err = d.fits(member)
	}
	if err != nil {
		d.logRefusal(n, err)
	}
	return err
}

func (d delegate) fits(member Member) error {
	if own := d.m.version; major(member.Version) != major(own) {
		return fmt.Errorf("%s at %s runs version %s, which does not go with %s here", member.Name, member.Gossip, member.Version, own)
	}
	return nil
}

// logRefusal says once why a node is refused; gossip will speak of it often.
func (d delegate) logRefusal(n *memberlist.Node, err error) {
	d.m.mu.Lock()
	known := d.m.refused[n.Name]
	if !known && len(d.m.refused) < maxRefused {
		d.m.refused[n.Name] = true
	}
	d.m.mu.Unlock()
	if !known {
		d.m.config.Log.Warn("a node is refused", "node", n.Name, "address", n.FullAddress().Addr, "error", err)
	}
}

// NotifyMerge refuses a join, on both sides of it: of another version, or when a name
// is taken. A process that comes at the gossip address of one that is known by its
// name has taken its place; at another address the one that is known may well live,
// and a name is free when gossip has found it dead.
func (d delegate) NotifyMerge(peers []*memberlist.Node) error {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	self := d.m.self
	for _, n := range peers {
		if n.State == memberlist.StateDead || n.State == memberlist.StateLeft {
			continue
		}
		member, err := read(n)
		if err == nil {
			err = d.fits(member)
		}
		if err != nil {
			return err
		}
		if member.Name == self.Name && member.Incarnation != self.Incarnation {
			if known, ok := d.m.roster.named(self.Name); !ok || known.Gossip != member.Gossip {
				return fmt.Errorf("the name %s is taken by the process at %s", member.Name, member.Gossip)
			}
		}
		if known, ok := d.m.roster.named(member.Name); ok && known.Incarnation < member.Incarnation && known.Gossip != member.Gossip {
			return fmt.Errorf("the name %s is taken by the process at %s", member.Name, known.Gossip)
		}
	}
	return nil
}

// gossipLog passes on what the gossip library writes. Only its errors are warnings:
// what it warns of (a probe that failed, a node that is suspected) is gossip's trade.
type gossipLog struct{ log *slog.Logger }

func (g gossipLog) Write(line []byte) (int, error) {
	level := slog.LevelDebug
	if bytes.HasPrefix(line, []byte("[ERR]")) {
		level = slog.LevelWarn
	}
	g.log.Log(context.Background(), level, string(bytes.TrimSpace(line)))
	return len(line), nil
}
