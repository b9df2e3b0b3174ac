package objecttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// program is the environment variable that names the MinIO server's program.
const program = "SKEIN_MINIO"

// The server's credentials and region.
const (
	AccessKey = "skein-access"
	SecretKey = "skein-secret"
	Region    = "eu-test-1"
)

const startTimeout = 60 * time.Second

// Server is a running MinIO server.
type Server struct {
	Endpoint string // URL
	command  *exec.Cmd
	ended    chan struct{}
}

// Start runs a server with the given buckets for the time of the test, and skips
// the test where there is no program to run.
func Start(t testing.TB, buckets ...string) *Server {
	t.Helper()
	path := os.Getenv(program)
	if path == "" {
		t.Skipf("needs a MinIO server: run make s3-check, or set %s to its program", program)
	}
	address := freeAddress(t)
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s := &Server{Endpoint: "http://" + address, ended: make(chan struct{})}
	s.command = exec.Command(path, "server", "--quiet", "--address", address, filepath.Join(dir, "data"))
	s.command.Env = append(os.Environ(), "MINIO_ROOT_USER="+AccessKey, "MINIO_ROOT_PASSWORD="+SecretKey,
		"MINIO_REGION="+Region, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "HOME="+dir)
	s.command.Stdout, s.command.Stderr = log, log
	if err := s.command.Start(); err != nil {
		t.Fatalf("%s=%s: %v", program, path, err)
	}
	go func() { // ends with the process
		_ = s.command.Wait()
		close(s.ended)
	}()
	t.Cleanup(s.Stop)
	err = s.await(t.Context())
	for _, bucket := range buckets {
		if err == nil {
			err = s.makeBucket(t.Context(), bucket)
		}
	}
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("MinIO at %s: %v\n%s", address, err, text)
	}
	return s
}

// Stop kills the server; it is idempotent.
func (s *Server) Stop() {
	_ = s.command.Process.Kill()
	<-s.ended
}

func freeAddress(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// await returns when the server says that it is ready.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready after %s", startTimeout))
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+"/minio/health/ready", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-s.ended:
			return errors.New("the server ended")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *Server) makeBucket(ctx context.Context, bucket string) error {
	c, err := minio.New(s.Endpoint[len("http://"):], &minio.Options{Creds: credentials.NewStaticV4(AccessKey, SecretKey, ""), Region: Region})
	if err != nil {
		return err
	}
	return c.MakeBucket(ctx, bucket, minio.MakeBucketOptions{})
}
