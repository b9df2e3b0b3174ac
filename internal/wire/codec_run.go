package wire

import (
	"time"

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
		}
		return f.unknown()
	})
}

func (w *writer) task(t Task) {
	w.int(1, int64(t.Index))
	w.int(2, int64(t.Partition))
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
