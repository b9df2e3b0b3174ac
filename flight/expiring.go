package flight

import (
	"sync"
	"time"
)

// expiring is a bounded map whose entries go when they have not been used for a
// while. Old entries are dropped when new ones come, so it needs no goroutine; a
// full map drops the entry unused for longest.
type expiring[V any] struct {
	ttl time.Duration
	max int
	now func() time.Time

	mu      sync.Mutex
	entries map[string]*expiringEntry[V]
	swept   time.Time
}

type expiringEntry[V any] struct {
	value V
	used  time.Time
}

func newExpiring[V any](ttl time.Duration, max int) *expiring[V] {
	return &expiring[V]{ttl: ttl, max: max, now: time.Now, entries: map[string]*expiringEntry[V]{}}
}

// get gives the value of a key and counts as a use of it.
func (m *expiring[V]) get(key string) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[key]
	if !ok {
		return value, false
	}
	now := m.now()
	if now.Sub(e.used) > m.ttl {
		delete(m.entries, key)
		return value, false
	}
	e.used = now
	return e.value, true
}

// put stores a value under a key, replacing what was there.
func (m *expiring[V]) put(key string, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if now.Sub(m.swept) > m.ttl/4 || len(m.entries) >= m.max {
		m.sweep(now)
	}
	m.entries[key] = &expiringEntry[V]{value, now}
}

func (m *expiring[V]) remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, key)
}

func (m *expiring[V]) sweep(now time.Time) {
	m.swept = now
	oldest := ""
	for key, e := range m.entries {
		if now.Sub(e.used) > m.ttl {
			delete(m.entries, key)
		} else if oldest == "" || e.used.Before(m.entries[oldest].used) {
			oldest = key
		}
	}
	if len(m.entries) >= m.max {
		delete(m.entries, oldest)
	}
}
