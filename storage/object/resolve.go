package object

import (
	"context"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Router is a Store that gives paths with a scheme it knows ("s3://…") to the
// store of that scheme and all others to Default.
type Router struct {
	Default Store
	Schemes map[string]Store
}

// NewRouter is the stores a process starts with: the local file system and S3, whose
// requests are counted in traffic unless that is nil.
func NewRouter(traffic *Traffic) *Router {
	return &Router{Default: &Local{}, Schemes: map[string]Store{"s3": NewS3(S3Options{Traffic: traffic})}}
}

func (r *Router) of(p string) (Store, error) {
	scheme, _, ok := strings.Cut(p, "://")
	if !ok {
		return r.Default, nil
	}
	if s := r.Schemes[scheme]; s != nil {
		return s, nil
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "file %q: there is no store for %s://", p, scheme).
		WithHint("A location is a path of the file system or s3://bucket/key.")
}

func (r *Router) Stat(ctx context.Context, p string) (Info, error) {
	s, err := r.of(p)
	if err != nil {
		return Info{}, err
	}
	return s.Stat(ctx, p)
}

func (r *Router) Open(ctx context.Context, info Info) (Reader, error) {
	s, err := r.of(info.Path)
	if err != nil {
		return nil, err
	}
	return s.Open(ctx, info)
}

func (r *Router) Put(ctx context.Context, p string, data []byte) error {
	s, err := r.of(p)
	if err != nil {
		return err
	}
	return s.Put(ctx, p, data)
}

func (r *Router) PutIfAbsent(ctx context.Context, p string, data []byte) error {
	s, err := r.of(p)
	if err != nil {
		return err
	}
	return s.PutIfAbsent(ctx, p, data)
}

func (r *Router) List(ctx context.Context, prefix string) ([]Info, error) {
	s, err := r.of(prefix)
	if err != nil {
		return nil, err
	}
	return s.List(ctx, prefix)
}

func (r *Router) Delete(ctx context.Context, p string) error {
	s, err := r.of(p)
	if err != nil {
		return err
	}
	return s.Delete(ctx, p)
}

// Resolve finds the Parquet files of a location, by path: a file; a folder, for
// all *.parquet files at any depth in it whose name (and whose folders' names)
// begin with neither dot nor underscore; a glob over whole paths ("*" does not
// cross "/", "**" does). No file at all is an UndefinedFile error.
func Resolve(ctx context.Context, store Store, location string) ([]Info, error) {
	location = strings.TrimPrefix(location, "file://")
	if location == "" {
		return nil, missing(location, nil)
	}
	_, rest, remote := strings.Cut(location, "://")
	if bucket, _, _ := strings.Cut(rest, "/"); remote && strings.ContainsRune(bucket, '@') { // never quoted: it may be a secret
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "a location must not have credentials in it").
			WithHint("Credentials are the process's: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the machine's role.")
	}
	if remote && strings.Trim(rest, "/") == "" {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "%q names no bucket", location)
	}
	if !strings.Contains(location, "://") {
		slash := strings.HasSuffix(location, "/")
		if location = filepath.Clean(location); slash && location != "/" {
			location += "/"
		}
	}
	if i := strings.IndexAny(location, "*?["); i >= 0 {
		return resolveGlob(ctx, store, location, i)
	}
	if !strings.HasSuffix(location, "/") {
		info, err := store.Stat(ctx, location)
		if err == nil {
			return []Info{info}, nil
		}
		if code := sqlerr.CodeOf(err); code != sqlerr.UndefinedFile && code != sqlerr.WrongObjectType {
			return nil, err
		}
	}
	prefix := strings.TrimRight(location, "/") + "/"
	all, err := store.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	var found []Info
	for _, info := range all {
		rest := strings.TrimPrefix(info.Path, prefix)
		if strings.HasSuffix(rest, ".parquet") && !hidden(rest) {
			found = append(found, info)
		}
	}
	if len(found) == 0 {
		if len(all) > 0 {
			return nil, sqlerr.New(sqlerr.UndefinedFile, "folder %q holds no *.parquet files", location)
		}
		return nil, missing(location, nil)
	}
	return found, nil
}

func resolveGlob(ctx context.Context, store Store, location string, special int) ([]Info, error) {
	all, err := store.List(ctx, location[:strings.LastIndexByte(location[:special], '/')+1])
	if err != nil {
		return nil, err
	}
	pattern := strings.Split(location, "/")
	var found []Info
	for _, info := range all {
		ok, err := match(pattern, strings.Split(info.Path, "/"))
		if err != nil {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "malformed pattern %q", location)
		}
		if ok {
			found = append(found, info)
		}
	}
	if len(found) == 0 {
		return nil, sqlerr.New(sqlerr.UndefinedFile, "no file matches %q", location)
	}
	return found, nil
}

// match compares a path with a pattern part by part; hidden parts are matched
// only by a pattern that begins with the same character.
func match(pattern, parts []string) (bool, error) {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for skip := 0; skip <= len(parts); skip++ {
				if ok, err := match(pattern[1:], parts[skip:]); ok || err != nil {
					return ok, err
				}
				if skip < len(parts) && hidden(parts[skip]) {
					break
				}
			}
			return false, nil
		}
		if len(parts) == 0 {
			return false, nil
		}
		ok, err := path.Match(pattern[0], parts[0])
		if !ok || err != nil {
			return false, err
		}
		if hidden(parts[0]) && pattern[0][0] != parts[0][0] {
			return false, nil
		}
		pattern, parts = pattern[1:], parts[1:]
	}
	return len(parts) == 0, nil
}

// hidden reports whether some part of a relative path is a hidden name.
func hidden(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if part != "" && (part[0] == '.' || part[0] == '_') && part != "." && part != ".." {
			return true
		}
	}
	return false
}

// bucketOf splits "s3://bucket/key".
func bucketOf(p string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(p, "s3://")
	bucket, key, _ = strings.Cut(rest, "/")
	if !ok || bucket == "" {
		return "", "", sqlerr.New(sqlerr.InvalidParameterValue, "%q is not of the form s3://bucket/key", p)
	}
	if u, err := url.PathUnescape(bucket); err == nil {
		bucket = u
	}
	return bucket, key, nil
}
