package standard

import (
	"strings"

	"github.com/skein-query/skein/planner/expr"
)

var timeFunctions = map[string]map[string]func(*call) (val, error){
	setDatetime: {
		"extract":  extract,
		"add":      calls(expr.OpAdd, 2, 2),
		"subtract": calls(expr.OpSub, 2, 2),
		"lt":       calls(expr.OpLt, 2, 2),
		"lte":      calls(expr.OpLe, 2, 2),
		"gt":       calls(expr.OpGt, 2, 2),
		"gte":      calls(expr.OpGe, 2, 2),
	},
}

// extract reads a component of a time as an integer.
func extract(c *call) (val, error) {
	if err := c.need(2, 4); err != nil {
		return val{}, err
	}
	field, err := c.word(0)
	if err != nil {
		return val{}, err
	}
	text := val{Expr: expr.NewLiteral(expr.Str(strings.ToLower(field)), expr.Of(expr.Text))}
	v, err := c.r.call(expr.FnExtract, text, c.args[len(c.args)-1])
	if err != nil {
		return val{}, err
	}
	return c.r.to(v, kept{Type: expr.Of(expr.Int8)})
}

// datePart is DataFusion's: of the type the plan says, or else an integer.
func datePart(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	return extract(c)
}
