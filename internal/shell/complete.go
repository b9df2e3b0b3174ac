package shell

import (
	"slices"
	"strings"
	"sync"

	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/planner/sql"
)

// namesCache holds the names of tables and columns that the server listed last.
// It is filled in the background while the user types.
type namesCache struct {
	mu     sync.Mutex
	tables []client.Table
}

func (n *namesCache) set(tables []client.Table) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tables = tables
}

func (n *namesCache) get() []client.Table {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.tables
}

// candidates are the words that may stand where the cursor is: columns after a
// table's name and a dot, else tables, columns and keywords, the latter in the case
// the user types in. Word is what is already there of them.
func candidates(line string, tables []client.Table) (word string, names, keywords []string) {
	start := strings.LastIndexFunc(line, func(r rune) bool { return !isNameRune(r) }) + 1
	word = line[start:]
	qualifier, prefix, qualified := strings.Cut(word, ".")
	if !qualified {
		prefix = word
	}
	matches := func(name string) bool {
		return strings.HasPrefix(strings.ToLower(name), strings.ToLower(prefix))
	}
	for _, t := range tables {
		switch {
		case qualified && strings.EqualFold(qualifier, t.Schema) && matches(t.Name):
			names = append(names, qualifier+"."+t.Name)
		case !qualified && matches(t.Name):
			names = append(names, t.Name)
		}
		if qualified && !strings.EqualFold(qualifier, t.Name) {
			continue
		}
		for _, c := range t.Columns {
			if name := c.Name; matches(name) && qualified {
				names = append(names, qualifier+"."+name)
			} else if matches(name) && prefix != "" && !strings.HasPrefix(t.Type, "SYSTEM") {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if qualified || prefix == "" {
		return word, names, nil
	}
	for _, k := range sql.Keywords() {
		if matches(k) {
			keywords = append(keywords, inCaseOf(prefix, k))
		}
	}
	return word, names, keywords
}

func isNameRune(r rune) bool {
	return r == '_' || r == '.' || r == '$' || r >= 0x80 || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z'
}

// inCaseOf writes a keyword in capitals when what was typed of it is.
func inCaseOf(typed, keyword string) string {
	if typed == strings.ToUpper(typed) && typed != strings.ToLower(typed) {
		return strings.ToUpper(keyword)
	}
	return keyword
}
