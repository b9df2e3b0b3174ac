package expr

// Children are the direct operands of e, in order.
func Children(e Expr) []Expr {
	switch e := e.(type) {
	case *Call:
		return e.Args
	case *Cast:
		return []Expr{e.Arg}
	case *Case:
		out := make([]Expr, 0, 2*len(e.Whens)+1)
		for _, w := range e.Whens {
			out = append(out, w.Cond, w.Result)
		}
		if e.Else != nil {
			out = append(out, e.Else)
		}
		return out
	case *InList:
		return []Expr{e.Arg}
	}
	return nil
}

// Walk calls visit for e and everything below it, parents first; visit returns
// false to skip what is below.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	for _, c := range Children(e) {
		Walk(c, visit)
	}
}

// Rewrite rebuilds e bottom up: change gets every node with its operands already
// changed and returns what stands in its place. Nodes whose operands did not
// change are shared.
func Rewrite(e Expr, change func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	switch n := e.(type) {
	case *Call:
		if args, changed := mapAll(n.Args, change); changed {
			c := *n
			c.Args = args
			e = &c
		}
	case *Cast:
		if arg := Rewrite(n.Arg, change); arg != n.Arg {
			c := *n
			c.Arg = arg
			e = &c
		}
	case *InList:
		if arg := Rewrite(n.Arg, change); arg != n.Arg {
			c := *n
			c.Arg = arg
			e = &c
		}
	case *Case:
		e = mapCase(n, change)
	}
	return change(e)
}

func mapCase(n *Case, change func(Expr) Expr) Expr {
	c := *n
	c.Whens = make([]When, len(n.Whens))
	changed := false
	for i, w := range n.Whens {
		c.Whens[i] = When{Rewrite(w.Cond, change), Rewrite(w.Result, change)}
		changed = changed || c.Whens[i] != w
	}
	if n.Else != nil {
		c.Else = Rewrite(n.Else, change)
		changed = changed || c.Else != n.Else
	}
	if !changed {
		return n
	}
	return &c
}

func mapAll(in []Expr, change func(Expr) Expr) (out []Expr, changed bool) {
	for i, a := range in {
		b := Rewrite(a, change)
		if b != a && !changed {
			changed = true
			out = append([]Expr(nil), in...)
		}
		if changed {
			out[i] = b
		}
	}
	if !changed {
		return in, false
	}
	return out, true
}

// Conjuncts splits a condition at its top-level ANDs; nil and TRUE give none.
func Conjuncts(e Expr) []Expr {
	switch n := e.(type) {
	case nil:
		return nil
	case *Literal:
		if n.Value.True() {
			return nil
		}
	case *Call:
		if n.Name == OpAnd {
			var out []Expr
			for _, a := range n.Args {
				out = append(out, Conjuncts(a)...)
			}
			return out
		}
	}
	return []Expr{e}
}

// And joins conditions; none give TRUE.
func And(conds ...Expr) Expr {
	var all []Expr
	for _, c := range conds {
		all = append(all, Conjuncts(c)...)
	}
	switch len(all) {
	case 0:
		return True()
	case 1:
		return all[0]
	}
	return &Call{Name: OpAnd, Args: all, Typ: Of(Bool)}
}

// Compare makes a comparison without a place.
func Compare(op string, a, b Expr) Expr {
	return &Call{Name: op, Args: []Expr{a, b}, Typ: Of(Bool)}
}

// Columns adds the IDs of all columns in e to set.
func Columns(e Expr, set map[ColumnID]bool) {
	Walk(e, func(n Expr) bool {
		if c, ok := n.(*Column); ok {
			set[c.ID] = true
		}
		return true
	})
}

// Equal reports whether two expressions are the same but for their places.
func Equal(a, b Expr) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case *Column:
		y, ok := b.(*Column)
		return ok && x.ID == y.ID
	case *Literal:
		y, ok := b.(*Literal)
		return ok && x.Typ.Equal(y.Typ) && x.Value.Identical(y.Value)
	case *Param:
		y, ok := b.(*Param)
		return ok && x.Number == y.Number
	case *Call:
		y, ok := b.(*Call)
		return ok && x.Name == y.Name && x.Typ.Equal(y.Typ) && equalAll(x.Args, y.Args)
	case *Cast:
		y, ok := b.(*Cast)
		return ok && x.Try == y.Try && x.To.Equal(y.To) && Equal(x.Arg, y.Arg)
	case *Case:
		y, ok := b.(*Case)
		if !ok || len(x.Whens) != len(y.Whens) || (x.Else == nil) != (y.Else == nil) {
			return false
		}
		return equalAll(Children(x), Children(y))
	case *InList:
		y, ok := b.(*InList)
		if !ok || x.Negated != y.Negated || len(x.List) != len(y.List) || !Equal(x.Arg, y.Arg) {
			return false
		}
		for i := range x.List {
			if !x.List[i].Identical(y.List[i]) {
				return false
			}
		}
		return true
	}
	return false
}

func equalAll(a, b []Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
