package session

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
)

// Ingest stores rows.
func (s *Statements) Ingest(ctx context.Context, session *flight.Session, into flight.Target, rows array.RecordReader) (int64, error) {
	return 0, sqlerr.New(sqlerr.FeatureNotSupported, "not yet")
}
