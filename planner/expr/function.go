package expr

// Volatility says when a function may be evaluated: PostgreSQL's three classes.
type Volatility uint8

// The classes.
const (
	Immutable Volatility = iota // same arguments, same result: folded at plan time
	Stable                      // fixed within a query (now()): the coordinator replaces it by a literal
	Volatile                    // every row anew (random())
)

// Signature is what the planner and the engine agree on about one overload.
type Signature struct {
	Name       string // canonical name, as in Call.Name
	Args       []Type // the types the arguments must be cast to
	Result     Type
	Strict     bool // NULL in gives NULL out
	CanFail    bool // some argument value gives an error: never evaluate on rows already rejected
	Lazy       bool // arguments after the first are evaluated only where needed (and, or, coalesce)
	Volatility Volatility
}
