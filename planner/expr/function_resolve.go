package expr

// category is PostgreSQL's typcategory.
func category(k Kind) byte {
	switch k {
	case Bool:
		return 'B'
	case Int2, Int4, Int8, Numeric, Float4, Float8:
		return 'N'
	case Text, Char:
		return 'S'
	case Date, Time, Timestamp, TimestampTZ:
		return 'D'
	case Interval:
		return 'T'
	case Unknown:
		return 'X'
	case List:
		return 'A'
	}
	return 'U'
}

// preferred reports whether the kind is the preferred type of its category.
func preferred(k Kind) bool {
	return k == Bool || k == Float8 || k == Text || k == TimestampTZ || k == Interval
}

// accepts reports whether an argument of kind from can be given for kind to
// without being asked for.
func accepts(to, from Kind) bool {
	return to == from || to == anyKind || from == Unknown || implicit(from, to)
}

// choose picks one overload as PostgreSQL's func_select_candidate does; the steps
// are those of chapter 10.3 (10.2 for operators).
func choose(name string, all []overload, args []Type) (*overload, error) {
	kinds := make([]Kind, len(args))
	unknown := 0
	for i, t := range args {
		kinds[i] = t.Kind
		if t.Kind == Unknown {
			unknown++
		}
	}
	if o := exact(name, all, kinds, unknown); o != nil {
		return o, nil
	}
	var cands []*overload
	for i := range all {
		if o := &all[i]; o.takes(len(args)) && fits(o, kinds) {
			cands = append(cands, o)
		}
	}
	if len(cands) == 0 {
		return nil, noSuchFunction(name, args)
	}
	cands = best(cands, func(o *overload) int { return matches(o, kinds, false) })
	cands = best(cands, func(o *overload) int { return matches(o, kinds, true) })
	if len(cands) > 1 && unknown > 0 {
		cands = byCategory(cands, kinds)
		if len(cands) > 1 && unknown < len(kinds) {
			cands = likeTheOthers(cands, kinds)
		}
	}
	if len(cands) != 1 {
		return nil, ambiguous(name, args)
	}
	return cands[0], nil
}

// exact is the overload that takes exactly the given kinds. For a binary operator
// with one unknown side that side is tried as the other's kind first.
func exact(name string, all []overload, kinds []Kind, unknown int) *overload {
	want := kinds
	if unknown == 1 && len(kinds) == 2 && isOperator(name) {
		known := max(kinds[0], kinds[1]) // Unknown is zero
		want = []Kind{known, known}
	}
	for i := range all {
		o := &all[i]
		if !o.takes(len(want)) || len(o.args) != len(want) {
			continue
		}
		same := true
		for j, k := range want {
			same = same && o.arg(j) == k
		}
		if same {
			return o
		}
	}
	return nil
}

func fits(o *overload, kinds []Kind) bool {
	for i, k := range kinds {
		if !accepts(o.arg(i), k) {
			return false
		}
	}
	return true
}

// matches counts the known arguments that match exactly or, when preferring, match
// exactly or get the preferred type of their category.
func matches(o *overload, kinds []Kind, preferring bool) int {
	n := 0
	for i, k := range kinds {
		to := o.arg(i)
		if k != Unknown && (to == k || preferring && category(to) == category(k) && preferred(to)) {
			n++
		}
	}
	return n
}

// best keeps the candidates with the highest score.
func best(cands []*overload, score func(*overload) int) []*overload {
	most := -1
	var out []*overload
	for _, o := range cands {
		switch s := score(o); {
		case s > most:
			most, out = s, []*overload{o}
		case s == most:
			out = append(out, o)
		}
	}
	return out
}

// byCategory decides unknown arguments: strings where any candidate takes one,
// else the category that all candidates agree on, and its preferred type.
func byCategory(cands []*overload, kinds []Kind) []*overload {
	for i, k := range kinds {
		if k != Unknown {
			continue
		}
		want, agreed := category(cands[0].arg(i)), true
		for _, o := range cands {
			switch c := category(o.arg(i)); {
			case c == 'S' || o.arg(i) == anyKind:
				want = 'S'
			case c != want && want != 'S':
				agreed = false
			}
		}
		if want != 'S' && !agreed {
			return cands
		}
		var kept, pref []*overload
		for _, o := range cands {
			if category(o.arg(i)) == want {
				kept = append(kept, o)
				if preferred(o.arg(i)) {
					pref = append(pref, o)
				}
			}
		}
		if len(pref) > 0 {
			kept = pref
		}
		if len(kept) > 0 {
			cands = kept
		}
	}
	return cands
}

// likeTheOthers takes unknown arguments to be of the kind that all known ones
// have.
func likeTheOthers(cands []*overload, kinds []Kind) []*overload {
	known := Unknown
	for _, k := range kinds {
		if k == Unknown || k == known {
			continue
		}
		if known != Unknown {
			return cands
		}
		known = k
	}
	var out []*overload
	for _, o := range cands {
		ok := true
		for i := range kinds {
			ok = ok && accepts(o.arg(i), known)
		}
		if ok {
			out = append(out, o)
		}
	}
	if len(out) == 1 {
		return out
	}
	return cands
}
