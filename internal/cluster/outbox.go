package cluster

import "time"

// The bounds of what waits for one peer. What is more than maxQueued letters is taken
// for a peer that does not keep up, and it is lost. Of those that wait, so many are on
// their way at a time.
const (
	maxQueued   = 1 << 14
	windowCount = 512
	windowBytes = 8 << 20
)

// How long an acknowledgement is waited for before letters are sent again, at first
// and at most, and how fast a network is thought to be at least.
const (
	retryFirst     = 200 * time.Millisecond
	retryMost      = 2 * time.Second
	bytesPerSecond = 10 << 20
)

// letter is a message on its way to an actor of another process.
type letter struct {
	seq     uint64 // counts from 1 in a session
	target  string // name of the actor
	from    string // name of the actor that answers go to; may be empty
	payload []byte

	// What stays at home: for the report that it could not be delivered.
	message  any
	deadline time.Time
}

// outbox is the letters to one incarnation of a peer that it has not acknowledged, in
// order. It knows neither clock nor network: time is told to it.
type outbox struct {
	session uint64 // greater than any before it of this process
	last    uint64 // seq of the last letter that was added
	queue   []letter
	sent    int // so many of the queue are on their way
	bytes   int // of these
	wait    time.Duration
	retryAt time.Time // when those on their way are sent again
}

// add appends a letter; false when there are too many.
func (o *outbox) add(l letter) bool {
	if len(o.queue) >= maxQueued {
		return false
	}
	o.last++
	l.seq = o.last
	o.queue = append(o.queue, l)
	return true
}

// base is the seq of the first letter that is not acknowledged.
func (o *outbox) base() uint64 { return o.last - uint64(len(o.queue)) + 1 }

// take is the letters to send now: new ones as far as the window goes, or those on
// their way once more when they have waited too long.
func (o *outbox) take(now time.Time) []letter {
	if o.sent > 0 && !now.Before(o.retryAt) {
		o.wait = min(2*o.wait, retryMost)
		o.rewind()
	}
	from := o.sent
	for o.sent < len(o.queue) && o.sent < windowCount {
		size := len(o.queue[o.sent].payload)
		if o.sent > 0 && o.bytes+size > windowBytes {
			break
		}
		o.sent++
		o.bytes += size
	}
	if o.sent > from {
		o.arm(now)
	}
	return o.queue[from:o.sent]
}

func (o *outbox) arm(now time.Time) {
	o.wait = max(o.wait, retryFirst)
	o.retryAt = now.Add(o.wait + time.Duration(o.bytes)*time.Second/bytesPerSecond)
}

// rewind makes all letters new: the connection that they were sent on is gone.
func (o *outbox) rewind() { o.sent, o.bytes = 0, 0 }

// acknowledged drops the letters up to seq and is these.
func (o *outbox) acknowledged(session, seq uint64, now time.Time) []letter {
	if session != o.session || seq < o.base() || seq > o.last {
		return nil
	}
	n := int(seq - o.base() + 1)
	done := o.queue[:n:n]
	o.queue = o.queue[n:]
	o.sent = max(0, o.sent-n)
	o.bytes = 0
	for _, l := range o.queue[:o.sent] {
		o.bytes += len(l.payload)
	}
	if len(o.queue) == 0 {
		o.queue = nil
	}
	o.wait = retryFirst
	o.arm(now)
	return done
}

// expired reports whether a letter has waited past its deadline.
func (o *outbox) expired(now time.Time) bool {
	return len(o.queue) > 0 && now.After(o.queue[0].deadline)
}

// due reports whether take would give letters.
func (o *outbox) due(now time.Time) bool {
	return len(o.queue) > 0 && (o.sent == 0 || !now.Before(o.retryAt))
}

// verdict is what is done with a letter that has come.
type verdict uint8

const (
	deliver verdict = iota
	drop            // had before, or one before it is missing: the sender is told what was had
	ignore          // of a session that is over
)

// inbox is how far the letters of one incarnation of a peer have come: all that is
// needed to give each of them once and in order. Letters that come out of order are
// dropped; they are sent again.
type inbox struct {
	session  uint64
	expected uint64
	refused  []refusal // those that the peer has to hear of until base passes them
}

// refusal says why a letter was not delivered.
type refusal struct {
	seq  uint64
	text string
}

// take judges a letter. base is the first that its sender has no acknowledgement of:
// whoever knows nothing of the session begins there.
func (in *inbox) take(session, base, seq uint64) verdict {
	if session < in.session {
		return ignore
	}
	if session > in.session {
		*in = inbox{session: session, expected: base}
	}
	for len(in.refused) > 0 && in.refused[0].seq < base {
		in.refused = in.refused[1:]
	}
	if seq != in.expected {
		return drop
	}
	in.expected++
	return deliver
}
