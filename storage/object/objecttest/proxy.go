package objecttest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Proxy passes requests on to a server and counts them. Signatures stay valid: the
// server sees the host that the client asked for.
type Proxy struct {
	URL string

	mu       sync.Mutex
	seen     map[string]int // by method, and LIST
	requests []string
	bytes    int64
	fault    Fault
}

// Fault is asked before a request is passed on; it may answer the request itself,
// which it reports. It must be safe for concurrent use.
type Fault func(w http.ResponseWriter, r *http.Request) (answered bool)

// StartProxy serves before the endpoint for the time of the test.
func StartProxy(t testing.TB, endpoint string) *Proxy {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{seen: map[string]int{}}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) },
		ModifyResponse: func(r *http.Response) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			if r.Request.Method != http.MethodHead { // of which the length is that of the object
				p.bytes += max(0, r.ContentLength)
			}
			return nil
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := p.note(r); fault != nil && fault(w, r) {
			return
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

func (p *Proxy) note(r *http.Request) Fault {
	kind := r.Method
	switch {
	case r.URL.Query().Has("list-type"):
		kind = "LIST"
	case r.URL.Query().Has("location"):
		kind = "LOCATION"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[kind]++
	p.requests = append(p.requests, strings.TrimSpace(kind+" "+r.URL.Path+" "+r.Header.Get("Range")))
	return p.fault
}

// Break puts a fault in, or takes it out when it is nil.
func (p *Proxy) Break(fault Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

// Counts are the requests since the last Reset, by kind.
type Counts struct {
	Kinds    map[string]int // GET, HEAD, PUT, LIST, …
	Requests []string       // in order: kind, path, range
	Bytes    int64          // of the answers' bodies
}

func (c Counts) String() string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(c.Kinds)) {
		out = append(out, fmt.Sprintf("%d %s", c.Kinds[kind], kind))
	}
	return strings.Join(out, ", ")
}

// Reset gives what was counted and begins anew.
func (p *Proxy) Reset() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := Counts{p.seen, p.requests, p.bytes}
	p.seen, p.requests, p.bytes = map[string]int{}, nil, 0
	return c
}
