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
	// came and went are told of values that are put and that are no more there under a
	// key; nil: nobody is. They are called with the map locked.
	came, went func(value V)

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
		m.drop(key)
		return value, false
	}
	e.used = now
	if now.Sub(m.swept) > m.ttl/4 {
		m.expire(now)
	}
	return e.value, true
}

// drop takes an entry out.
func (m *expiring[V]) drop(key string) {
	e, ok := m.entries[key]
	delete(m.entries, key)
	if ok && m.went != nil {
		m.went(e.value)
	}
}

// put stores a value under a key, replacing what was there.
func (m *expiring[V]) put(key string, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if now.Sub(m.swept) > m.ttl/4 || len(m.entries) >= m.max {
		m.sweep(now)
	}
	if m.came != nil {
		m.came(value)
	}
	m.drop(key)
	m.entries[key] = &expiringEntry[V]{value, now}
}

func (m *expiring[V]) remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(key)
}

// sweep makes room for one more.
func (m *expiring[V]) sweep(now time.Time) {
	oldest := m.expire(now)
	if len(m.entries) >= m.max {
		m.drop(oldest)
	}
}

// expire drops what has not been used for long, and gives the key of what has been
// unused for longest among the rest.
func (m *expiring[V]) expire(now time.Time) (oldest string) {
	m.swept = now
	for key, e := range m.entries {
		if now.Sub(e.used) > m.ttl {
			m.drop(key)
		} else if oldest == "" || e.used.Before(m.entries[oldest].used) {
			oldest = key
		}
	}
	return oldest
}
