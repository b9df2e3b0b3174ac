package console

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

//go:embed page
var page embed.FS

// Handler serves the page at /, its data below /api/, /metrics, /healthz and /readyz.
func Handler(s Source) http.Handler {
	mux := http.NewServeMux()
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	mux.Handle("GET /", secured(http.FileServerFS(files)))
	mux.HandleFunc("GET /api/state", func(w http.ResponseWriter, _ *http.Request) {
		write(w, struct {
			Process Process  `json:"process"`
			Members []Member `json:"members"`
			Queries []Query  `json:"queries"`
		}{s.Process(), s.Members(), s.Queries()})
	})
	mux.HandleFunc("GET /api/plan/{query}", func(w http.ResponseWriter, r *http.Request) {
		p, ok := s.Plan(r.PathValue("query"))
		if !ok {
			http.Error(w, "no such query is remembered here", http.StatusNotFound)
			return
		}
		write(w, p)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if p := s.Process(); !p.Ready {
			http.Error(w, p.Why, http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry(s), promhttp.HandlerOpts{}))
	return mux
}

// secured lets the page load from its own place only.
func secured(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		h.ServeHTTP(w, r)
	})
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the reader may have gone
}
