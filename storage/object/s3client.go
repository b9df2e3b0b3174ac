package object

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/skein-query/skein/internal/sqlerr"
)

// S3Options say where the buckets are. Empty fields are taken from the environment:
// AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION or AWS_DEFAULT_REGION,
// credentials from AWS_ACCESS_KEY_ID and its kin, the shared credentials file, or
// the role of the machine; without any, requests are anonymous.
type S3Options struct {
	Endpoint  string // URL; "" means Amazon
	Region    string // "" asks every bucket for its own
	AccessKey string
	SecretKey string
	Retry     Retry
	Traffic   *Traffic // where all requests are counted; nil: only in that of their context
}

// Timeouts of the connection; those of a whole attempt are in Retry.
const (
	dialTimeout     = 3 * time.Second
	metadataTimeout = 2 * time.Second // of the machine's role, which most machines have not
	idleTimeout     = time.Minute
	maxIdleConns    = 64 // per endpoint: as many as requests run at the same time
)

// S3 keeps objects in buckets; paths are "s3://bucket/key". Use NewS3.
type S3 struct {
	opts      S3Options
	transport *http.Transport // of all clients
	mu        sync.Mutex
	clients   map[string]*minio.Core // by bucket: each has its own region
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
	opts.Retry = opts.Retry.orDefault()
	if opts.Traffic == nil {
		opts.Traffic = &Traffic{}
	}
	return &S3{opts: opts, clients: map[string]*minio.Core{}, transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 2 * dialTimeout,
		MaxIdleConns:        maxIdleConns,
		MaxIdleConnsPerHost: maxIdleConns,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true, // an object is its bytes, whatever its Content-Encoding says
	}}
}

// Close gives up idle connections; the store can still be used.
func (s *S3) Close() { s.transport.CloseIdleConnections() }

// endpoint is where requests go, for messages.
func (s *S3) endpoint() string {
	if s.opts.Endpoint == "" {
		return "https://s3.amazonaws.com"
	}
	return s.opts.Endpoint
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
	u, err := url.Parse(s.endpoint())
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, "", "", sqlerr.New(sqlerr.InvalidParameterValue, "file %q: the S3 endpoint %q is not a URL", path, s.opts.Endpoint).
			WithHint("AWS_ENDPOINT_URL has the form http://host:port or https://host:port.")
	}
	lookup := minio.BucketLookupAuto
	if s.opts.Endpoint != "" {
		lookup = minio.BucketLookupPath
	}
	c, err := minio.NewCore(u.Host, &minio.Options{Creds: s.credentials(), Secure: u.Scheme == "https", Region: s.opts.Region,
		BucketLookup: lookup, Transport: &counting{s.transport, s.opts.Traffic}, MaxRetries: 1}) // retries are ours: retry.go
	if err != nil {
		return nil, "", "", s.error(path, err)
	}
	s.clients[bucket] = c
	return c, bucket, key, nil
}

// credentials is the usual chain: the first that has a key.
func (s *S3) credentials() *credentials.Credentials {
	if s.opts.AccessKey != "" {
		return credentials.NewStaticV4(s.opts.AccessKey, s.opts.SecretKey, "")
	}
	chain := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.EnvMinio{}}
	if os.Getenv("AWS_EC2_METADATA_DISABLED") != "true" || os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" ||
		os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != "" || os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") != "" {
		chain = append(chain, &credentials.IAM{Client: &http.Client{Transport: s.transport, Timeout: metadataTimeout}})
	}
	return credentials.NewChainCredentials(chain)
}
