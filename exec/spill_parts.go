package exec

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// spillBytes and vector.MaxRows bound what a writer keeps of a partition before it
// writes it: blocks are long enough to be read and written in a row.
const spillBytes = 128 << 10

// partFiles is rows in partitions, a file each; several instances write at a time.
type partFiles struct {
	files   [spillParts]SpillFile
	profile *SpillProfile
}

func newPartFiles(env *Env, profile *SpillProfile) *partFiles {
	p := &partFiles{profile: profile}
	for i := range p.files {
		p.files[i] = env.Spill.Create()
	}
	return p
}

func (p *partFiles) bytes() int64 {
	sum := int64(0)
	for _, f := range p.files {
		sum += f.Bytes()
	}
	return sum
}

// free removes the files; nil has none.
func (p *partFiles) free() {
	if p == nil {
		return
	}
	for _, f := range p.files {
		f.Free()
	}
}

// partWriter is one instance's way into partFiles: it collects the rows of each
// partition until they are worth a block.
type partWriter struct {
	to      *partFiles
	env     *Env
	fields  []expr.Field
	hash    *spillHash
	buffers [spillParts]rowBuffer
	sels    [spillParts]vector.Selection
}

// newPartWriter makes a writer of rows with these columns, divided by keys of types.
func newPartWriter(to *partFiles, fields []expr.Field, types []expr.Type, env *Env) *partWriter {
	w := &partWriter{to: to, env: env, fields: fields, hash: newSpillHash(types, env)}
	for i := range w.buffers {
		w.buffers[i] = rowBuffer{env: env, fields: fields}
	}
	return w
}

// add takes rows sel of columns that are n long, and their keys.
func (w *partWriter) add(cols, keys []vector.Column, n int, sel vector.Selection) error {
	sel = explicit(sel, n)
	parts, err := w.hash.of(keys, n, sel)
	if err != nil {
		return err
	}
	for i := range w.sels {
		w.sels[i] = w.sels[i][:0]
	}
	for i, p := range parts {
		w.sels[p] = append(w.sels[p], sel[i])
	}
	for p, rows := range w.sels {
		if len(rows) == 0 {
			continue
		}
		b := &w.buffers[p]
		if err := b.add(cols, rows); err != nil {
			return err
		}
		if b.rows >= vector.MaxRows || b.bytes() >= spillBytes {
			if err := w.write(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// write appends what is kept of a partition to its file.
func (w *partWriter) write(p int) error {
	b := &w.buffers[p]
	if b.rows == 0 {
		return nil
	}
	batch, err := b.take()
	if err != nil {
		return err
	}
	return appendSpilled(w.to.files[p], batch, w.to.profile)
}

// appendSpilled writes a batch, which it takes over, and counts it.
func appendSpilled(f SpillFile, b *vector.Batch, profile *SpillProfile) error {
	defer b.Release()
	from, to, err := f.Append(b)
	if err != nil {
		return err
	}
	if from == 0 {
		profile.Files.Add(1)
	}
	profile.Bytes.Add(to - from)
	return nil
}

// flush writes what is left.
func (w *partWriter) flush() error {
	for p := range w.buffers {
		if err := w.write(p); err != nil {
			return err
		}
	}
	return nil
}

// close gives back what was not written; nil has nothing.
func (w *partWriter) close() {
	if w == nil {
		return
	}
	w.hash.close()
	for i := range w.buffers {
		w.buffers[i].close()
	}
}

// rowBuffer collects rows, copied, until they are taken as a batch.
type rowBuffer struct {
	env    *Env
	fields []expr.Field
	cols   []columnBuffer
	rows   int
}

func (r *rowBuffer) add(cols []vector.Column, sel vector.Selection) error {
	if r.cols == nil {
		r.cols = newColumnBuffers(len(r.fields), r.env.Account)
	}
	for i := range r.cols {
		if err := r.cols[i].add(&cols[i], sel); err != nil {
			return err
		}
	}
	r.rows += len(sel)
	return nil
}

// bytes is what the rows take.
func (r *rowBuffer) bytes() int64 {
	n := int64(0)
	for i := range r.cols {
		n += r.cols[i].passing.held + r.cols[i].lasting.held
	}
	return n
}

// take gives the rows, in memory that is short-lived and the garbage collector's, and
// begins anew.
func (r *rowBuffer) take() (*vector.Batch, error) {
	store, err := newJoinStore(r.fields, []storePart{{rows: r.rows, buffers: r.cols}}, budget{account: r.env.Account})
	if err != nil {
		return nil, err
	}
	store.copyPart(&store.part[0])
	b := vector.New(store.cols, store.rows)
	store.release()
	r.cols, r.rows = nil, 0
	return b, nil
}

func (r *rowBuffer) close() {
	releaseBuffers(r.cols)
	r.cols, r.rows = nil, 0
}
