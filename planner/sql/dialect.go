package sql

import (
	"slices"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/skein-query/skein/internal/sqlerr"
)

// The statements PostgreSQL has no word for, read from our own tokens:
//
//	CREATE [OR REPLACE] EXTERNAL TABLE [IF NOT EXISTS] name [(column type, …)]
//	    STORED AS PARQUET LOCATION '…' [WITH (key = value, …)]
//	DROP EXTERNAL TABLE [IF EXISTS] name, … [CASCADE | RESTRICT]
//	SHOW TABLES [FROM | IN schema]
//	SHOW QUERIES, SHOW MEMBERS
//	DESCRIBE [TABLE] name, DESC [TABLE] name, SHOW COLUMNS FROM | IN name
//	KILL [QUERY] 'id'
//	GRANT READ ON LOCATION 'prefix', … TO role, …
//	REVOKE READ ON LOCATION 'prefix', … FROM role, …
//
// The clauses after the columns may come in any order. Everything else goes to the
// grammar.

// dialect reads one of these statements; nil when it is none.
func (c *converter) dialect() (Statement, error) {
	r := reader{c: c, i: c.first}
	var s Statement
	switch {
	case r.words("create", "external", "table"):
		s = r.createExternal(false)
	case r.words("create", "or", "replace", "external", "table"):
		s = r.createExternal(true)
	case r.words("drop", "external", "table"):
		s = r.dropExternal()
	case r.words("show", "tables"):
		out := &ShowTables{Loc: r.whole()}
		if r.words("from") || r.words("in") {
			out.Schema = r.ident()
		}
		s = out
	case r.words("show", "queries"):
		s = &ShowQueries{r.whole()}
	case r.words("show", "members"):
		s = &ShowMembers{r.whole()}
	case r.words("show", "columns", "from"), r.words("show", "columns", "in"):
		s = &Describe{r.whole(), r.name()}
	case r.words("grant", "read", "on", "location"), r.words("grant", "all", "on", "location"):
		s = r.grantLocation(false)
	case r.words("revoke", "read", "on", "location"), r.words("revoke", "all", "on", "location"):
		s = r.grantLocation(true)
	case r.words("kill"):
		r.words("query")
		s = &Kill{Loc: r.whole(), ID: r.literal()}
	case c.is(c.first, "describe", "desc"):
		r.i++
		if c.kind(r.i+1) != tokenEnd { // DESCRIBE table: a table may have that name
			r.words("table")
		}
		s = &Describe{r.whole(), r.name()}
	default:
		return nil, nil
	}
	r.atEnd()
	if c.err != nil {
		return nil, c.err
	}
	return s, nil
}

// reader reads tokens one after the other. The first error stays in the converter.
type reader struct {
	c *converter
	i int
}

func (r *reader) whole() Loc { return r.c.loc(r.c.first, r.c.end-1) }

// words takes the words when they all follow.
func (r *reader) words(words ...string) bool {
	after := r.c.skip(r.i, words...)
	if after == r.i {
		return false
	}
	r.i = after
	return true
}

func (r *reader) punct(char byte) bool {
	if r.c.kind(r.i) == tokenEnd || !r.c.isPunct(r.i, char) {
		return false
	}
	r.i++
	return true
}

// unexpected is PostgreSQL's syntax error at the reader's place.
func (r *reader) unexpected(wanted string) {
	if r.c.kind(r.i) == tokenEnd {
		last := r.c.end - 1
		r.c.fail(sqlerr.At(sqlerr.SyntaxError, r.c.span(last, last), "syntax error at end of input").
			WithHint("Expected %s.", wanted))
		return
	}
	r.c.fail(sqlerr.At(sqlerr.SyntaxError, r.c.span(r.i, r.i), "syntax error at or near \"%s\"", r.c.tokenText(r.i)).
		WithHint("Expected %s.", wanted))
}

func (r *reader) atEnd() {
	if r.c.kind(r.i) != tokenEnd {
		r.unexpected("the end of the statement")
	}
}

// maxIdent is PostgreSQL's limit of a name, in bytes.
const maxIdent = 63

// ident reads a name and folds it as PostgreSQL does.
func (r *reader) ident() Ident {
	t := r.c.kind(r.i)
	text := ""
	switch {
	case t == tokenWord:
		text = foldASCII(r.c.tokenText(r.i))
	case t == tokenQuoted && r.c.tokenText(r.i)[0] == '"' && !r.c.tokens[r.i].open:
		text = r.c.tokenText(r.i)
		text = strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
	}
	if text == "" {
		r.unexpected("a name")
		return Ident{}
	}
	for len(text) > maxIdent {
		_, n := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-n]
	}
	r.i++
	return r.c.ident(text, r.i-1)
}

// foldASCII lowers the letters PostgreSQL lowers in UTF-8: ASCII's.
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

func (r *reader) name() Name {
	n := Name{[]Ident{r.ident()}}
	for r.punct('.') {
		n.Parts = append(n.Parts, r.ident())
	}
	return n
}

func (r *reader) dropExternal() Statement {
	out := &Drop{Loc: r.whole(), Kind: ExternalTable, IfExists: r.words("if", "exists")}
	out.Names = append(out.Names, r.name())
	for r.punct(',') {
		out.Names = append(out.Names, r.name())
	}
	out.Cascade = r.words("cascade")
	if !out.Cascade {
		r.words("restrict")
	}
	return out
}

func (r *reader) createExternal(replace bool) Statement {
	out := &CreateExternalTable{Loc: r.whole(), OrReplace: replace, IfNotExists: r.words("if", "not", "exists")}
	out.Name = r.name()
	if r.c.isPunct(r.i, '(') {
		out.Columns = r.columnDefs()
	}
	var location, with bool
	for r.c.err == nil && r.c.kind(r.i) != tokenEnd {
		switch {
		case out.Format == "" && r.words("stored", "as"):
			out.Format = r.ident().Text
			if out.Format != "parquet" && r.c.err == nil {
				r.c.refuse(r.c.span(r.i-1, r.i-1), "the format %q is not supported", out.Format)
				r.c.err = hinted(r.c.err, "External tables are stored as PARQUET.")
			}
		case !location && r.words("location"):
			location = true
			out.Location = r.literal()
		case !with && r.words("with"):
			with = true
			out.Options = r.options()
		default:
			r.unexpected("STORED AS PARQUET, LOCATION '…' or WITH (…)")
		}
	}
	if !location || out.Format == "" {
		r.unexpected("STORED AS PARQUET LOCATION '…'")
	}
	return out
}

func (r *reader) grantLocation(revoke bool) Statement {
	out := &Grant{Loc: r.whole(), Revoke: revoke, Target: OnLocations, Privileges: []Privilege{{Name: "READ"}}}
	out.Locations = append(out.Locations, r.literal())
	for r.punct(',') {
		out.Locations = append(out.Locations, r.literal())
	}
	to := "to"
	if revoke {
		to = "from"
	}
	if !r.words(to) {
		r.unexpected(strings.ToUpper(to))
		return out
	}
	out.Roles = append(out.Roles, r.role())
	for r.punct(',') {
		out.Roles = append(out.Roles, r.role())
	}
	return out
}

// role reads the name of a role, or one of the words that stand for one.
func (r *reader) role() RoleName {
	word := r.c.is(r.i, "public", "current_user", "current_role", "session_user")
	return RoleName{r.ident(), word}
}

// literal reads a quoted constant.
func (r *reader) literal() Literal {
	if r.c.kind(r.i) != tokenString {
		r.unexpected("a quoted text")
		return Literal{}
	}
	r.i++
	return Literal{r.c.loc(r.i-1, r.i-1), String, r.c.constant(r.i - 1)}
}

// constant is the value of the quoted constant at token i. The grammar knows all
// its forms.
func (c *converter) constant(i int) string {
	_, node := c.ask("SELECT ", i, i)
	item := node.GetSelectStmt().GetTargetList()
	if len(item) == 0 {
		return ""
	}
	return item[0].GetResTarget().GetVal().GetAConst().GetSval().GetSval()
}

// columnDefs reads the column list at the reader. It is CREATE TABLE's, so the
// grammar reads it.
func (r *reader) columnDefs() []ColumnDef {
	first, last := r.i, r.c.close(r.i)
	r.i = last + 1
	part, node := r.c.ask("CREATE TABLE t ", first, last)
	var defs []ColumnDef
	for _, n := range node.GetCreateStmt().GetTableElts() {
		if n.GetColumnDef() == nil {
			r.c.refuse(r.c.span(first, last), "table constraints of external tables are not supported")
			return nil
		}
		defs = append(defs, part.columnDef(n.GetColumnDef()))
	}
	if r.c.err == nil {
		r.c.err = part.err
	}
	return defs
}

// ask has the grammar read tokens i to j after prefix. The converter it returns is
// for what came of them; the node is nil after an error.
func (c *converter) ask(prefix string, i, j int) (*converter, *pg.Node) {
	part := &converter{text: c.text, tokens: c.tokens[:j+1], first: i, end: j + 1}
	if c.err != nil {
		return part, nil
	}
	sent := prefix + grammarText(c.text, part.tokens, i)
	for k := i; k <= j; k++ {
		c.tokens[k].sent += int32(len(prefix))
	}
	tree, err := parseTree(sent)
	if err != nil {
		c.err = part.grammarError(err, sent)
		return part, nil
	}
	if len(tree.GetStmts()) != 1 {
		return part, nil
	}
	return part, tree.GetStmts()[0].GetStmt()
}

// options reads WITH (key = value, …). A value is a quoted text, a number or a word.
func (r *reader) options() []Option {
	var list []Option
	if !r.punct('(') {
		r.unexpected("an opening parenthesis")
		return nil
	}
	for r.c.err == nil {
		start := r.i
		o := Option{Name: strings.ToLower(r.name().String())}
		if r.c.kind(r.i) == tokenOperator && r.c.tokenText(r.i) == "=" {
			r.i++
			o.Value = r.value()
		}
		o.Loc = r.c.loc(start, r.i-1)
		if slices.ContainsFunc(list, func(other Option) bool { return other.Name == o.Name }) {
			r.c.fail(sqlerr.At(sqlerr.SyntaxError, o.Source, "option %q is given twice", o.Name))
		}
		list = append(list, o)
		if r.punct(')') {
			return list
		}
		if !r.punct(',') {
			r.unexpected("a comma or a closing parenthesis")
		}
	}
	return list
}

func (r *reader) value() string {
	switch r.c.kind(r.i) {
	case tokenString:
		return r.literal().Text
	case tokenNumber, tokenWord:
		r.i++
		return r.c.tokenText(r.i - 1)
	case tokenOperator:
		if r.c.tokenText(r.i) == "-" && r.c.kind(r.i+1) == tokenNumber {
			r.i += 2
			return "-" + r.c.tokenText(r.i-1)
		}
	}
	r.unexpected("a value")
	return ""
}
