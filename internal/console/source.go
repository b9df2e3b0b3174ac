package console

import "time"

// Source is what there is to show. It is asked anew for every request.
type Source interface {
	// Process is what the process says of itself.
	Process() Process
	// Members are the processes of the cluster.
	Members() []Member
	// Queries are those that wait and run here, and the last ones that have ended.
	Queries() []Query
	// Plan is how a query runs; false when nobody remembers it.
	Plan(query string) (Plan, bool)
}

// Process is a process and what it uses.
type Process struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	Ready       bool   `json:"ready"`
	Why         string `json:"why,omitempty"` // it is not ready
	UsedBytes   int64  `json:"usedBytes"`     // of the memory that is accounted for
	PeakBytes   int64  `json:"peakBytes"`
	LimitBytes  int64  `json:"limitBytes"`
	ColumnBytes int64  `json:"columnBytes"` // of decoded columns that are kept
	// Ended is how many queries have, by state.
	Ended map[string]int64 `json:"ended"`
	S3    Traffic          `json:"s3"`
}

// Traffic is what a process has asked of buckets since it started.
type Traffic struct {
	Requests int64 `json:"requests"` // each attempt is one
	Bytes    int64 `json:"bytes"`    // received
	Retries  int64 `json:"retries"`
	Errors   int64 `json:"errors"`
}

// Member is a process of the cluster.
type Member struct {
	Name    string `json:"name"`
	Roles   string `json:"roles"`
	Flight  string `json:"flight"`
	Threads int    `json:"threads"`
	Version string `json:"version"`
	State   string `json:"state"`
	Runs    int    `json:"runs"`
	Tasks   int    `json:"tasks"`
}

// Query is a query of this process.
type Query struct {
	ID      string    `json:"id"`
	User    string    `json:"user"`
	Text    string    `json:"text"`
	State   string    `json:"state"`
	Created time.Time `json:"created"`
	Seconds float64   `json:"seconds"` // that it has run
	Tasks   int       `json:"tasks"`
	Done    int       `json:"done"`
	Runs    int       `json:"runs"`
	Lost    int       `json:"lost"` // workers
	Error   string    `json:"error,omitempty"`
}

// Plan is the fragments of a query.
type Plan struct {
	Fragments []Fragment `json:"fragments"`
}

// Fragment is a part of a plan, and how far it is.
type Fragment struct {
	ID     int    `json:"id"`
	Text   string `json:"text"`
	Inputs []int  `json:"inputs"` // fragments
	Tasks  int    `json:"tasks"`
	Done   int    `json:"done"`
}
