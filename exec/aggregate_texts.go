package exec

import (
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/memory"
)

// textsPerGroup is how many groups there must be for each text of the tables for these to
// be brought together before partitions are merged.
const textsPerGroup = 8

// commonTexts is one interner for the keys of all partitions, where texts are few beside
// the groups: they are looked up once and not for every partition. Complete when it is
// made, it may be read by several instances.
type commonTexts struct {
	strings *key.Strings
	from    map[*key.Strings]*key.Translation
}

// newCommonTexts brings the texts of tables together; nil if that is not worth it.
func newCommonTexts(tables []*sealed, account *memory.Account) (*commonTexts, error) {
	c := &commonTexts{from: map[*key.Strings]*key.Translation{}}
	groups, texts := 0, 0
	for _, t := range tables {
		g := t.groups
		if g == nil || g.lead != nil || !g.layout.HasStrings() || g.layout.AnyLossy() {
			return nil, nil
		}
		groups += g.n
		if _, ok := c.from[g.strings]; !ok {
			texts += g.strings.Len()
			c.from[g.strings] = nil
		}
	}
	if texts*textsPerGroup > groups {
		return nil, nil
	}
	c.strings = key.NewStrings(account)
	for s := range c.from {
		t := key.NewTranslation(s, c.strings, s.Len())
		if err := t.All(); err != nil {
			c.free()
			return nil, err
		}
		c.from[s] = t
	}
	return c, nil
}

func (c *commonTexts) free() {
	if c != nil {
		c.strings.Close()
	}
}
