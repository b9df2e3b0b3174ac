package worker

import (
	"testing"
	"time"
)

func TestTheMeterAveragesThreadsOverTheTimeBetweenQuestions(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond) }
	var m meter
	m.add(2, at(0))
	m.add(1, at(100))
	m.add(-2, at(200))
	if got := m.milli(at(400)); got != (200+300+200)*1000/400 {
		t.Errorf("%d thousandths", got)
	}
	if got := m.milli(at(500)); got != 1000 {
		t.Errorf("%d thousandths after one thread all the time", got)
	}
	m.add(-1, at(500))
	if got := m.milli(at(600)); got != 0 {
		t.Errorf("%d thousandths of nothing", got)
	}
	if got := m.milli(at(600)); got != 0 {
		t.Errorf("%d thousandths in no time", got)
	}
}
