package object

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Stat asks for the object's head.
func (s *S3) Stat(ctx context.Context, path string) (Info, error) {
	c, bucket, key, err := s.client(path)
	if err != nil {
		return Info{}, err
	}
	if key == "" {
		return Info{}, sqlerr.New(sqlerr.WrongObjectType, "%q is a bucket, not a file", path)
	}
	var o minio.ObjectInfo
	err = s.attempts(ctx, func(ctx context.Context, _ func()) (err error) {
		o, err = c.StatObject(ctx, bucket, key, minio.StatObjectOptions{})
		return err
	})
	if err != nil {
		return Info{}, s.error(path, err)
	}
	return s3Info(path, o), nil
}

// Open makes no request: every read demands the version of info.
func (s *S3) Open(_ context.Context, info Info) (Reader, error) {
	c, bucket, key, err := s.client(info.Path)
	if err != nil {
		return nil, err
	}
	return &s3Reader{store: s, client: c, bucket: bucket, key: key, info: info}, nil
}

// Put writes an object, a large one in several parts.
func (s *S3) Put(ctx context.Context, path string, data []byte) error {
	c, bucket, key, err := s.client(path)
	if err != nil {
		return err
	}
	err = s.put(ctx, data, func(ctx context.Context) error {
		_, err := c.Client.PutObject(ctx, bucket, key, bytes.NewReader(data), int64(len(data)), putOptions())
		return err
	})
	if err != nil {
		return s.error(path, err)
	}
	return nil
}

// PutIfAbsent writes an object under the condition If-None-Match: *, by one
// request, because the condition holds for one.
func (s *S3) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	c, bucket, key, err := s.client(path)
	if err != nil {
		return err
	}
	opts := putOptions()
	opts.DisableMultipart = true
	opts.SetMatchETagExcept("*")
	unsure := false // an attempt failed that may have written the object
	err = s.put(ctx, data, func(ctx context.Context) error {
		_, err := c.Client.PutObject(ctx, bucket, key, bytes.NewReader(data), int64(len(data)), opts)
		unsure = unsure || err != nil && transient(err)
		return err
	})
	switch {
	case err == nil:
		return nil
	case statusOf(err) != http.StatusPreconditionFailed:
		return s.error(path, err)
	case unsure && s.holds(ctx, path, data):
		return nil // it was us
	}
	return ErrExists
}

func putOptions() minio.PutObjectOptions {
	return minio.PutObjectOptions{ContentType: "application/octet-stream"}
}

func (s *S3) put(ctx context.Context, data []byte, attempt func(context.Context) error) error {
	timeout := s.opts.Retry.StallTimeout + time.Duration(len(data)/minUploadRate)*time.Second
	return s.attemptsFor(ctx, timeout, func(ctx context.Context, _ func()) error { return attempt(ctx) })
}

// attempts are those of Retry, and counted.
func (s *S3) attempts(ctx context.Context, attempt func(ctx context.Context, alive func()) error) error {
	return s.attemptsFor(ctx, s.opts.Retry.StallTimeout, attempt)
}

func (s *S3) attemptsFor(ctx context.Context, timeout time.Duration, attempt func(ctx context.Context, alive func()) error) error {
	again := false
	return s.opts.Retry.do(ctx, timeout, func(ctx context.Context, alive func()) error {
		if again {
			s.opts.Traffic.count(ctx, retries, 1)
		}
		again = true
		return attempt(ctx, alive)
	})
}

// holds reports whether an object has just these bytes.
func (s *S3) holds(ctx context.Context, path string, data []byte) bool {
	info, err := s.Stat(ctx, path)
	if err != nil || info.SizeBytes != int64(len(data)) {
		return false
	}
	r, err := s.Open(ctx, info)
	if err != nil {
		return false
	}
	defer r.Close()
	there := make([]byte, len(data))
	return r.ReadAt(ctx, there, 0) == nil && bytes.Equal(there, data)
}

// List describes the objects under a prefix. After a failure it goes on behind
// the last object it got.
func (s *S3) List(ctx context.Context, prefix string) ([]Info, error) {
	c, bucket, key, err := s.client(prefix)
	if err != nil {
		return nil, err
	}
	var found []Info
	last := ""
	err = s.attempts(ctx, func(ctx context.Context, alive func()) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // ends the listing when it fails half way
		for o := range c.Client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: key, Recursive: true, StartAfter: last}) {
			if o.Err != nil {
				return o.Err
			}
			alive()
			last = o.Key
			found = append(found, s3Info("s3://"+bucket+"/"+o.Key, o))
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, s.error(prefix, err)
	}
	return found, nil
}

// Delete removes an object.
func (s *S3) Delete(ctx context.Context, path string) error {
	c, bucket, key, err := s.client(path)
	if err != nil {
		return err
	}
	err = s.attempts(ctx, func(ctx context.Context, _ func()) error {
		return c.Client.RemoveObject(ctx, bucket, key, minio.RemoveObjectOptions{})
	})
	if err != nil {
		return s.error(path, err)
	}
	return nil
}

func s3Info(path string, o minio.ObjectInfo) Info {
	return Info{Path: path, SizeBytes: o.Size, ModTime: o.LastModified, ETag: strings.Trim(o.ETag, `"`)}
}

func statusOf(err error) int {
	response, _ := errors.AsType[minio.ErrorResponse](err)
	return response.StatusCode
}

// error says what went wrong with the object or prefix at path.
func (s *S3) error(path string, err error) error {
	if errors.Is(err, context.Canceled) || err == context.DeadlineExceeded {
		return err
	}
	if _, ok := errors.AsType[*sqlerr.Error](err); ok {
		return err
	}
	response, answered := errors.AsType[minio.ErrorResponse](err)
	var e *sqlerr.Error
	switch {
	case !answered && networkError(err):
		e = sqlerr.New(sqlerr.IOError, "file %q: the S3 endpoint %s does not answer", path, s.endpoint()).
			WithHint("Is AWS_ENDPOINT_URL right, and does the server run?")
	case response.StatusCode == http.StatusPreconditionFailed:
		return changed(path)
	case response.Code == minio.NoSuchBucket:
		bucket, _, _ := bucketOf(path)
		return sqlerr.New(sqlerr.UndefinedFile, "file %q: there is no bucket %q at %s", path, bucket, s.endpoint())
	case response.StatusCode == http.StatusNotFound:
		return missing(path, err)
	case response.StatusCode == http.StatusForbidden, response.StatusCode == http.StatusUnauthorized:
		e = sqlerr.New(sqlerr.InsufficientPrivilege, "file %q: %s refuses the request", path, s.endpoint()).
			WithHint("Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws/credentials or the machine's role.")
	default:
		e = sqlerr.New(sqlerr.IOError, "file %q at %s", path, s.endpoint())
	}
	e.Err = err
	return e
}

type s3Reader struct {
	store       *S3
	client      *minio.Core
	bucket, key string
	info        Info
}

func (r *s3Reader) View(int64, int64) []byte { return nil }

// ReadAt makes one request; after a failure half way, another for the rest.
func (r *s3Reader) ReadAt(ctx context.Context, buf []byte, off int64) error {
	if err := checkRange(r.info, off, int64(len(buf))); err != nil || len(buf) == 0 {
		return err
	}
	err := r.store.attempts(ctx, func(ctx context.Context, alive func()) error {
		n, err := r.read(ctx, buf, off, alive)
		buf, off = buf[n:], off+int64(n)
		return err
	})
	if err != nil {
		return r.store.error(r.info.Path, err)
	}
	return nil
}

func (r *s3Reader) read(ctx context.Context, buf []byte, off int64, alive func()) (n int, err error) {
	var opts minio.GetObjectOptions
	if err := opts.SetRange(off, off+int64(len(buf))-1); err != nil {
		return 0, err
	}
	if r.info.ETag != "" {
		if err := opts.SetMatchETag(r.info.ETag); err != nil {
			return 0, err
		}
	}
	body, _, _, err := r.client.GetObject(ctx, r.bucket, r.key, opts)
	if response, _ := errors.AsType[minio.ErrorResponse](err); response.Code == minio.NoSuchKey {
		return 0, changed(r.info.Path) // it was there
	}
	if err != nil {
		return 0, err
	}
	defer body.Close()
	for n < len(buf) {
		k, err := body.Read(buf[n:])
		n += k
		if n == len(buf) {
			break
		}
		if err == io.EOF {
			return n, io.ErrUnexpectedEOF
		}
		if err != nil {
			return n, err
		}
		alive()
	}
	return n, nil
}

// Check has nothing to ask: every read was conditional on the ETag.
func (r *s3Reader) Check() error { return nil }

func (r *s3Reader) Close() error { return nil }
