package access

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Prefix is a location below which files may be read, in the form that Covers compares:
// an absolute clean path, or a bucket or a folder of it as s3://bucket/folder.
func Prefix(text string) (string, error) {
	out, err := normal(text)
	if err == nil && strings.ContainsAny(out, "*?[") {
		err = fmt.Errorf("%q has wildcards: a prefix is a folder or a file", text)
	}
	return out, err
}

// normal is a location with its dots resolved, without a slash at its end. Keys of
// buckets have no dots to resolve: what looks like them is refused.
func normal(location string) (string, error) {
	scheme, rest, ok := strings.Cut(location, "://")
	if !ok {
		if location == "" || strings.ContainsRune(location, 0) {
			return "", errors.New("a location must not be empty")
		}
		return filepath.Abs(location)
	}
	if scheme == "file" {
		return normal("/" + strings.TrimLeft(rest, "/"))
	}
	for _, part := range strings.Split(rest, "/") {
		if part == ".." || part == "." {
			return "", fmt.Errorf("%q has dots in it, which a bucket takes literally", location)
		}
	}
	rest = strings.TrimRight(rest, "/")
	if rest == "" || strings.HasPrefix(rest, "/") {
		return "", fmt.Errorf("%q names no bucket", location)
	}
	return strings.ToLower(scheme) + "://" + rest, nil
}

// Covers reports whether a location is the prefix or below it, as texts.
func Covers(prefix, location string) bool {
	l, err := normal(location)
	if err != nil {
		return false
	}
	return l == prefix || strings.HasPrefix(l, strings.TrimSuffix(prefix, "/")+"/")
}

// Pattern is a location, which may have wildcards, with the symbolic links of its folders
// before the first of them resolved. Others than paths are themselves.
func Pattern(location string) (string, error) {
	n, err := normal(location)
	if err != nil || strings.Contains(n, "://") {
		return n, err
	}
	i := strings.IndexAny(n, "*?[")
	if i < 0 {
		return resolve(n)
	}
	i = strings.LastIndexByte(n[:i], '/') + 1
	at, err := resolve(n[:i])
	return filepath.Join(at, n[i:]), err
}

// resolve resolves the symbolic links of an absolute path as far as it is there.
func resolve(path string) (string, error) {
	rest := ""
	for at := path; ; {
		real, err := filepath.EvalSymlinks(at)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		if !errors.Is(err, os.ErrNotExist) || at == filepath.Dir(at) {
			return "", err
		}
		if info, err := os.Lstat(at); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return "", os.ErrNotExist // a link to what is not there: it may be by and by, anywhere
		}
		rest, at = filepath.Join(filepath.Base(at), rest), filepath.Dir(at)
	}
}

// Bounds are prefixes with their own symbolic links resolved: a folder may be reached by
// one.
type Bounds []string

// NewBounds resolves prefixes; those that cannot be resolved cover nothing.
func NewBounds(prefixes ...string) Bounds {
	out := Bounds{}
	for _, p := range prefixes {
		if r, err := Pattern(p); err == nil {
			out = append(out, r)
		}
	}
	return out
}

// Allows reports whether a location, or whatever a pattern can match, is within.
func (b Bounds) Allows(location string) bool {
	at, err := Pattern(location)
	return err == nil && b.cover(at)
}

// Files gives the first of the paths, which are files that are there, that is not within
// when its symbolic links are resolved; "" when all are.
func (b Bounds) Files(paths iter.Seq[string]) (outside string) {
	folders := map[string]string{} // with links resolved
	for path := range paths {
		at, err := real(path, folders)
		if err != nil || !b.cover(at) {
			return path
		}
	}
	return ""
}

// real is a file with its symbolic links resolved; folders are those that others were in.
func real(path string, folders map[string]string) (string, error) {
	path, err := normal(path)
	if err != nil || strings.Contains(path, "://") {
		return path, err
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink != 0 {
		return resolve(path)
	}
	folder, name := filepath.Split(path)
	at, ok := folders[folder]
	if !ok {
		if at, err = resolve(folder); err != nil {
			return "", err
		}
		folders[folder] = at
	}
	return filepath.Join(at, name), nil
}

func (b Bounds) cover(at string) bool {
	return slices.ContainsFunc(b, func(prefix string) bool { return Covers(prefix, at) })
}
