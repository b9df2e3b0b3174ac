package key

// Translation remembers the ids of one interner as ids of another.
type Translation struct {
	from, to *Strings
	ids      []uint32 // by id of from; 0 not looked up yet
}

// NewTranslation makes a translation of the ids that from has given so far. It takes
// four bytes for each.
func NewTranslation(from, to *Strings) *Translation {
	return &Translation{from: from, to: to, ids: make([]uint32, from.Len())}
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
			id := t.ids[old]
			if id == 0 {
				var err error
				if id, err = t.to.Intern(t.from.Bytes(old), t.from.Hash(old)); err != nil {
					return err
				}
				t.ids[old] = id
			}
			words[w] = words[w]&^(f.mask()<<f.shift) | uint64(id)<<f.shift
		}
	}
	return nil
}
