package eval

import "github.com/skein-query/skein/planner/expr"

func textFunction(e *expr.Call) (rowFunc, error)    { return nil, nil }
func trimFunction(e *expr.Call) (rowFunc, error)    { return nil, nil }
func regexFunction(e *expr.Call) (rowFunc, error)   { return nil, nil }
func mathFunction(e *expr.Call) (rowFunc, error)    { return nil, nil }
func decimalFunction(e *expr.Call) (rowFunc, error) { return nil, nil }
func bitFunction(e *expr.Call) (rowFunc, error)     { return nil, nil }
func timeFunction(e *expr.Call) (rowFunc, error)    { return nil, nil }
func fieldFunction(e *expr.Call) (rowFunc, error)   { return nil, nil }
func formatFunction(e *expr.Call) (rowFunc, error)  { return nil, nil }
func otherFunction(e *expr.Call) (rowFunc, error)   { return nil, nil }
func (c *compiler) part(e *expr.Call) (step, error) { return nil, nil }
