package sql

import (
	"math/big"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/skein-query/skein/internal/sqlerr"
)

// maxParam is the greatest parameter number of PostgreSQL's protocol.
const maxParam = 65535

// expr converts an expression; nil stays nil.
func (c *converter) expr(node *pg.Node) Expr {
	switch n := node.GetNode().(type) {
	case nil:
		return nil
	case *pg.Node_ColumnRef:
		return c.columnRef(n.ColumnRef)
	case *pg.Node_AConst:
		return c.literal(n.AConst)
	case *pg.Node_ParamRef:
		return c.param(n.ParamRef)
	case *pg.Node_SetToDefault:
		return &Default{Loc{c.place(n.SetToDefault.GetLocation())}}
	case *pg.Node_AExpr:
		return c.operation(n.AExpr)
	case *pg.Node_BoolExpr:
		return c.boolExpr(n.BoolExpr)
	case *pg.Node_NullTest:
		return c.nullTest(n.NullTest)
	case *pg.Node_BooleanTest:
		return c.boolTest(n.BooleanTest)
	case *pg.Node_SubLink:
		return c.subLink(n.SubLink)
	case *pg.Node_CaseExpr:
		return c.caseExpr(n.CaseExpr)
	case *pg.Node_TypeCast:
		return c.cast(n.TypeCast)
	case *pg.Node_CollateClause:
		return c.collate(n.CollateClause)
	case *pg.Node_AArrayExpr:
		i := c.at(n.AArrayExpr.GetLocation())
		return &Array{c.loc(i, c.close(c.open(i, '['))), c.exprs(n.AArrayExpr.GetElements())}
	case *pg.Node_RowExpr:
		i := c.at(n.RowExpr.GetLocation())
		return &Row{c.loc(i, c.close(c.open(i, '('))), c.exprs(n.RowExpr.GetArgs())}
	case *pg.Node_AIndirection:
		return c.indirection(n.AIndirection)
	case *pg.Node_GroupingSet:
		return c.grouping(n.GroupingSet)
	}
	return c.callExpr(node)
}

func (c *converter) exprs(nodes []*pg.Node) []Expr {
	if len(nodes) == 0 {
		return nil
	}
	list := make([]Expr, len(nodes))
	for i, n := range nodes {
		list[i] = c.expr(n)
	}
	return list
}

// columnRef converts a, t.a, * and t.*.
func (c *converter) columnRef(r *pg.ColumnRef) Expr {
	i := c.at(r.GetLocation())
	fields := r.GetFields()
	loc := c.loc(i, i+2*(len(fields)-1))
	if fields[len(fields)-1].GetAStar() != nil {
		return &Star{loc, c.name(fields[:len(fields)-1], i)}
	}
	return &ColumnRef{loc, c.name(fields, i)}
}

// literal converts a constant. The grammar folds a minus before a number into it,
// parentheses between them too: -(1) is one constant that begins at the minus.
func (c *converter) literal(k *pg.A_Const) Expr {
	i := c.at(k.GetLocation())
	j, opened := i, 0
	for i >= 0 && (c.kind(j) == tokenOperator || c.isPunct(j, '(')) {
		if c.isPunct(j, '(') {
			opened++
		}
		j++
	}
	lit := &Literal{Loc: c.loc(i, j+opened)}
	switch v := k.GetVal().(type) {
	case *pg.A_Const_Ival:
		lit.Kind, lit.Text = Integer, strconv.Itoa(int(v.Ival.GetIval()))
	case *pg.A_Const_Fval:
		lit.Kind, lit.Text = numberText(v.Fval.GetFval())
	case *pg.A_Const_Boolval:
		lit.Kind, lit.Text = Bool, strconv.FormatBool(v.Boolval.GetBoolval())
	case *pg.A_Const_Sval:
		lit.Kind, lit.Text = String, v.Sval.GetSval()
	case *pg.A_Const_Bsval:
		c.refuse(lit.Source, "bit strings are not supported")
	default:
		lit.Kind = Null
	}
	return lit
}

// maxRadixDigits is the most binary digits, and so the most digits of any base, of a
// number that may fit numeric's 38 digits.
const maxRadixDigits = 127

// numberText gives a number the lexer did not fit into 32 bits: integers in
// decimal, whatever their base, others as written, both without underscores. One of
// another base that is too large for any type stays as written: its digits are
// counted, and not read, which takes more than linear time.
func numberText(text string) (LiteralKind, string) {
	text = strings.ReplaceAll(text, "_", "")
	if i := strings.IndexAny(text, "xXoObB"); i >= 0 {
		digits := strings.TrimLeft(text[i+1:], "0")
		if len(digits) > maxRadixDigits {
			return Integer, text
		}
		if n, ok := new(big.Int).SetString(text[:i+1]+"0"+digits, 0); ok {
			return Integer, n.String()
		}
	}
	if strings.ContainsAny(text, ".eE") {
		return Numeric, text
	}
	return Integer, text
}

// param converts $n and ?. The text says what n is: the grammar keeps 32 bits of it.
func (c *converter) param(p *pg.ParamRef) Expr {
	at := c.place(p.GetLocation())
	n := int(p.GetNumber())
	if digits, dollar := strings.CutPrefix(c.text[at.Start:at.End], "$"); dollar {
		var err error
		if n, err = strconv.Atoi(digits); err != nil || n < 1 || n > maxParam {
			c.fail(sqlerr.At(sqlerr.UndefinedParameter, at, "there is no parameter $%s", excerpt(digits)))
		}
	} else if n > maxParam {
		c.fail(sqlerr.At(sqlerr.TooManyArguments, at, "parameter number %d is beyond %d", n, maxParam))
	}
	return &Param{Loc{at}, n}
}

// operation converts what the grammar calls A_Expr: operators and the predicates
// it writes as such.
func (c *converter) operation(e *pg.A_Expr) Expr {
	i := c.at(e.GetLocation())
	at := c.span(i, i)
	if e.GetKind() == pg.A_Expr_Kind_AEXPR_NULLIF {
		return &NullIf{c.loc(i, c.close(i+1)), c.expr(e.GetLexpr()), c.expr(e.GetRexpr())}
	}
	left := c.expr(e.GetLexpr())
	switch e.GetKind() {
	case pg.A_Expr_Kind_AEXPR_OP:
		return c.operator(e, i, left)
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		array := c.expr(e.GetRexpr())
		return &QuantifiedArray{Loc: Loc{c.cover(at, left, array)}, Operand: left, Op: c.operatorName(e.GetName(), at),
			All: e.GetKind() == pg.A_Expr_Kind_AEXPR_OP_ALL, Array: array}
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		right := c.expr(e.GetRexpr())
		return &IsDistinct{Loc: Loc{c.cover(at, left, right)}, Left: left, Right: right,
			Negated: e.GetKind() == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT}
	case pg.A_Expr_Kind_AEXPR_IN:
		list := c.open(i, '(')
		span := c.cover(at.Union(c.span(list, c.close(list))), left)
		return &In{Loc: Loc{span}, Operand: left, List: c.exprs(e.GetRexpr().GetList().GetItems()),
			Negated: c.operatorName(e.GetName(), at) == "<>"}
	case pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE, pg.A_Expr_Kind_AEXPR_SIMILAR:
		return c.like(e, at, left)
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return c.between(e, at, left)
	}
	c.refuse(at, "this operator is not supported")
	return left
}

// operator converts a plain operator at token i, prefix or infix.
func (c *converter) operator(e *pg.A_Expr, i int, left Expr) Expr {
	place := c.operatorPlace(i)
	op := c.operatorName(e.GetName(), place)
	right := c.expr(e.GetRexpr())
	sign := Ident{Loc{place}, op}
	loc := Loc{c.cover(place, left, right)}
	if left == nil {
		return &Unary{loc, op, sign, right}
	}
	switch op {
	case "~~", "!~~", "~~*", "!~~*":
		return &Like{Loc: loc, Operand: left, Pattern: right, Negated: op[0] == '!', Fold: strings.HasSuffix(op, "*")}
	}
	return &Binary{loc, op, sign, left, right}
}

// like converts the LIKE family. The grammar hides ESCAPE in a call around the
// pattern, SIMILAR TO always.
func (c *converter) like(e *pg.A_Expr, at sqlerr.Span, left Expr) Expr {
	op := c.operatorName(e.GetName(), at)
	patternNode := e.GetRexpr()
	var escape Expr
	if f := patternNode.GetFuncCall(); f != nil && f.GetLocation() == e.GetLocation() {
		patternNode = f.GetArgs()[0]
		if len(f.GetArgs()) > 1 {
			escape = c.expr(f.GetArgs()[1])
		}
	}
	pattern := c.expr(patternNode)
	loc := Loc{c.cover(at, left, pattern, escape)}
	negated := op[0] == '!'
	if e.GetKind() == pg.A_Expr_Kind_AEXPR_SIMILAR {
		return &Similar{loc, left, pattern, escape, negated}
	}
	return &Like{loc, left, pattern, escape, negated, e.GetKind() == pg.A_Expr_Kind_AEXPR_ILIKE}
}

func (c *converter) between(e *pg.A_Expr, at sqlerr.Span, left Expr) Expr {
	limits := c.exprs(e.GetRexpr().GetList().GetItems())
	k := e.GetKind()
	return &Between{Loc: Loc{c.cover(at, left, limits[0], limits[1])}, Operand: left, Low: limits[0], High: limits[1],
		Negated:   k == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN || k == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM,
		Symmetric: k == pg.A_Expr_Kind_AEXPR_BETWEEN_SYM || k == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM}
}

// boolExpr converts AND, OR and NOT. x NOT IN (query) comes as a NOT that stands at
// the same place as the IN within.
func (c *converter) boolExpr(b *pg.BoolExpr) Expr {
	at := c.place(b.GetLocation())
	args := c.exprs(b.GetArgs())
	loc := Loc{c.balance(c.cover(at, args...))}
	switch b.GetBoolop() {
	case pg.BoolExprType_AND_EXPR:
		return &And{loc, args}
	case pg.BoolExprType_OR_EXPR:
		return &Or{loc, args}
	}
	if in, ok := args[0].(*InSubquery); ok && b.GetArgs()[0].GetSubLink().GetLocation() == b.GetLocation() {
		in.Negated = true
		return in
	}
	return &Not{loc, args[0]}
}

// nullTest converts IS [NOT] NULL, ISNULL and NOTNULL.
func (c *converter) nullTest(t *pg.NullTest) Expr {
	operand := c.expr(t.GetArg())
	return &IsNull{Loc{c.cover(c.isTest(t.GetLocation()), operand)}, operand,
		t.GetNulltesttype() == pg.NullTestType_IS_NOT_NULL}
}

// isTest is the span of IS [NOT] word, or of the one word at loc.
func (c *converter) isTest(loc int32) sqlerr.Span {
	i := c.at(loc)
	j := i
	if c.is(i, "is") {
		j = c.skip(i+1, "not")
	}
	return c.span(i, j)
}

func (c *converter) boolTest(t *pg.BooleanTest) Expr {
	operand := c.expr(t.GetArg())
	test := &IsBool{Loc: Loc{c.cover(c.isTest(t.GetLocation()), operand)}, Operand: operand, Truth: IsUnknown}
	switch t.GetBooltesttype() {
	case pg.BoolTestType_IS_TRUE, pg.BoolTestType_IS_NOT_TRUE:
		test.Truth = IsTrue
	case pg.BoolTestType_IS_FALSE, pg.BoolTestType_IS_NOT_FALSE:
		test.Truth = IsFalse
	}
	switch t.GetBooltesttype() {
	case pg.BoolTestType_IS_NOT_TRUE, pg.BoolTestType_IS_NOT_FALSE, pg.BoolTestType_IS_NOT_UNKNOWN:
		test.Negated = true
	}
	return test
}

// subLink converts every expression that holds a query.
func (c *converter) subLink(s *pg.SubLink) Expr {
	i := c.at(s.GetLocation())
	paren := c.open(i, '(')
	if s.GetSubLinkType() == pg.SubLinkType_ANY_SUBLINK || s.GetSubLinkType() == pg.SubLinkType_ALL_SUBLINK {
		// The operator may have a bracket of its own: OPERATOR(+) ANY (…).
		for k := i; k < c.end; k++ {
			if c.is(k, "in", "any", "some", "all") {
				paren = k + 1
				break
			}
		}
	}
	operand := c.expr(s.GetTestexpr())
	query := c.query(s.GetSubselect().GetSelectStmt(), paren+1)
	loc := Loc{c.cover(c.span(i, c.close(paren)), operand)}
	switch s.GetSubLinkType() {
	case pg.SubLinkType_EXISTS_SUBLINK:
		return &Exists{loc, query}
	case pg.SubLinkType_EXPR_SUBLINK:
		return &ScalarSubquery{loc, query}
	case pg.SubLinkType_ARRAY_SUBLINK:
		return &ArraySubquery{loc, query}
	case pg.SubLinkType_ANY_SUBLINK, pg.SubLinkType_ALL_SUBLINK:
		if len(s.GetOperName()) == 0 {
			return &InSubquery{Loc: loc, Operand: operand, Query: query}
		}
		return &Quantified{Loc: loc, Operand: operand, Op: c.operatorName(s.GetOperName(), c.span(i, i)),
			All: s.GetSubLinkType() == pg.SubLinkType_ALL_SUBLINK, Query: query}
	}
	c.refuse(loc.Source, "this subquery is not supported")
	return nil
}

func (c *converter) caseExpr(e *pg.CaseExpr) Expr {
	i := c.at(e.GetLocation())
	out := &Case{Loc: c.loc(i, c.close(i)), Operand: c.expr(e.GetArg())}
	for _, n := range e.GetArgs() {
		w := n.GetCaseWhen()
		condition, result := c.expr(w.GetExpr()), c.expr(w.GetResult())
		span := c.cover(c.place(w.GetLocation()), condition, result)
		out.Whens = append(out.Whens, When{Loc{span}, condition, result})
	}
	out.Else = c.expr(e.GetDefresult())
	return out
}

func (c *converter) collate(e *pg.CollateClause) Expr {
	i := c.at(e.GetLocation())
	operand := c.expr(e.GetArg())
	name := c.name(e.GetCollname(), i+1)
	return &Collate{Loc{c.cover(c.span(i, i).Union(name.Span()), operand)}, operand, name}
}

// indirection converts what follows an operand: .field, .*, [index], [low:high].
func (c *converter) indirection(e *pg.A_Indirection) Expr {
	operand := c.expr(e.GetArg())
	if operand == nil {
		return nil
	}
	from := c.hug(operand.Span())
	i := c.next(from)
	for _, n := range e.GetIndirection() {
		start, _ := c.bounds(from)
		switch n := n.GetNode().(type) {
		case *pg.Node_AIndices:
			end := c.close(i)
			operand = &Subscript{Loc: c.loc(start, end), Operand: operand, Slice: n.AIndices.GetIsSlice(),
				Low: c.expr(n.AIndices.GetLidx()), High: c.expr(n.AIndices.GetUidx())}
			if s := operand.(*Subscript); !s.Slice {
				s.Low, s.High = s.High, nil // the grammar keeps a plain index as the upper bound
			}
			i = end + 1
		case *pg.Node_AStar:
			operand = &Field{Loc: c.loc(start, i+1), Operand: operand, All: true}
			i += 2
		default:
			name := c.ident(n.(*pg.Node_String_).String_.GetSval(), i+1)
			operand = &Field{Loc: c.loc(start, i+1), Operand: operand, Name: name}
			i += 2
		}
	}
	return operand
}

// unsupported refuses a node by the word it begins with.
func (c *converter) unsupported(node *pg.Node, start int) {
	i, what := -1, "this statement"
	if m := node.ProtoReflect(); m.IsValid() {
		if field := m.WhichOneof(m.Descriptor().Oneofs().Get(0)); field != nil {
			inner := m.Get(field).Message()
			if loc := inner.Descriptor().Fields().ByName("location"); loc != nil {
				i = c.at(int32(inner.Get(loc).Int()))
			}
			what = string(inner.Descriptor().Name())
		}
	}
	switch {
	case what == "CurrentOfExpr":
		i, what = start, "WHERE CURRENT OF"
	case i < 0:
		i = start
	default:
		what = strings.ToUpper(c.tokenText(i))
	}
	c.refuse(c.span(i, i), "%s is not supported", what)
}
