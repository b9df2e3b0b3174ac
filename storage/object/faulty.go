package object

import (
	"context"
	"time"
)

// Faulty is a store with faults put in, for tests. Fault is asked before every
// operation; it may sleep, cancel, change the objects or give an error to fail
// with. It must be safe for concurrent use.
type Faulty struct {
	Store
	Fault func(ctx context.Context, op Op) error
}

// Op is an operation on a Faulty store. Off and N are set for Read.
type Op struct {
	Kind   OpKind
	Path   string
	Off, N int64
}

// OpKind says what an Op does.
type OpKind string

// The operations.
const (
	OpStat        OpKind = "stat"
	OpOpen        OpKind = "open"
	OpRead        OpKind = "read"
	OpPut         OpKind = "put"
	OpPutIfAbsent OpKind = "put-if-absent"
	OpList        OpKind = "list"
	OpDelete      OpKind = "delete"
)

// Latency is a Fault that makes every operation wait.
func Latency(d time.Duration) func(context.Context, Op) error {
	return func(ctx context.Context, _ Op) error {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *Faulty) Stat(ctx context.Context, path string) (Info, error) {
	if err := f.Fault(ctx, Op{Kind: OpStat, Path: path}); err != nil {
		return Info{}, err
	}
	return f.Store.Stat(ctx, path)
}

func (f *Faulty) Open(ctx context.Context, info Info) (Reader, error) {
	if err := f.Fault(ctx, Op{Kind: OpOpen, Path: info.Path}); err != nil {
		return nil, err
	}
	r, err := f.Store.Open(ctx, info)
	if err != nil {
		return nil, err
	}
	return &faultyReader{Reader: r, store: f, path: info.Path}, nil
}

func (f *Faulty) Put(ctx context.Context, path string, data []byte) error {
	if err := f.Fault(ctx, Op{Kind: OpPut, Path: path}); err != nil {
		return err
	}
	return f.Store.Put(ctx, path, data)
}

func (f *Faulty) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	if err := f.Fault(ctx, Op{Kind: OpPutIfAbsent, Path: path}); err != nil {
		return err
	}
	return f.Store.PutIfAbsent(ctx, path, data)
}

func (f *Faulty) List(ctx context.Context, prefix string) ([]Info, error) {
	if err := f.Fault(ctx, Op{Kind: OpList, Path: prefix}); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, prefix)
}

func (f *Faulty) Delete(ctx context.Context, path string) error {
	if err := f.Fault(ctx, Op{Kind: OpDelete, Path: path}); err != nil {
		return err
	}
	return f.Store.Delete(ctx, path)
}

type faultyReader struct {
	Reader
	store *Faulty
	path  string
}

// View gives nil: every read is to pass ReadAt, where it can fail.
func (r *faultyReader) View(int64, int64) []byte { return nil }

func (r *faultyReader) ReadAt(ctx context.Context, buf []byte, off int64) error {
	op := Op{Kind: OpRead, Path: r.path, Off: off, N: int64(len(buf))}
	if err := r.store.Fault(ctx, op); err != nil {
		return err
	}
	return r.Reader.ReadAt(ctx, buf, off)
}
