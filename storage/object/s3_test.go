package object_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/object/objecttest"
)

// s3Store is a store over a server that speaks as much S3 as the store asks for:
// put, head, ranged get, conditions, list, delete.
func s3Store(t *testing.T) (object.Store, string) {
	server := httptest.NewServer(objecttest.NewBucket())
	t.Cleanup(server.Close)
	s := object.NewS3(object.S3Options{Endpoint: server.URL, Region: "us-east-1", AccessKey: "key", SecretKey: "secret"})
	t.Cleanup(s.Close)
	return s, "s3://bucket/dir/"
}

func TestBucketsAreNotFiles(t *testing.T) {
	s, _ := s3Store(t)
	for _, path := range []string{"s3://bucket", "s3://bucket/", "s3://", "bucket/x"} {
		if _, err := s.Stat(context.Background(), path); err == nil {
			t.Errorf("%s is an object", path)
		}
	}
}
