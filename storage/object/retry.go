package object

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Retry bounds what a store over a network does about failures that may pass:
// lost connections, timeouts, 5xx, "slow down". Zero fields mean the defaults.
type Retry struct {
	Attempts     int           // 5
	FirstWait    time.Duration // 100 ms, doubled each time, of which a random part is waited
	StallTimeout time.Duration // 10 s: an attempt ends when nothing came for so long
	Budget       time.Duration // 30 s: no attempt begins later than that
}

// maxWait bounds the pause between two attempts.
const maxWait = 5 * time.Second

// minUploadRate is what an upload may take at least, in bytes a second, beside
// StallTimeout: whether it moves cannot be seen.
const minUploadRate = 256 << 10

func (r Retry) orDefault() Retry {
	if r.Attempts <= 0 {
		r.Attempts = 5
	}
	if r.FirstWait <= 0 {
		r.FirstWait = 100 * time.Millisecond
	}
	if r.StallTimeout <= 0 {
		r.StallTimeout = 10 * time.Second
	}
	if r.Budget <= 0 {
		r.Budget = 30 * time.Second
	}
	return r
}

// errStalled ends an attempt of which nothing was heard.
var errStalled = errors.New("no answer in time")

// do runs attempts until one succeeds, fails for good, or the bounds are reached.
// An attempt calls alive whenever it got something; it ends when that was not for timeout.
func (r Retry) do(ctx context.Context, timeout time.Duration, attempt func(ctx context.Context, alive func()) error) error {
	begin := time.Now()
	for i, wait := 1, r.FirstWait; ; i, wait = i+1, min(2*wait, maxWait) {
		err := r.once(ctx, timeout, attempt)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !transient(err) {
			return err
		}
		pause := wait/2 + rand.N(wait/2+1)
		if i >= r.Attempts || time.Since(begin)+pause > r.Budget {
			return err
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		}
	}
}

// once gives an attempt a context that ends when it stalls.
func (r Retry) once(parent context.Context, timeout time.Duration, attempt func(ctx context.Context, alive func()) error) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	stall := time.AfterFunc(timeout, func() { cancel(errStalled) })
	defer stall.Stop()
	err := attempt(ctx, func() { stall.Reset(timeout) })
	if err != nil && parent.Err() == nil && context.Cause(ctx) == errStalled {
		return errStalled
	}
	return err
}

// transient reports whether trying again may help.
func transient(err error) bool {
	if _, ok := errors.AsType[*sqlerr.Error](err); ok {
		return false
	}
	response, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return networkError(err)
	}
	switch response.Code {
	case "AuthorizationHeaderMalformed", minio.InvalidRegion: // minio-go has noted the bucket's region
		return response.Region != ""
	case "RequestTimeout", "SlowDown", "SlowDownRead", "SlowDownWrite", "InternalError", "XMinioServerNotInitialized",
		"ConditionalRequestConflict", "OperationAborted":
		return true
	}
	switch response.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// networkError reports whether a request failed without an answer, in a way that
// may pass: not because of certificates, and not because it was cancelled.
func networkError(err error) bool {
	if errors.Is(err, errStalled) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	if errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "HTTP response to HTTPS client") {
		return false
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}
