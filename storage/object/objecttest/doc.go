// Package objecttest runs a real MinIO server for tests of what reads from S3, has a
// small server of its own, and stands between client and server to count requests and
// to break them.
//
// Invariants:
//
//  1. The server's program is named by the environment variable SKEIN_MINIO, which
//     `make s3-check` sets; where it is empty the test is skipped and says so.
//  2. That server and the proxy listen on 127.0.0.1 only, keep their data in the test's
//     folder, and end with the test.
//
// It must not know what the objects mean. Reading order: minio.go, bucket.go, proxy.go.
package objecttest
