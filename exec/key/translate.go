package key

// Translation remembers the ids of one interner as ids of another.
type Translation struct {
	from, to *Strings
	ids      []uint32 // by id of from; 0 not looked up yet. nil: nothing is remembered
}

// NewTranslation makes a translation of the ids that from has given so far, for about
// uses of them. It takes four bytes for each id, or remembers nothing if they are more
// than the uses.
func NewTranslation(from, to *Strings, uses int) *Translation {
	t := &Translation{from: from, to: to}
	if from.Len() <= uses {
		t.ids = make([]uint32, from.Len())
	}
	return t
}

// All looks every id up. Nothing is written from then on, so that several may translate
// at the same time.
func (t *Translation) All() error {
	t.ids = make([]uint32, t.from.Len())
	for old := 1; old < len(t.ids); old++ {
		if _, err := t.id(uint32(old)); err != nil {
			return err
		}
	}
	return nil
}

// id is an id of to for one of from.
func (t *Translation) id(old uint32) (uint32, error) {
	if t.ids == nil {
		return t.to.Intern(t.from.Bytes(old), t.from.Hash(old))
	}
	if id := t.ids[old]; id != 0 {
		return id, nil
	}
	id, err := t.to.Intern(t.from.Bytes(old), t.from.Hash(old))
	t.ids[old] = id
	return id, err
}

// Translate puts, in packed rows, the ids of the other interner in the place of those
// the rows were packed with. New strings are interned. Hashes stay what they are: they
// are of the strings, not of the ids.
func (l *Layout) Translate(words []uint64, t *Translation) error {
	for i := range l.fields {
		f := &l.fields[i]
		if f.form < formString {
			continue
		}
		for w := f.word; w < len(words); w += l.words {
			old := uint32(words[w] >> f.shift)
			if old == 0 {
				continue // NULL
			}
			id, err := t.id(old)
			if err != nil {
				return err
			}
			words[w] = words[w]&^(f.mask()<<f.shift) | uint64(id)<<f.shift
		}
	}
	return nil
}
