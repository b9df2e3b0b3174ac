package wire

func (w *writer) report(m *Report) {
	w.text(1, m.Worker)
	w.int(2, int64(m.BusyMilli))
	w.int(3, m.FreeBytes)
	w.int(4, m.LimitBytes)
	for _, h := range m.Held {
		w.sub(5, func(w *writer) {
			w.text(1, h.Path)
			w.ints(2, h.Groups)
		})
	}
}

func readReport(body []byte) (*Report, error) {
	m := &Report{}
	return m, each(body, func(f field) error {
		switch f.n {
		case 2:
			return f.number(&m.BusyMilli)
		case 3:
			return integer(f, &m.FreeBytes)
		case 4:
			return integer(f, &m.LimitBytes)
		case 5:
			h := Held{}
			if err := f.each(func(f field) error {
				if f.n == 2 {
					return f.numbers(&h.Groups)
				}
				return f.only(1, &h.Path)
			}); err != nil {
				return err
			}
			m.Held = append(m.Held, h)
			return nil
		}
		return f.only(1, &m.Worker)
	})
}
