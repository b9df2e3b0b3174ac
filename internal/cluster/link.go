package cluster

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"syscall"
	"time"
)

// linkName is the one actor that other processes speak to: it hands letters on.
const linkName = "link"

// ErrUnreachable is why letters to a process that does not answer are given up.
var ErrUnreachable = errors.New("the process does not answer")

// Undelivered tells the sender of an Envelope that its message has not reached its
// actor, or that nobody knows whether it has.
type Undelivered struct {
	To      Address
	Message any // as it was in the Envelope
	Err     error
}

// link makes good what the runtime's remoting leaves open: it delivers at most once
// and tells nobody what is lost. Letters are numbered, acknowledged and sent again;
// see outbox.go. What carries its frames may lose, repeat and delay them.
type link struct {
	system *System
	config Remoting
	host   string // of this process
	log    *slog.Logger
	// transmit gives a frame to the network, which may lose it; probe finds out whether
	// anybody listens.
	transmit func(host string, frame []byte)
	probe    func(host string) error

	done chan struct{}
	wg   sync.WaitGroup // the clock and the pumps

	mu      sync.Mutex // held briefly, and never while sending
	peers   map[peerKey]*peer
	session uint64
	closed  bool
}

func newLink(s *System, c Remoting) *link {
	return &link{system: s, config: c, log: c.Log, done: make(chan struct{}), peers: map[peerKey]*peer{}}
}

// peerKey names a process.
type peerKey struct {
	host        string
	incarnation uint64
}

// peer is another process. Its pump is the goroutine that sends to it.
type peer struct {
	peerKey
	wake chan struct{}
	end  chan struct{}

	out       outbox
	in        inbox
	ackDue    bool
	had       uint64 // of the inbox's session: up to here all is with the actors
	gone      uint64 // what the peer is to be told is not here
	connected bool
	probeAt   time.Time // not connected: when that is tried next
	probeWait time.Duration
	used      time.Time
}

// The clock of a link, how many peers it knows at most, how long a connection may take
// to be made, and how long the wait is until it is tried again.
const (
	linkTick    = 20 * time.Millisecond
	maxPeers    = 4096
	dialTimeout = 2 * time.Second
	probeFirst  = 20 * time.Millisecond
	probeMost   = time.Second
)

// send takes a message for an actor of another process. It does not wait.
func (l *link) send(to Address, message any) {
	from := Address{}
	payload := message
	if e, ok := message.(*Envelope); ok {
		payload = e.Message
		if e.From.incarnation == 0 || e.From.incarnation == l.system.incarnation {
			from = e.From
		}
	}
	b, err := l.config.Codec.Encode(payload)
	if err == nil && len(b) > l.config.MaxBytes {
		err = fmt.Errorf("a message of %d bytes, at most %d are sent", len(b), l.config.MaxBytes)
	}
	if err != nil {
		l.bounce(to, from.Name(), payload, err)
		return
	}
	now := time.Now()
	l.mu.Lock()
	p := l.peer(peerKey{to.Host(), to.incarnation}, now)
	if p == nil {
		l.mu.Unlock()
		l.bounce(to, from.Name(), payload, ErrClosed)
		return
	}
	if p.out.session == 0 {
		l.session++
		p.out.session = l.session
	}
	ok := p.out.add(letter{target: to.Name(), from: from.Name(), payload: b, message: payload, deadline: now.Add(l.config.Deadline)})
	l.mu.Unlock()
	if !ok {
		l.fail(p.peerKey, fmt.Errorf("%w: %d messages wait for it", ErrUnreachable, maxQueued))
		l.bounce(to, from.Name(), payload, ErrUnreachable)
		return
	}
	p.signal()
}

// peer is the peer with that key, made when it is new; nil when there can be none.
func (l *link) peer(key peerKey, now time.Time) *peer {
	p := l.peers[key]
	if p == nil {
		if l.closed || len(l.peers) >= maxPeers || key.host == "" {
			return nil
		}
		p = &peer{peerKey: key, wake: make(chan struct{}, 1), end: make(chan struct{})}
		l.peers[key] = p
		l.wg.Go(func() { l.pump(p) }) // ends with the peer or the link; close waits
	}
	p.used = now
	return p
}

func (p *peer) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// pump sends what is due to a peer whenever there is something.
func (l *link) pump(p *peer) {
	for {
		select {
		case <-p.wake:
		case <-p.end:
			return
		case <-l.done:
			return
		}
		if !l.connect(p) {
			continue
		}
		l.mu.Lock()
		frames := l.frames(p, time.Now())
		l.mu.Unlock()
		for _, f := range frames {
			l.transmit(p.host, f.encode())
		}
	}
}

// connect finds out whether anybody listens before the runtime is asked to connect,
// for it would sleep for seconds when nobody does. Where a machine says that nobody
// listens the process has failed: its port goes with it.
func (l *link) connect(p *peer) bool {
	l.mu.Lock()
	connected, wait := p.connected, time.Until(p.probeAt) > 0
	l.mu.Unlock()
	if connected || wait {
		return connected
	}
	err := l.probe(p.host)
	l.mu.Lock()
	p.connected = err == nil
	p.probeWait = min(max(2*p.probeWait, probeFirst), probeMost)
	p.probeAt = time.Now().Add(p.probeWait)
	if p.connected {
		p.probeWait = 0
	}
	l.mu.Unlock()
	if errors.Is(err, syscall.ECONNREFUSED) { // its machine answers: the process is gone
		l.fail(p.peerKey, fmt.Errorf("%w: nobody listens on %s", ErrUnreachable, p.host))
	}
	return err == nil
}

// frames is what is due to a peer, packed.
func (l *link) frames(p *peer, now time.Time) []*frame {
	var out []*frame
	add := func() *frame {
		f := &frame{host: l.host, incarnation: l.system.incarnation, to: p.incarnation, session: p.out.session, base: p.out.base()}
		out = append(out, f)
		return f
	}
	size := 0
	for _, x := range p.out.take(now) {
		if size == 0 || size+len(x.payload) > frameBytes {
			add()
			size = 0
		}
		f := out[len(out)-1]
		f.letters = append(f.letters, x)
		size += len(x.payload) + 1
	}
	if !p.ackDue && p.gone == 0 {
		return out
	}
	if out == nil {
		add()
	}
	if p.ackDue {
		out[0].ackSession, out[0].ack = p.in.session, p.had
		out[0].refused = append([]refusal(nil), p.in.refused...)
	}
	out[0].gone = p.gone
	p.ackDue, p.gone = false, 0
	return out
}

// receive takes a frame from another process; one at a time.
func (l *link) receive(b []byte) {
	f, err := decodeFrame(b)
	if err != nil {
		l.log.Warn("a frame is refused", "bytes", len(b), "error", err)
		return
	}
	now := time.Now()
	l.mu.Lock()
	p := l.peer(peerKey{f.host, f.incarnation}, now)
	if p == nil {
		l.mu.Unlock()
		return
	}
	if f.to != l.system.incarnation {
		if len(f.letters) > 0 { // they are for a process that was here before
			p.gone = f.to
			p.signal()
		}
		l.mu.Unlock()
		return
	}
	var told []letter
	if f.ackSession != 0 {
		told = p.out.acknowledged(f.ackSession, f.ack, now)
	}
	var fresh []letter
	answer := false
	for _, x := range f.letters {
		switch p.in.take(f.session, f.base, x.seq) {
		case deliver:
			fresh = append(fresh, x)
			answer = true
		case drop:
			answer = true
		}
	}
	l.mu.Unlock()
	l.refusals(p, told, f.refused)
	l.deliver(p, fresh)
	l.mu.Lock()
	if answer { // only now: refusals go with the acknowledgement
		p.had, p.ackDue = p.in.expected-1, true
	}
	l.mu.Unlock()
	p.signal()
	if f.gone != 0 {
		l.fail(peerKey{f.host, f.gone}, fmt.Errorf("%w: another has come in its place", ErrUnreachable))
	}
}

// refusals tells the senders of letters that the peer has not delivered.
func (l *link) refusals(p *peer, told []letter, refused []refusal) {
	for _, r := range refused {
		for _, x := range told {
			if x.seq == r.seq {
				l.bounce(NewAddress(p.host, x.target, p.incarnation), x.from, x.message, errors.New(r.text))
			}
		}
	}
}

// deliver gives letters to their actors, in order: only receive calls it.
func (l *link) deliver(p *peer, letters []letter) {
	for _, x := range letters {
		pid, ok := l.system.actor(x.target)
		message, err := l.config.Codec.Decode(x.payload)
		if err == nil && !ok {
			err = fmt.Errorf("%s has no actor %s", l.host, x.target)
		}
		if err != nil {
			l.log.Warn("a message is refused", "from", p.host, "to", x.target, "error", err)
			l.mu.Lock()
			p.in.refused = append(p.in.refused, refusal{x.seq, err.Error()})
			l.mu.Unlock()
			continue
		}
		if x.from != "" {
			message = &Envelope{From: NewAddress(p.host, x.from, p.incarnation), Message: message}
		}
		l.system.system.Root.Send(pid, message)
	}
}

// bounce tells the sender of a message that it was not delivered.
func (l *link) bounce(to Address, from string, message any, err error) {
	l.log.Warn("a message was not delivered", "to", to.String(), "message", fmt.Sprintf("%T", message), "error", err)
	if pid, ok := l.system.actor(from); ok {
		l.system.system.Root.Send(pid, &Undelivered{to, message, err})
	}
}

// fail gives a peer up: its letters are returned, and whoever wants to know is told.
func (l *link) fail(key peerKey, err error) {
	l.mu.Lock()
	p := l.peers[key]
	if p == nil {
		l.mu.Unlock()
		return
	}
	returned := p.out.queue
	p.out = outbox{} // what is sent to it from now on is a session of its own
	l.mu.Unlock()
	if l.config.Failed != nil {
		l.config.Failed(key.host, key.incarnation)
	}
	for _, x := range returned {
		l.bounce(NewAddress(key.host, x.target, key.incarnation), x.from, x.message, err)
	}
}

// clock wakes pumps whose letters are due, gives up peers that have not answered in
// time, and forgets those that nobody has spoken to for long.
func (l *link) clock() {
	tick := time.NewTicker(linkTick)
	defer tick.Stop()
	for {
		var now time.Time
		select {
		case <-l.done:
			return
		case now = <-tick.C:
		}
		var expired []peerKey
		l.mu.Lock()
		for key, p := range l.peers {
			switch idle := now.Sub(p.used) > 10*l.config.Deadline; {
			case p.out.expired(now):
				expired = append(expired, key)
			case idle && len(p.out.queue) == 0:
				delete(l.peers, key)
				close(p.end)
			case p.out.due(now) || p.ackDue || p.gone != 0:
				p.signal()
			}
		}
		l.mu.Unlock()
		for _, key := range expired {
			l.fail(key, fmt.Errorf("%w within %s", ErrUnreachable, l.config.Deadline))
		}
	}
}

// disconnected says that a connection has broken: what was on its way may be lost.
func (l *link) disconnected(host string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.peers {
		if p.host == host {
			p.connected = false
			p.out.rewind()
			p.signal()
		}
	}
}

// close ends the clock and the pumps; one that is connecting takes a little.
func (l *link) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	close(l.done)
	l.wg.Wait()
}
