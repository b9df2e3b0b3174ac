package catalog

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
)

// Log is the changes of a catalog that several processes share, as objects of a store:
//
//	ROOT/log/<CSN>.json          one entry: the changes of one commit
//	ROOT/checkpoint/<CSN>.json   the whole state, at every hundredth commit
//
// A commit is an object that is put if there is none: of two that want the same commit
// sequence number (CSN, from 1 on) one gets it, and the other looks what has changed and
// tries the next. Entries are never changed. Nothing else is needed to share a catalog.
type Log struct {
	store object.Store
	root  string
}

// NewLog is the log under a folder or an s3:// prefix.
func NewLog(store object.Store, root string) *Log {
	return &Log{store: store, root: strings.TrimRight(root, "/")}
}

// logVersion is the form of entries and checkpoints.
const logVersion = 1

// checkpointEvery is how many commits are between two checkpoints.
const checkpointEvery = 100

// maxEntryBytes bounds what is read for one.
const maxEntryBytes = 64 << 20

// entry is an object of the log.
type entry struct {
	Version int             `json:"version"`
	CSN     int64           `json:"csn"`
	ID      string          `json:"id"`   // of the attempt, to know one's own again
	Time    time.Time       `json:"time"` // for people
	Changes json.RawMessage `json:"changes"`
}

func (l *Log) path(folder string, csn int64) string {
	return fmt.Sprintf("%s/%s/%020d.json", l.root, folder, csn)
}

// put writes an entry; object.ErrExists when the number is taken by another. One's own
// may be there already: a store tries again when an answer is lost.
func (l *Log) put(ctx context.Context, folder string, csn int64, changes []change) error {
	encoded, err := encodeChanges(changes)
	if err != nil {
		return err
	}
	e := entry{Version: logVersion, CSN: csn, ID: rand.Text(), Time: time.Now().UTC(), Changes: encoded}
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	path := l.path(folder, csn)
	put := l.store.PutIfAbsent(ctx, path, append(text, '\n'))
	if put == nil {
		return nil
	}
	have, ok, err := l.entry(ctx, path, csn)
	if err == nil && ok && have.ID == e.ID {
		return nil
	}
	return put
}

// read gives the changes of an entry; ok is false when there is none of that number.
func (l *Log) read(ctx context.Context, path string, csn int64) (changes []change, ok bool, err error) {
	e, ok, err := l.entry(ctx, path, csn)
	if err != nil || !ok {
		return nil, false, err
	}
	if changes, err = decodeChanges(e.Changes); err != nil {
		return nil, false, damaged(path, "%v", err)
	}
	return changes, true, nil
}

func (l *Log) entry(ctx context.Context, path string, csn int64) (e entry, ok bool, err error) {
	text, err := l.text(ctx, path)
	if sqlerr.CodeOf(err) == sqlerr.UndefinedFile {
		return e, false, nil
	}
	if err != nil {
		return e, false, sqlerr.Wrap(err, "catalog")
	}
	if err := strictly(text, &e); err != nil {
		return e, false, damaged(path, "%v", err)
	}
	if e.Version != logVersion || e.CSN != csn {
		return e, false, damaged(path, "it is of version %d and number %d", e.Version, e.CSN)
	}
	return e, true, nil
}

func damaged(path, format string, args ...any) error {
	return sqlerr.New(sqlerr.DataCorrupted, "catalog entry %q: %s", path, fmt.Sprintf(format, args...))
}

func (l *Log) text(ctx context.Context, path string) ([]byte, error) {
	info, err := l.store.Stat(ctx, path)
	if err != nil {
		return nil, err
	}
	if info.SizeBytes > maxEntryBytes {
		return nil, damaged(path, "%d bytes are too many", info.SizeBytes)
	}
	r, err := l.store.Open(ctx, info)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text := make([]byte, info.SizeBytes)
	return text, r.ReadAt(ctx, text, 0)
}

// checkpoint is the state at the last checkpoint, and its number; 0 when there is none.
func (l *Log) checkpoint(ctx context.Context) ([]change, int64, error) {
	found, err := l.store.List(ctx, l.root+"/checkpoint/")
	if err != nil && sqlerr.CodeOf(err) != sqlerr.UndefinedFile {
		return nil, 0, sqlerr.Wrap(err, "catalog")
	}
	for i := len(found) - 1; i >= 0; i-- {
		name := found[i].Path[strings.LastIndexByte(found[i].Path, '/')+1:]
		var csn int64
		if n, err := fmt.Sscanf(name, "%020d.json", &csn); n != 1 || err != nil {
			continue // not one of ours
		}
		changes, ok, err := l.read(ctx, found[i].Path, csn)
		if err != nil || ok {
			return changes, csn, err
		}
	}
	return nil, 0, nil
}
