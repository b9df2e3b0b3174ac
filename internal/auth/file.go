package auth

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Entry is a user of a file.
type Entry struct {
	Name  string
	Hash  string
	Roles []string // that the user has besides those granted in SQL
}

// File is the users of a file, a line each:
//
//	NAME:HASH[:ROLE,…]
//
// Empty lines and those that begin with # are passed over. The file is read again when it
// has changed; while it cannot be read its last good content holds.
type File struct {
	path   string
	failed func(error) // hears once of each change that cannot be read

	mu      sync.Mutex
	entries map[string]Entry
	seen    version
}

// version tells contents of a file apart.
type version struct {
	size, modified int64
}

// OpenFile reads a users file, which must be there. failed hears of later changes that
// cannot be read; it may be nil.
func OpenFile(path string, failed func(error)) (*File, error) {
	f := &File{path: path, failed: failed}
	v, err := f.stat()
	if err != nil {
		return nil, err
	}
	if f.entries, err = ReadFile(path); err != nil {
		return nil, err
	}
	f.seen = v
	return f, nil
}

func (f *File) stat() (version, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return version{}, err
	}
	return version{info.Size(), info.ModTime().UnixNano()}, nil
}

// Find gives a user as the file is now.
func (f *File) Find(name string) (Entry, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	e, ok := f.entries[name]
	return e, ok
}

// Names are all users, sorted.
func (f *File) Names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	return slices.Sorted(maps.Keys(f.entries))
}

func (f *File) refresh() {
	v, err := f.stat()
	if v == f.seen {
		return
	}
	f.seen = v
	var entries map[string]Entry
	if err == nil {
		entries, err = ReadFile(f.path)
	}
	if err == nil {
		f.entries = entries
	} else if f.failed != nil {
		f.failed(err)
	}
}

// CheckName says what is wrong with the name of a user or role.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a name must not be empty")
	case len(name) > 63:
		return errors.New("a name has at most 63 bytes")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsAny(name, ":,") || strings.TrimSpace(name) != name:
		return fmt.Errorf("the name %q has a colon, a comma, a control character or space around it", name)
	case strings.EqualFold(name, "public") || strings.EqualFold(name, "none"):
		return fmt.Errorf("the name %q is reserved", name)
	}
	return nil
}

// maxFileBytes bounds what is read of a users file.
const maxFileBytes = 16 << 20

// ReadFile reads the users of a file.
func ReadFile(path string) (map[string]Entry, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(text) > maxFileBytes {
		return nil, fmt.Errorf("%s: %d bytes are too many for a users file", path, len(text))
	}
	out, err := parseFile(text)
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return out, nil
}

// parseFile reads the text of a users file. Errors name the line and never quote it.
func parseFile(text []byte) (map[string]Entry, error) {
	out := map[string]Entry{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, ":")
		if len(fields) < 2 || len(fields) > 3 {
			return nil, fmt.Errorf("line %d: want NAME:HASH[:ROLE,…]", n)
		}
		e := Entry{Name: fields[0], Hash: fields[1]}
		if err := CheckName(e.Name); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if !IsHash(e.Hash) {
			return nil, fmt.Errorf("line %d: user %q: %w", n, e.Name, errHash)
		}
		if _, twice := out[e.Name]; twice {
			return nil, fmt.Errorf("line %d: user %q is there twice", n, e.Name)
		}
		if len(fields) == 3 && fields[2] != "" {
			for _, role := range strings.Split(fields[2], ",") {
				if err := CheckName(role); err != nil {
					return nil, fmt.Errorf("line %d: role of %q: %w", n, e.Name, err)
				}
				e.Roles = append(e.Roles, role)
			}
		}
		out[e.Name] = e
	}
	return out, lines.Err()
}

// WriteFile takes the place of a users file, whole or not at all; only its owner can
// read it.
func WriteFile(path string, users map[string]Entry) (err error) {
	var b strings.Builder
	b.WriteString("# Users of Skein: NAME:HASH[:ROLE,…]. Written by skein user.\n")
	for _, name := range slices.Sorted(maps.Keys(users)) {
		e := users[name]
		fmt.Fprintf(&b, "%s:%s", e.Name, e.Hash)
		if len(e.Roles) > 0 {
			b.WriteString(":" + strings.Join(e.Roles, ","))
		}
		b.WriteByte('\n')
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm() // a service's group may have to read it
	}
	t, err := os.CreateTemp(filepath.Dir(path), ".users-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(t.Name()) // it says nothing new
		}
	}()
	_, err = t.WriteString(b.String())
	err = errors.Join(err, t.Chmod(mode), t.Sync(), t.Close())
	if err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}
