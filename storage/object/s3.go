package object

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/skein-query/skein/internal/sqlerr"
)

// S3Options say where the buckets are. Empty fields are taken from the environment:
// AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION or AWS_DEFAULT_REGION,
// credentials from AWS_ACCESS_KEY_ID and its kin, the shared credentials file, or
// the role of the machine.
type S3Options struct {
	Endpoint  string // URL; "" means Amazon
	Region    string
	AccessKey string
	SecretKey string
}

// S3 keeps objects in buckets; paths are "s3://bucket/key". Use NewS3.
type S3 struct {
	opts    S3Options
	mu      sync.Mutex
	clients map[string]*minio.Core // by bucket: each has its own region
}

// NewS3 makes a store; it connects when it is first used.
func NewS3(opts S3Options) *S3 {
	env := func(field *string, names ...string) {
		for _, name := range names {
			if *field == "" {
				*field = os.Getenv(name)
			}
		}
	}
	env(&opts.Endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
	env(&opts.Region, "AWS_REGION", "AWS_DEFAULT_REGION")
	return &S3{opts: opts, clients: map[string]*minio.Core{}}
}

func (s *S3) client(path string) (*minio.Core, string, string, error) {
	bucket, key, err := bucketOf(path)
	if err != nil {
		return nil, "", "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clients[bucket]; c != nil {
		return c, bucket, key, nil
	}
	host, secure, lookup := "s3.amazonaws.com", true, minio.BucketLookupAuto
	if s.opts.Endpoint != "" {
		u, err := url.Parse(s.opts.Endpoint)
		if err != nil || u.Host == "" {
			return nil, "", "", sqlerr.New(sqlerr.InvalidParameterValue, "the S3 endpoint %q is not a URL", s.opts.Endpoint)
		}
		host, secure, lookup = u.Host, u.Scheme != "http", minio.BucketLookupPath
	}
	creds := credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.EnvMinio{},
		&credentials.IAM{Client: &http.Client{Transport: http.DefaultTransport}},
	})
	if s.opts.AccessKey != "" {
		creds = credentials.NewStaticV4(s.opts.AccessKey, s.opts.SecretKey, "")
	}
	c, err := minio.NewCore(host, &minio.Options{Creds: creds, Secure: secure, Region: s.opts.Region, BucketLookup: lookup})
	if err != nil {
		return nil, "", "", s3Error(path, err)
	}
	s.clients[bucket] = c
	return c, bucket, key, nil
}

// Stat asks for the object's head.
func (s *S3) Stat(ctx context.Context, path string) (Info, error) {
	c, bucket, key, err := s.client(path)
	if err != nil {
		return Info{}, err
	}
	if key == "" {
		return Info{}, sqlerr.New(sqlerr.WrongObjectType, "%q is a bucket, not a file", path)
	}
	o, err := c.StatObject(ctx, bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, s3Error(path, err)
	}
	return s3Info(path, o), nil
}

// Open makes no request: every read demands the version of info.
func (s *S3) Open(_ context.Context, info Info) (Reader, error) {
	c, bucket, key, err := s.client(info.Path)
	if err != nil {
		return nil, err
	}
	return &s3Reader{client: c, bucket: bucket, key: key, info: info}, nil
}

// Put writes an object.
func (s *S3) Put(ctx context.Context, path string, data []byte) error {
	return s.put(ctx, path, data, minio.PutObjectOptions{})
}

// PutIfAbsent writes an object under the condition If-None-Match: *.
func (s *S3) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	opts := minio.PutObjectOptions{}
	opts.SetMatchETagExcept("*")
	return s.put(ctx, path, data, opts)
}

func (s *S3) put(ctx context.Context, path string, data []byte, opts minio.PutObjectOptions) error {
	c, bucket, key, err := s.client(path)
	if err != nil {
		return err
	}
	opts.ContentType = "application/octet-stream"
	_, err = c.Client.PutObject(ctx, bucket, key, strings.NewReader(string(data)), int64(len(data)), opts)
	switch minio.ToErrorResponse(err).StatusCode {
	case http.StatusPreconditionFailed, http.StatusConflict:
		return ErrExists
	}
	if err != nil {
		return s3Error(path, err)
	}
	return nil
}

// List describes the objects under a prefix.
func (s *S3) List(ctx context.Context, prefix string) ([]Info, error) {
	c, bucket, key, err := s.client(prefix)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when it fails half way
	var found []Info
	for o := range c.Client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: key, Recursive: true}) {
		if o.Err != nil {
			return nil, s3Error(prefix, o.Err)
		}
		found = append(found, s3Info("s3://"+bucket+"/"+o.Key, o))
	}
	return found, ctx.Err()
}

// Delete removes an object.
func (s *S3) Delete(ctx context.Context, path string) error {
	c, bucket, key, err := s.client(path)
	if err != nil {
		return err
	}
	if err := c.Client.RemoveObject(ctx, bucket, key, minio.RemoveObjectOptions{}); err != nil {
		return s3Error(path, err)
	}
	return nil
}

func s3Info(path string, o minio.ObjectInfo) Info {
	return Info{Path: path, SizeBytes: o.Size, ModTime: o.LastModified, ETag: strings.Trim(o.ETag, `"`)}
}

func s3Error(path string, err error) error {
	if err == context.Canceled || err == context.DeadlineExceeded {
		return err
	}
	response := minio.ToErrorResponse(err)
	code := sqlerr.IOError
	switch {
	case response.StatusCode == http.StatusPreconditionFailed:
		return changed(path)
	case response.StatusCode == http.StatusNotFound:
		return missing(path, err)
	case response.StatusCode == http.StatusForbidden, response.StatusCode == http.StatusUnauthorized:
		code = sqlerr.InsufficientPrivilege
	}
	e := sqlerr.New(code, "file %q", path)
	e.Err = err
	return e
}

type s3Reader struct {
	client      *minio.Core
	bucket, key string
	info        Info
}

func (r *s3Reader) View(int64, int64) []byte { return nil }

func (r *s3Reader) ReadAt(ctx context.Context, buf []byte, off int64) error {
	if err := checkRange(r.info, off, int64(len(buf))); err != nil || len(buf) == 0 {
		return err
	}
	var opts minio.GetObjectOptions
	if err := opts.SetRange(off, off+int64(len(buf))-1); err != nil {
		return err
	}
	if r.info.ETag != "" {
		if err := opts.SetMatchETag(r.info.ETag); err != nil {
			return err
		}
	}
	body, _, _, err := r.client.GetObject(ctx, r.bucket, r.key, opts)
	if err != nil {
		return s3Error(r.info.Path, err)
	}
	defer body.Close()
	if _, err := io.ReadFull(body, buf); err != nil {
		return s3Error(r.info.Path, err)
	}
	return nil
}

// Check has nothing to ask: every read was conditional on the ETag.
func (r *s3Reader) Check() error { return nil }

func (r *s3Reader) Close() error { return nil }
