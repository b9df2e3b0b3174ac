package cluster

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// rosterScript is what a roster is told, line by line, and after => what it says.
// A member is name#incarnation; failed calls name it too.
const rosterScript = `
# a death is reported once, whoever says so first
alive a#1        => joined a#1
failed a#1       => left a#1 unreachable
failed a#1       =>
dead a#1         =>
alive b#1        => joined b#1
dead b#1         => left b#1
failed b#1       =>
dead b#1         =>
# who could not be reached returns if gossip has had it alive all the while
alive c#1        => joined c#1
failed c#1       => left c#1 unreachable
alive c#1 v2     =>
tick 5           =>
tick 10          => joined c#1
failed c#1       => left c#1 unreachable
dead c#1         =>
tick 30          =>
# a later incarnation takes the place of an earlier one, in whatever order they are heard of
alive d#1        => joined d#1
alive d#2        => left d#1, joined d#2
alive d#1 v2     =>
failed d#1       =>
dead d#1         =>
alive e#2        => joined e#2
alive e#1        =>
tick 99          =>
dead e#1         =>
dead e#2         => left e#2
# one that seems earlier is later after all, on a machine whose clock was set back
alive f#9        => joined f#9
alive f#5        =>
alive f#3        =>
dead f#9         => left f#9
tick 9           =>
tick 10          => joined f#5
# it was news of a process that is gone
alive g#2        => joined g#2
alive g#1        =>
dead g#2         => left g#2
dead g#1         =>
tick 99          =>
# updates
alive d#2 v2     => updated d#2
alive d#2 v2     =>
dead nobody#1    =>
`

func TestTheRosterSaysWhatTheScriptSays(t *testing.T) {
	r := newRoster(10 * time.Second)
	start := time.Unix(0, 0)
	now := start
	lines := bufio.NewScanner(strings.NewReader(rosterScript))
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		said, want, _ := strings.Cut(line, "=>")
		words := strings.Fields(said)
		var m Member
		if name, number, ok := strings.Cut(words[1], "#"); ok {
			m.Name = name
			fmt.Sscan(number, &m.Incarnation)
			m.Actor = m.node()
		}
		var events []Event
		switch words[0] {
		case "alive":
			m.Version = strings.Join(words[2:], "")
			events = r.alive(m)
		case "dead":
			events = r.dead(m.node(), now)
		case "failed":
			events = r.failed(m.Actor, m.Incarnation, now)
		case "tick":
			var seconds int
			fmt.Sscan(words[1], &seconds)
			now = start.Add(time.Duration(seconds) * time.Second)
			events = r.tick(now)
			if seconds > 10 {
				start = now
			}
		}
		var got []string
		for _, e := range events {
			words := fmt.Sprintf("%s %s", e.Kind, e.Member.node())
			if e.Unreachable {
				words += " unreachable"
			}
			got = append(got, words)
		}
		if g := strings.Join(got, ", "); g != strings.TrimSpace(want) {
			t.Errorf("%s: %q", line, g)
		}
	}
}

func TestAWatchThatIsNotReadHoldsWhatItComesTo(t *testing.T) {
	at := func(k Kind, name string, threads int) Event {
		return Event{Kind: k, Member: Member{Name: name, Incarnation: 1, Info: Info{Threads: threads}}}
	}
	for name, c := range map[string]struct{ put, want []Event }{
		"updates are one":              {[]Event{at(Updated, "a", 1), at(Updated, "a", 2)}, []Event{at(Updated, "a", 2)}},
		"an update joins a join":       {[]Event{at(Joined, "a", 1), at(Updated, "a", 2)}, []Event{at(Joined, "a", 2)}},
		"who came and went was not":    {[]Event{at(Joined, "a", 1), at(Joined, "b", 1), at(Left, "a", 1)}, []Event{at(Joined, "b", 1)}},
		"going covers updates":         {[]Event{at(Updated, "a", 1), at(Left, "a", 1)}, []Event{at(Left, "a", 1)}},
		"a return is known":            {[]Event{at(Left, "a", 1), at(Joined, "a", 2)}, []Event{at(Left, "a", 1), at(Joined, "a", 2)}},
		"going again after a return":   {[]Event{at(Left, "a", 1), at(Joined, "a", 2), at(Left, "a", 2)}, []Event{at(Left, "a", 1)}},
		"members keep their own order": {[]Event{at(Joined, "b", 1), at(Joined, "a", 1)}, []Event{at(Joined, "b", 1), at(Joined, "a", 1)}},
	} {
		w := newWatch(&Members{})
		for _, e := range c.put {
			w.put(e)
		}
		w.end()
		var got []Event
		for {
			e, err := w.Next(t.Context())
			if err != nil {
				break
			}
			got = append(got, e)
		}
		if !slices.EqualFunc(got, c.want, func(a, b Event) bool { return a.Kind == b.Kind && a.Member.equal(b.Member) }) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhoCouldNotBeReachedIsStillKnown(t *testing.T) {
	r := newRoster(time.Second)
	m := Member{Name: "a", Incarnation: 7, Info: Info{Actor: "host:1"}}
	r.alive(m)
	r.failed(m.Actor, m.Incarnation, time.Unix(0, 0))
	if len(r.members()) != 0 || !r.known()[7] {
		t.Errorf("members %v, known %v", r.members(), r.known())
	}
	r.dead(m.node(), time.Unix(1, 0))
	if len(r.known()) != 0 {
		t.Errorf("known %v", r.known())
	}
}
