package wire

import (
	"time"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait"
)

func (w *writer) run(m *Run) error {
	encoded := m.Encoded
	if encoded == nil && m.Plan != nil {
		var err error
		if encoded, err = substrait.Marshal(m.Plan); err != nil {
			return err
		}
	}
	w.text(1, m.Query)
	w.int(2, int64(m.Attempt))
	w.int(3, int64(m.Fragment))
	w.bool(4, m.Whole)
	w.int(5, int64(m.Threads))
	w.bytes(6, encoded)
	w.int(7, int64(m.Scan))
	for _, t := range m.Tasks {
		w.sub(8, func(w *writer) { w.task(t) })
	}
	for _, o := range m.Outputs {
		exchange, err := marshalExchange(o.Exchange)
		if err != nil {
			return err
		}
		w.sub(9, func(w *writer) {
			w.int(1, int64(o.Edge))
			w.bytes(2, exchange)
			w.int(3, int64(o.Partitions))
		})
	}
	w.int(10, int64(m.Options.BatchRows))
	w.bool(11, m.Options.Frames)
	w.bool(13, m.Options.Measure || m.Options.Profile != nil)
	w.text(14, m.Options.Trace)
	w.bool(15, m.Known)
	for _, in := range m.Inputs {
		w.sub(12, func(w *writer) { w.input(in) })
	}
	return nil
}

func readRun(b []byte) (*Run, error) {
	m := &Run{}
	return m, each(b, func(f field) error {
		switch f.n {
		case 1:
			return f.text(&m.Query)
		case 2:
			return f.number(&m.Attempt)
		case 3:
			return f.number(&m.Fragment)
		case 4:
			return f.truth(&m.Whole)
		case 5:
			return f.number(&m.Threads)
		case 6:
			return f.bytes(&m.Encoded)
		case 7:
			return f.number(&m.Scan)
		case 8:
			t, err := readTask(f)
			m.Tasks = append(m.Tasks, t)
			return err
		case 9:
			o, err := readOutput(f)
			m.Outputs = append(m.Outputs, o)
			return err
		case 10:
			return f.number(&m.Options.BatchRows)
		case 11:
			return f.truth(&m.Options.Frames)
		case 12:
			in, err := readInput(f)
			m.Inputs = append(m.Inputs, in)
			return err
		case 13:
			return f.truth(&m.Options.Measure)
		case 14:
			return f.text(&m.Options.Trace)
		case 15:
			return f.truth(&m.Known)
		}
		return f.unknown()
	})
}

func (w *writer) task(t Task) {
	w.int(1, int64(t.Index))
	w.int(2, int64(t.Partition))
	w.int(5, int64(t.Part))
	w.int(6, int64(t.Parts))
	if t.Files != nil {
		w.sub(3, func(w *writer) { w.files(t.Files) })
	}
	for _, files := range t.Followers {
		w.sub(4, func(w *writer) { w.files(files) })
	}
}

func readTask(f field) (Task, error) {
	t := Task{}
	err := f.each(func(f field) error {
		switch f.n {
		case 1:
			return f.number(&t.Index)
		case 2:
			return f.number(&t.Partition)
		case 3:
			return readFiles(f, &t.Files)
		case 4:
			var files []physical.File
			err := readFiles(f, &files)
			t.Followers = append(t.Followers, files)
			return err
		case 5:
			return f.number(&t.Part)
		case 6:
			return f.number(&t.Parts)
		}
		return f.unknown()
	})
	return t, err
}

// files writes a list of which nil is another than the empty one.
func (w *writer) files(files []physical.File) {
	w.bool(1, files == nil)
	for _, f := range files {
		w.sub(2, func(w *writer) {
			w.text(1, f.Path)
			w.int(2, f.SizeBytes)
			if !f.ModTime.IsZero() {
				w.int(3, f.ModTime.Unix())
				w.int(4, int64(f.ModTime.Nanosecond())+1) // so that it is there, whatever it is
			}
			w.text(5, f.ETag)
			w.ints(6, f.RowGroups)
		})
	}
}

func readFiles(f field, files *[]physical.File) error {
	none := false
	out := []physical.File{}
	err := f.each(func(f field) error {
		switch f.n {
		case 1:
			return f.truth(&none)
		case 2:
			file, err := readFile(f)
			out = append(out, file)
			return err
		}
		return f.unknown()
	})
	if !none {
		*files = out
	}
	return err
}

func readFile(f field) (physical.File, error) {
	file := physical.File{}
	var seconds, nanos int64
	err := f.each(func(f field) error {
		switch f.n {
		case 1:
			return f.text(&file.Path)
		case 2:
			return integer(f, &file.SizeBytes)
		case 3:
			return integer(f, &seconds)
		case 4:
			return integer(f, &nanos)
		case 5:
			return f.text(&file.ETag)
		case 6:
			return f.numbers(&file.RowGroups)
		}
		return f.unknown()
	})
	if nanos > 0 {
		file.ModTime = time.Unix(seconds, nanos-1).UTC()
	}
	return file, err
}

func (w *writer) counts(n exec.NodeCounts) {
	w.int(1, n.Rows)
	w.int(2, n.Batches)
	w.int(3, n.Nanos)
	w.int(4, n.PeakBytes)
	for _, v := range n.Scan {
		w.sub(5, func(w *writer) { w.int(1, v) })
	}
	for _, text := range n.Notes {
		w.sub(6, func(w *writer) { w.text(1, text) })
	}
	w.int(7, n.SpilledBytes)
	w.int(8, n.SpilledFiles)
}

func readCounts(f field) (exec.NodeCounts, error) {
	n := exec.NodeCounts{}
	err := f.each(func(f field) error {
		switch f.n {
		case 1:
			return integer(f, &n.Rows)
		case 2:
			return integer(f, &n.Batches)
		case 3:
			return integer(f, &n.Nanos)
		case 4:
			return integer(f, &n.PeakBytes)
		case 5:
			v := int64(0)
			err := f.each(func(f field) error { return integer(f, &v) })
			n.Scan = append(n.Scan, v)
			return err
		case 6:
			text := ""
			err := f.each(func(f field) error { return f.only(1, &text) })
			n.Notes = append(n.Notes, text)
			return err
		case 7:
			return integer(f, &n.SpilledBytes)
		case 8:
			return integer(f, &n.SpilledFiles)
		}
		return f.unknown()
	})
	return n, err
}

func (w *writer) sent(s Sent) {
	w.int(1, int64(s.Edge))
	w.int(2, s.Bytes)
	w.ints(3, s.Heavy)
	for _, b := range s.HeavyBytes {
		w.sub(4, func(w *writer) { w.int(1, b) })
	}
}

func readSent(f field) (Sent, error) {
	s := Sent{}
	err := f.each(func(f field) error {
		switch f.n {
		case 1:
			return f.number(&s.Edge)
		case 2:
			return integer(f, &s.Bytes)
		case 3:
			return f.numbers(&s.Heavy)
		case 4:
			n := int64(0)
			err := f.each(func(f field) error { return integer(f, &n) })
			s.HeavyBytes = append(s.HeavyBytes, n)
			return err
		}
		return f.unknown()
	})
	if err == nil && len(s.HeavyBytes) != len(s.Heavy) {
		err = sqlerr.New(sqlerr.DataCorrupted, "%d partitions with %d lengths", len(s.Heavy), len(s.HeavyBytes))
	}
	return s, err
}

func (w *writer) input(in InputEdge) {
	w.int(1, int64(in.Edge))
	for _, p := range in.Places {
		w.sub(2, func(w *writer) {
			w.int(1, int64(p.Edge))
			w.text(2, p.Peer)
		})
	}
}

func readInput(f field) (InputEdge, error) {
	in := InputEdge{}
	err := f.each(func(f field) error {
		switch f.n {
		case 1:
			return f.number(&in.Edge)
		case 2:
			p := Place{}
			err := f.each(func(f field) error {
				if f.n == 1 {
					return f.number(&p.Edge)
				}
				return f.only(2, &p.Peer)
			})
			in.Places = append(in.Places, p)
			return err
		}
		return f.unknown()
	})
	return in, err
}

func readOutput(f field) (OutputEdge, error) {
	o := OutputEdge{}
	err := f.each(func(f field) error {
		switch f.n {
		case 1:
			return f.number(&o.Edge)
		case 2:
			if f.isInt {
				return f.unknown()
			}
			var err error
			o.Exchange, err = unmarshalExchange(f.b)
			return err
		case 3:
			return f.number(&o.Partitions)
		}
		return f.unknown()
	})
	return o, err
}

// marshalExchange is an exchange without an input as a Substrait plan. Its keys say
// themselves what the columns are that they count in; those between get any type.
func marshalExchange(x *physical.Exchange) ([]byte, error) {
	if x == nil {
		return nil, nil
	}
	fields := []expr.Field{}
	for _, k := range x.Keys {
		expr.Walk(k, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok && c.ID >= 0 {
				for len(fields) <= int(c.ID) {
					fields = append(fields, expr.Field{Type: expr.Of(expr.Bool)})
				}
				fields[c.ID] = expr.Field{Name: c.Name, Type: c.Typ, Nullable: c.Nullable}
			}
			return true
		})
	}
	if len(fields) == 0 {
		fields = []expr.Field{{Type: expr.Of(expr.Bool)}}
	}
	whole := *x
	whole.Input = &physical.Values{Fields: fields}
	return substrait.Marshal(&whole)
}

func unmarshalExchange(b []byte) (*physical.Exchange, error) {
	n, err := substrait.Unmarshal(b)
	if err != nil {
		return nil, err
	}
	x, ok := n.(*physical.Exchange)
	if !ok {
		return nil, sqlerr.New(sqlerr.InvalidPlan, "an edge's exchange is a %T", n)
	}
	x.Input = nil
	return x, nil
}
