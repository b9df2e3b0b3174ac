package worker

import (
	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// counts is what one instance of a scan does, until it is added to the profile that all
// instances share.
type counts struct {
	reading  parquet.Metrics
	requests object.Traffic
	profile  *exec.ScanProfile
}

// report adds the counts to the profile. Nothing reads any more.
func (c *counts) report() {
	if c == nil {
		return
	}
	p, m, t := c.profile, &c.reading, &c.requests
	p.RowGroups.Add(m.RowGroupsRead.Load())
	p.RowGroupsPruned.Add(m.RowGroupsPruned.Load())
	p.PagesPruned.Add(m.PagesPruned.Load())
	p.PagesCached.Add(m.PagesCached.Load())
	p.Bytes.Add(m.BytesRead.Load())
	p.RowsRead.Add(m.RowsRead.Load())
	p.RowsOut.Add(m.RowsOut.Load())
	p.Requests.Add(t.Requests.Load())
	p.Retries.Add(t.Retries.Load())
	p.Fetched.Add(t.Bytes.Load())
}
