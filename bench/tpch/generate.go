package tpch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Options of Generate. Everything but ScaleFactor and Out may be left zero.
type Options struct {
	ScaleFactor ScaleFactor
	Out         string         // directory, made if need be
	Tables      []Table        // all of them when empty
	Parts       int            // files per table, 1 by default
	Compression string         // snappy (default), zstd, lz4 or none
	Threads     int            // GOMAXPROCS by default
	Progress    func(Progress) // called from the goroutine of Generate
}

// Progress tells how far a table is. Total is an estimate for lineitem until
// Done reaches it in the last call.
type Progress struct {
	Table       Table
	Done, Total int64 // rows
}

// Generate writes tables as Parquet: OUT/NAME.parquet, or, with more than one
// part, OUT/NAME/part-0000.parquet and so on; region and nation, and tables
// with fewer rows than parts, get fewer files. A table appears under its final
// name when all of it is written and replaces what Generate wrote there before
// in either layout.
func Generate(ctx context.Context, opt Options) error {
	if opt.ScaleFactor == (ScaleFactor{}) {
		return errors.New("tpch: no scale factor")
	}
	compression, err := codec(opt.Compression)
	if err != nil {
		return err
	}
	if opt.Parts < 0 || opt.Threads < 0 {
		return fmt.Errorf("tpch: %d parts on %d threads", opt.Parts, opt.Threads)
	}
	if opt.Threads == 0 {
		opt.Threads = runtime.GOMAXPROCS(0)
	}
	tables := opt.Tables
	if len(tables) == 0 {
		tables = Tables()
	}
	for _, table := range tables {
		if _, err := ParseTable(string(table)); err != nil {
			return err
		}
	}
	gen := newGenerator(opt.ScaleFactor)
	for _, table := range tables {
		w := &fileWriter{table: table, gen: gen, codec: compression, threads: opt.Threads}
		if err := writeTable(ctx, w, opt); err != nil {
			return fmt.Errorf("tpch: write %s: %w", table, err)
		}
	}
	return nil
}

func writeTable(ctx context.Context, w *fileWriter, opt Options) error {
	progress := Progress{Table: w.table, Total: EstimateRows(w.table, opt.ScaleFactor)}
	report := func() {
		if opt.Progress != nil {
			opt.Progress(progress)
		}
	}
	w.written = func(rows int64) {
		progress.Done += rows
		progress.Total = max(progress.Total, progress.Done)
		report()
	}
	files, err := newFileSet(opt.Out, w.table, opt.ScaleFactor, opt.Parts)
	if err != nil {
		return err
	}
	defer files.discard()
	for part := range files.parts {
		groups := rowGroups(w.table, opt.ScaleFactor, part, files.parts)
		if err := files.write(func(f *os.File) error { return w.write(ctx, f, groups) }); err != nil {
			return err
		}
	}
	if err := files.publish(); err != nil {
		return err
	}
	progress.Total = progress.Done
	report()
	return nil
}

// fileSet is the files of one table, under temporary names until publish.
type fileSet struct {
	out       string
	table     Table
	parts     int
	split     bool // OUT/NAME/part-… rather than OUT/NAME.parquet
	temporary []string
}

func newFileSet(out string, table Table, sf ScaleFactor, parts int) (*fileSet, error) {
	s := &fileSet{out: out, table: table, parts: 1, split: parts > 1}
	if s.split && table != RegionTable && table != NationTable {
		s.parts = int(min(int64(parts), table.units(sf)))
	}
	return s, os.MkdirAll(s.dir(), 0o777)
}

func (s *fileSet) dir() string {
	if s.split {
		return filepath.Join(s.out, string(s.table))
	}
	return s.out
}

func (s *fileSet) name(part int) string {
	if s.split {
		return filepath.Join(s.dir(), fmt.Sprintf("part-%04d.parquet", part))
	}
	return s.singleName()
}

func (s *fileSet) singleName() string {
	return filepath.Join(s.out, string(s.table)+".parquet")
}

// write adds the next file. Its name begins with a dot and ends in .tmp, so
// that nothing takes it for a part of the table.
func (s *fileSet) write(fill func(*os.File) error) error {
	f, err := os.CreateTemp(s.dir(), "."+string(s.table)+"-*.tmp")
	if err != nil {
		return err
	}
	s.temporary = append(s.temporary, f.Name())
	const readable = 0o644 // CreateTemp keeps the file to its owner
	return errors.Join(fill(f), f.Chmod(readable), f.Close())
}

// publish gives the files their names and removes those of an earlier run that
// would double or mix rows: further parts, and the other layout.
func (s *fileSet) publish() error {
	for part, name := range s.temporary {
		if err := os.Rename(name, s.name(part)); err != nil {
			return err
		}
	}
	published := s.temporary
	s.temporary = nil
	if s.split {
		if err := os.Remove(s.singleName()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return removeParts(s.dir(), len(published))
	}
	dir := filepath.Join(s.out, string(s.table))
	if err := removeParts(dir, 0); err != nil {
		return err
	}
	_ = os.Remove(dir) // stays when it holds files that are not ours
	return nil
}

// removeParts removes the parts from number first on.
func removeParts(dir string, first int) error {
	old, err := filepath.Glob(filepath.Join(dir, "part-[0-9]*.parquet"))
	if err != nil {
		return err
	}
	for _, name := range old {
		var part int
		if _, err := fmt.Sscanf(filepath.Base(name), "part-%d.parquet", &part); err != nil || part < first {
			continue
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

func (s *fileSet) discard() {
	for _, name := range s.temporary {
		_ = os.Remove(name)
	}
}
