package logictest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// maxInclude bounds the depth of include, so that a cycle is an error.
const maxInclude = 8

// kind says what a record expects.
type kind int

const (
	statementOK kind = iota
	statementError
	query
)

// sortMode says how rows are ordered before they are compared.
type sortMode string

const (
	noSort    sortMode = "nosort"
	rowSort   sortMode = "rowsort"
	valueSort sortMode = "valuesort"
)

// record is one statement with what is expected of it.
type record struct {
	file string
	line int // of the directive, from 1
	kind kind
	sql  string

	code    string         // statementError: the SQLSTATE
	message *regexp.Regexp // statementError: must match the message when not nil

	want queryWant // query

	skipIf, onlyIf []string // configurations
}

// queryWant is the expected answer of a query.
type queryWant struct {
	types []string
	sort  sortMode // "" only while the record is read
	label string
	names []string // nil unless colnames was given
	rows  [][]Value
}

// runs reports whether the record is meant for a configuration.
func (r *record) runs(config string) bool {
	return !slices.Contains(r.skipIf, config) &&
		(len(r.onlyIf) == 0 || slices.Contains(r.onlyIf, config))
}

// readScript gives the records of a file, included ones in their place.
func readScript(path string) ([]record, error) {
	records, _, err := readDepth(path, 0)
	return records, err
}

// readDepth also reports whether the file ended in halt, which ends the
// including file too.
func readDepth(path string, depth int) (records []record, halted bool, err error) {
	if depth > maxInclude {
		return nil, false, fmt.Errorf("%s: include deeper than %d", path, maxInclude)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, false, err
	}
	p := parser{file: path, lines: strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")}
	for {
		rec, include, err := p.next()
		switch {
		case err != nil:
			return nil, false, fmt.Errorf("%s:%d: %w", path, p.at, err)
		case include != "":
			more, stop, err := readDepth(filepath.Join(filepath.Dir(path), include), depth+1)
			if err != nil {
				return nil, false, fmt.Errorf("%s:%d: %w", path, p.at, err)
			}
			records = append(records, more...)
			if stop {
				return records, true, nil
			}
		case rec == nil:
			return records, p.halted, nil
		default:
			records = append(records, *rec)
		}
	}
}

// parser walks over the lines of one file.
type parser struct {
	file   string
	lines  []string
	at     int // lines consumed
	halted bool

	skipIf, onlyIf []string // gathered for the next record
}

// next gives the next record or the path of the next include; neither at the
// end of the file.
func (p *parser) next() (rec *record, include string, err error) {
	for p.at < len(p.lines) {
		line := strings.TrimSpace(p.lines[p.at])
		p.at++
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		switch fields[0] {
		case "halt":
			p.at, p.halted = len(p.lines), true
		case "include":
			if len(fields) != 2 {
				return nil, "", fmt.Errorf("include takes one path")
			}
			return nil, fields[1], nil
		case "skipif", "onlyif":
			if len(fields) != 2 {
				return nil, "", fmt.Errorf("%s takes one configuration", fields[0])
			}
			if fields[0] == "skipif" {
				p.skipIf = append(p.skipIf, fields[1])
			} else {
				p.onlyIf = append(p.onlyIf, fields[1])
			}
		case "statement", "query":
			rec, err := p.record(line, fields)
			return rec, "", err
		default:
			return nil, "", fmt.Errorf("unknown directive %q", fields[0])
		}
	}
	if p.skipIf != nil || p.onlyIf != nil {
		return nil, "", fmt.Errorf("skipif or onlyif without a record")
	}
	return nil, "", nil
}

// record reads the record whose directive has just been consumed.
func (p *parser) record(line string, fields []string) (*record, error) {
	r := &record{file: p.file, line: p.at, skipIf: p.skipIf, onlyIf: p.onlyIf}
	p.skipIf, p.onlyIf = nil, nil
	names := false
	var err error
	if fields[0] == "query" {
		names, err = r.queryHead(fields[1:])
	} else {
		err = r.statementHead(line, fields[1:])
	}
	if err != nil {
		return nil, err
	}
	body, separated := p.sql()
	if r.sql = strings.Join(body, "\n"); r.sql == "" {
		return nil, fmt.Errorf("record without a statement")
	}
	if separated != (r.kind == query) {
		return nil, fmt.Errorf("---- stands after the SQL of a query and nowhere else")
	}
	if r.kind != query {
		return r, nil
	}
	if err := p.rows(&r.want, names); err != nil {
		return nil, err
	}
	if r.want.sort == "" {
		if len(r.want.rows) > 1 && !ordered(r.sql) {
			return nil, fmt.Errorf("rows in no order of the statement's: say rowsort, or nosort where it has one all the same")
		}
		r.want.sort = noSort
	}
	return r, nil
}

// ordered reports whether the outermost query has an ORDER BY.
func ordered(sql string) bool {
	var outer strings.Builder
	depth, quote := 0, rune(0)
	for _, c := range sql {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth == 0:
			outer.WriteRune(c)
		}
	}
	words := strings.Join(strings.Fields(strings.ToLower(outer.String())), " ")
	return strings.Contains(words, "order by")
}

func (r *record) statementHead(line string, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "ok":
		r.kind = statementOK
		return nil
	case len(args) >= 2 && args[0] == "error" && len(args[1]) == 5:
		r.kind, r.code = statementError, args[1]
		if len(args) == 2 {
			return nil
		}
		var err error
		_, pattern, _ := strings.Cut(line, args[1])
		r.message, err = regexp.Compile(strings.TrimSpace(pattern))
		return err
	}
	return fmt.Errorf("want: statement ok, or: statement error SQLSTATE [regexp]")
}

func (r *record) queryHead(args []string) (names bool, err error) {
	if len(args) == 0 {
		return false, fmt.Errorf("query without types")
	}
	r.kind = query
	r.want.types = strings.Split(args[0], ",")
	for _, a := range args[1:] {
		switch {
		case a == string(noSort) || a == string(rowSort) || a == string(valueSort):
			r.want.sort = sortMode(a)
		case a == "colnames":
			names = true
		case r.want.label == "":
			r.want.label = a
		default:
			return false, fmt.Errorf("two labels: %q and %q", r.want.label, a)
		}
	}
	if r.want.sort == valueSort && len(slices.Compact(slices.Clone(r.want.types))) > 1 {
		return false, fmt.Errorf("valuesort needs columns of one type")
	}
	return names, nil
}

// sql consumes the lines of a statement; separated tells that ---- ended it.
func (p *parser) sql() (body []string, separated bool) {
	for p.at < len(p.lines) {
		line := p.lines[p.at]
		if strings.TrimSpace(line) == "" {
			return body, false
		}
		p.at++
		if line == "----" {
			return body, true
		}
		body = append(body, line)
	}
	return body, false
}

// rows consumes the expected rows up to the next empty line.
func (p *parser) rows(want *queryWant, names bool) error {
	for ; p.at < len(p.lines) && p.lines[p.at] != ""; p.at++ {
		cells := strings.Split(p.lines[p.at], "\t")
		if len(cells) != len(want.types) {
			p.at++
			return fmt.Errorf("row of %d values for %d types", len(cells), len(want.types))
		}
		if names && want.names == nil {
			want.names = cells
			continue
		}
		row := make([]Value, len(cells))
		for i, c := range cells {
			row[i] = decode(c, want.types[i])
		}
		want.rows = append(want.rows, row)
	}
	if names && want.names == nil {
		return fmt.Errorf("colnames without a row of names")
	}
	return nil
}
