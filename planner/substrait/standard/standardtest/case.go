package standardtest

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Case is one line of a file of cases.
type Case struct {
	File, Line string
	// Set is the extension of the function, as "functions_arithmetic".
	Set, Function string
	Aggregate     bool
	Args          []Value
	Rows          [][]string // of an aggregate's table, by column
	Options       [][2]string
	Result        Value
	Error         bool // an error is expected
	Undefined     bool // any answer is right
	Lambda        bool
}

// Value is a literal with its type, or a column of the table by its name.
type Value struct{ Text, Type string }

// Load reads all cases of a file tree.
func Load(tree fs.FS) ([]Case, error) {
	var out []Case
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".test" {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		set := ""
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if rest, ok := strings.CutPrefix(line, "### SUBSTRAIT_INCLUDE:"); ok {
				set = strings.TrimSuffix(path.Base(strings.Trim(rest, " '\"")), ".yaml")
			}
			if line == "" || line[0] == '#' {
				continue
			}
			c, err := parse(line)
			if err != nil {
				return fmt.Errorf("%s: %q: %w", name, line, err)
			}
			c.File, c.Line, c.Set = path.Base(name), line, set
			out = append(out, c)
		}
		return nil
	})
	return out, err
}

// parse reads one line.
func parse(line string) (Case, error) {
	c := Case{}
	if i := quotedIndex(line, "#"); i >= 0 {
		line = strings.TrimSpace(line[:i])
	}
	at := lastAssign(line)
	if at < 0 {
		return c, fmt.Errorf("no result")
	}
	call, result := strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:])
	switch result {
	case "<!ERROR>":
		c.Error = true
	case "<!UNDEFINED>":
		c.Undefined = true
	default:
		c.Result = typed(result)
	}
	if strings.HasSuffix(call, "]") {
		open := strings.LastIndex(call, "[")
		for _, o := range strings.Split(call[open+1:len(call)-1], ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(o), ":")
			c.Options = append(c.Options, [2]string{name, strings.TrimSpace(value)})
		}
		call = strings.TrimSpace(call[:open])
	}
	if strings.HasPrefix(call, "(") {
		end := closing(call, 0)
		c.Rows, c.Aggregate = rows(call[:end+1]), true
		call = strings.TrimSpace(call[end+1:])
	}
	open := strings.Index(call, "(")
	if open < 0 || !strings.HasSuffix(call, ")") {
		return c, fmt.Errorf("no call")
	}
	c.Function = strings.TrimSpace(call[:open])
	for _, a := range split(call[open+1 : len(call)-1]) {
		v := typed(a)
		c.Lambda = c.Lambda || strings.HasPrefix(v.Type, "func")
		if strings.HasPrefix(v.Text, "(") && !c.Lambda { // the values of a column
			c.Aggregate = true
			for i, item := range split(v.Text[1 : len(v.Text)-1]) {
				for len(c.Rows) <= i {
					c.Rows = append(c.Rows, nil)
				}
				c.Rows[i] = append(c.Rows[i], item)
			}
			v.Text = fmt.Sprintf("col%d", columns(c.Args))
		}
		c.Args = append(c.Args, v)
	}
	return c, nil
}

// columns is how many of the arguments are columns.
func columns(args []Value) int {
	n := 0
	for _, a := range args {
		if strings.HasPrefix(a.Text, "col") {
			n++
		}
	}
	return n
}

func rows(text string) [][]string {
	var out [][]string
	for _, row := range split(text[1 : len(text)-1]) {
		if row != "()" {
			out = append(out, split(row[1:len(row)-1]))
		}
	}
	// The short form writes a column as one row.
	if len(out) == 1 && len(out[0]) > 1 {
		column := out[0]
		out = nil
		for _, v := range column {
			out = append(out, []string{v})
		}
	}
	return out
}

// typed takes a literal and its type apart.
func typed(s string) Value {
	s = strings.TrimSpace(s)
	if i := strings.LastIndex(s, "::"); i >= 0 {
		return Value{strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+2:])}
	}
	return Value{Text: s}
}

// scan calls visit for every byte outside of quotes, with the depth of brackets there.
func scan(s string, visit func(i, depth int) bool) {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'' && (i == 0 || s[i-1] != '\\' || strings.Contains(s, `\S`)):
			quoted = !quoted
		case quoted:
		case slices.Contains([]byte("([<"), c):
			if !visit(i, depth) {
				return
			}
			depth++
			continue
		case slices.Contains([]byte(")]>"), c) && (i == 0 || s[i-1] != '-'):
			depth--
		}
		if !quoted && !visit(i, depth) {
			return
		}
	}
}

func split(s string) []string {
	var out []string
	from := 0
	scan(s, func(i, depth int) bool {
		if s[i] == ',' && depth == 0 {
			out = append(out, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
		return true
	})
	if last := strings.TrimSpace(s[from:]); last != "" || len(out) > 0 {
		out = append(out, last)
	}
	return out
}

// closing is where the bracket that opens at a place is closed.
func closing(s string, open int) int {
	end := -1
	scan(s, func(i, depth int) bool {
		if i > open && depth == 0 && s[i] == ')' {
			end = i
		}
		return end < 0
	})
	return end
}

// lastAssign is the = before the result.
func lastAssign(s string) int {
	at := -1
	scan(s, func(i, depth int) bool {
		if s[i] == '=' && depth == 0 {
			at = i
		}
		return true
	})
	return at
}

func quotedIndex(s, what string) int {
	at := -1
	scan(s, func(i, _ int) bool {
		if strings.HasPrefix(s[i:], what) {
			at = i
		}
		return at < 0
	})
	return at
}
