// Package object is where bytes are kept: whole objects named by a path, read by
// ranges, written at once. A Store is a local file system, an S3 bucket, memory,
// or one of these with faults put in.
//
// Invariants:
//
//  1. A path is the name of one object: a file path, or "s3://bucket/key". Info
//     names a version of it by size and ETag, or by size and modification time.
//  2. A Reader reads the version it was opened for, or fails with FileChanged: no
//     answer mixes two versions. A view of a memory mapping is the one exception,
//     so whoever reads through View calls Check afterwards, and reads inside
//     Guard, because the memory of a file that was cut off faults.
//  3. PutIfAbsent is atomic and durable: of several writers exactly one succeeds,
//     and its object survives a crash.
//  4. An object that is not there is an UndefinedFile error that names its path.
//  5. A request to S3 ends: an attempt of which nothing is heard is given up, and
//     attempts are bounded in number and time (Retry).
//  6. Every request is counted where its store counts, and where its context says
//     (Counted): what a query cost is known without asking the network.
//
// The package knows nothing of what the bytes mean. Reading order: store.go,
// resolve.go, local.go, s3.go, retry.go, s3client.go, traffic.go, mem.go, faulty.go.
package object
