package eval

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// parser reads the expressions of testdata: enough of SQL to name every function
// and operator, bound by expr.Resolve as the real binder does.
type parser struct {
	toks []string
	pos  int
}

// parseExpr parses and binds; errors of binding are the expression's result.
func parseExpr(text string) (e expr.Expr, err error) {
	p := &parser{toks: tokens(text)}
	defer func() {
		if r := recover(); r != nil {
			bound, ok := r.(bindError)
			if !ok {
				err = fmt.Errorf("the test's parser: %v", r)
				return
			}
			err = bound.error
		}
	}()
	e = p.binary(0)
	if p.pos < len(p.toks) {
		return nil, fmt.Errorf("unread: %v", p.toks[p.pos:])
	}
	return e, nil
}

type bindError struct{ error }

func must[T any](v T, err error) T {
	if err != nil {
		panic(bindError{err})
	}
	return v
}

func tokens(s string) []string {
	var out []string
	for i := 0; i < len(s); {
		j := i + 1
		switch c := s[i]; {
		case c == ' ':
			i++
			continue
		case c == '\'':
			for j < len(s) && (s[j] != '\'' || j+1 < len(s) && s[j+1] == '\'') {
				if s[j] == '\'' {
					j++
				}
				j++
			}
			j++
		case c >= '0' && c <= '9' || c == '.' && j < len(s) && s[j] >= '0' && s[j] <= '9':
			for j < len(s) && (isAlnum(s[j]) || s[j] == '.' || (s[j] == '-' || s[j] == '+') && (s[j-1] == 'e')) {
				j++
			}
		case isAlnum(c) || c == '_':
			for j < len(s) && (isAlnum(s[j]) || s[j] == '_') {
				j++
			}
		case strings.HasPrefix(s[i:], "^@"), strings.HasPrefix(s[i:], "|/"):
			j++
		case strings.IndexByte("<>=!~|:", c) >= 0:
			for j < len(s) && strings.IndexByte("<>=!~|:*/", s[j]) >= 0 {
				j++
			}
		}
		out = append(out, s[i:min(j, len(s))])
		i = j
	}
	return out
}

func (p *parser) peek(words ...string) bool {
	for i, w := range words {
		if p.pos+i >= len(p.toks) || !strings.EqualFold(p.toks[p.pos+i], w) {
			return false
		}
	}
	return true
}

func (p *parser) accept(words ...string) bool {
	if p.peek(words...) {
		p.pos += len(words)
		return true
	}
	return false
}

func (p *parser) expect(w string) {
	if !p.accept(w) {
		panic(fmt.Sprintf("expected %q at %v", w, p.toks[p.pos:]))
	}
}

var precedence = map[string]int{"or": 1, "and": 2, "is": 4, "=": 5, "<>": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5,
	"like": 6, "ilike": 6, "between": 6, "in": 6, "not": 6, "||": 7, "~": 7, "~*": 7, "!~": 7, "!~*": 7, "&": 7, "|": 7,
	"#": 7, "^@": 7, "<<": 7, ">>": 7, "+": 8, "-": 8, "*": 9, "/": 9, "%": 9, "^": 10, "at": 11}

func (p *parser) binary(least int) expr.Expr {
	left := p.unary()
	for p.pos < len(p.toks) {
		op := strings.ToLower(p.toks[p.pos])
		prec, ok := precedence[op]
		if !ok || prec <= least {
			break
		}
		p.pos++
		left = p.infix(left, op, prec)
	}
	return left
}

func (p *parser) infix(left expr.Expr, op string, prec int) expr.Expr {
	not := ""
	if op == "not" {
		not = "not "
		op = strings.ToLower(p.toks[p.pos])
		p.pos++
	}
	switch op {
	case "!=":
		op = "<>"
	case "is":
		return p.is(left)
	case "at":
		p.expect("time")
		p.expect("zone")
		return bindCall("timezone", p.binary(prec), left)
	case "like", "ilike":
		args := []expr.Expr{left, p.binary(prec)}
		if p.accept("escape") {
			args = append(args, p.binary(prec))
		}
		return bindCall(not+op, args...)
	case "between":
		lo := p.binary(prec)
		p.expect("and")
		both := bindCall("and", bindCall(">=", left, lo), bindCall("<=", left, p.binary(prec)))
		if not != "" {
			return bindCall("not", both)
		}
		return both
	case "in":
		return p.in(left, not != "")
	}
	return bindCall(op, left, p.binary(prec))
}

func (p *parser) in(left expr.Expr, negated bool) expr.Expr {
	p.expect("(")
	args := append([]expr.Expr{left}, p.list()...)
	types := make([]expr.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	t := must(expr.CommonType("IN", types...))
	in := &expr.InList{Arg: castTo(args[0], t), Negated: negated}
	for _, a := range args[1:] {
		in.List = append(in.List, must(Constant(castTo(a, t))))
	}
	return in
}

func (p *parser) is(left expr.Expr) expr.Expr {
	not := p.accept("not")
	name := map[bool]string{false: "is ", true: "is not "}[not]
	if p.accept("distinct", "from") {
		return bindCall(name+"distinct from", left, p.binary(4))
	}
	word := strings.ToLower(p.toks[p.pos])
	p.pos++
	return bindCall(name+word, left)
}

// list reads arguments up to the closing parenthesis.
func (p *parser) list() []expr.Expr {
	var out []expr.Expr
	for !p.accept(")") {
		out = append(out, p.binary(0))
		p.accept(",")
	}
	return out
}

func (p *parser) unary() expr.Expr {
	switch {
	case p.accept("-"):
		// As PostgreSQL's grammar, which makes one constant of a minus and a number.
		if t := p.toks[p.pos]; t[0] >= '0' && t[0] <= '9' && !(p.pos+1 < len(p.toks) && p.toks[p.pos+1] == "::") {
			p.toks[p.pos] = "-" + t
			return p.primary()
		}
		return bindCall(expr.OpNeg, p.unary())
	case p.accept("+"):
		return bindCall("+", p.unary())
	case p.accept("~"), p.accept("@"), p.accept("|/"), p.accept("||/"):
		op := p.toks[p.pos-1]
		return bindCall(op, p.unary())
	case p.accept("not"):
		return bindCall("not", p.binary(3))
	}
	return p.postfix(p.primary())
}

func (p *parser) postfix(e expr.Expr) expr.Expr {
	for p.accept("::") {
		e = castTo(e, p.typeName(e))
	}
	return e
}

func (p *parser) primary() expr.Expr {
	t := p.toks[p.pos]
	p.pos++
	lower := strings.ToLower(t)
	switch {
	case t == "(":
		e := p.binary(0)
		p.expect(")")
		return e
	case t[0] == '\'':
		return expr.NewLiteral(expr.Str(strings.ReplaceAll(t[1:len(t)-1], "''", "'")), expr.Of(expr.Unknown))
	case t[0] >= '0' && t[0] <= '9' || t[0] == '.' || t[0] == '-':
		typ, ok := expr.LiteralType(t)
		if !ok {
			panic(bindError{numericOverflow()})
		}
		return expr.NewLiteral(must(expr.ParseValue(t, typ)), typ)
	case lower == "null":
		return expr.NullOf(expr.Of(expr.Unknown))
	case lower == "true", lower == "false":
		return expr.NewLiteral(expr.BoolValue(lower == "true"), expr.Of(expr.Bool))
	case lower == "case":
		return p.caseOf()
	case lower == "cast":
		p.expect("(")
		e := p.binary(0)
		p.expect("as")
		e = castTo(e, p.typeName(e))
		p.expect(")")
		return e
	case lower == "extract":
		p.expect("(")
		field := expr.NewLiteral(expr.Str(strings.ToLower(p.toks[p.pos])), expr.Of(expr.Text))
		p.pos++
		p.expect("from")
		e := bindCall("extract", field, p.binary(0))
		p.expect(")")
		return e
	case p.pos < len(p.toks) && p.toks[p.pos][0] == '\'': // date '…'
		p.pos--
		typ := p.typeName(nil)
		return castTo(p.primary(), typ)
	}
	p.expect("(")
	return bindCall(lower, p.list()...)
}

func (p *parser) caseOf() expr.Expr {
	c := &expr.Case{}
	var results []expr.Expr
	for p.accept("when") {
		cond := castTo(p.binary(0), expr.Of(expr.Bool))
		p.expect("then")
		c.Whens = append(c.Whens, expr.When{Cond: cond})
		results = append(results, p.binary(0))
	}
	if p.accept("else") {
		results = append(results, p.binary(0))
	}
	p.expect("end")
	types := make([]expr.Type, len(results))
	for i, r := range results {
		types[i] = r.Type()
	}
	c.Typ = must(expr.CommonType("CASE", types...))
	for i, r := range results {
		if i < len(c.Whens) {
			c.Whens[i].Result = castTo(r, c.Typ)
		} else {
			c.Else = castTo(r, c.Typ)
		}
	}
	return c
}

var typeNames = map[string]expr.Kind{"bool": expr.Bool, "boolean": expr.Bool, "int2": expr.Int2, "smallint": expr.Int2,
	"int4": expr.Int4, "int": expr.Int4, "integer": expr.Int4, "int8": expr.Int8, "bigint": expr.Int8,
	"numeric": expr.Numeric, "float4": expr.Float4, "real": expr.Float4, "float8": expr.Float8, "text": expr.Text,
	"varchar": expr.Text, "char": expr.Char, "bytea": expr.Bytea, "date": expr.Date, "time": expr.Time,
	"timestamp": expr.Timestamp, "timestamptz": expr.TimestampTZ, "interval": expr.Interval}

// typeName reads a type; a bare numeric takes what the cast expression holds.
func (p *parser) typeName(from expr.Expr) expr.Type {
	word := strings.ToLower(p.toks[p.pos])
	kind, ok := typeNames[word]
	if !ok {
		panic("type " + word)
	}
	p.pos++
	t := expr.Of(kind)
	if word == "char" {
		t.Length = 1
	}
	if p.accept("(") {
		n, _ := strconv.Atoi(p.toks[p.pos])
		p.pos++
		if kind == expr.Numeric {
			scale := 0
			if p.accept(",") {
				scale, _ = strconv.Atoi(p.toks[p.pos])
				p.pos++
			}
			t = expr.NumericOf(n, scale)
		} else {
			t.Length = int32(n)
		}
		p.expect(")")
	} else if kind == expr.Numeric {
		t = expr.NumericOf(38, 10)
		if lit, ok := from.(*expr.Literal); ok && lit.Typ.Kind == expr.Unknown {
			if lt, ok := expr.LiteralType(lit.Value.S); ok && lt.Kind == expr.Numeric {
				t = lt
			}
		} else if from != nil {
			t = expr.NumericFor(from.Type())
		}
	}
	return t
}

// castTo is e as type t; literals without a type are read.
func castTo(e expr.Expr, t expr.Type) expr.Expr {
	if e.Type().Equal(t) {
		return e
	}
	if lit, ok := e.(*expr.Literal); ok && lit.Typ.Kind == expr.Unknown {
		if lit.Value.Null {
			return expr.NullOf(t)
		}
		return expr.NewLiteral(must(expr.ParseValue(lit.Value.S, t)), t)
	}
	if !expr.CanCast(e.Type(), t, expr.Explicit) {
		panic(bindError{sqlerr.New(sqlerr.CannotCoerce, "cannot cast %s to %s", e.Type(), t)})
	}
	return &expr.Cast{Arg: e, To: t}
}

func bindCall(name string, args ...expr.Expr) expr.Expr {
	types := make([]expr.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	sig := must(expr.Resolve(name, types))
	cast := make([]expr.Expr, len(args))
	for i, a := range args {
		want := sig.Args[i]
		if lit, ok := a.(*expr.Literal); ok && lit.Typ.Kind == expr.Unknown && want.Kind == expr.Numeric && !lit.Value.Null {
			if t, ok := expr.LiteralType(lit.Value.S); ok && t.Kind == expr.Numeric {
				want = t
			}
		}
		cast[i] = castTo(a, want)
	}
	sig = expr.Refine(sig, cast)
	return &expr.Call{Name: name, Args: cast, Typ: sig.Result}
}
