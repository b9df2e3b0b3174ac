package exec_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// The tables of these tests: g divides, k orders and has ties, id is the row's number.
const windowColumns = "g int4?, k int8?, v int4?, id int4"

func windowTable(rows, groups, ties int, seed uint64) exectest.Table {
	r := rand.New(rand.NewPCG(seed, 5))
	t := exectest.Table{Columns: windowColumns}
	some := func(n int) string {
		if r.IntN(7) == 0 {
			return "NULL"
		}
		return strconv.Itoa(r.IntN(n))
	}
	for i := range rows {
		t.Rows = append(t.Rows, fmt.Sprintf("%s %s %s %d", some(groups), some(ties), some(50), i))
	}
	return t
}

// over is calls by g in the order of k, and of id where that makes it total.
func over(in physical.Node, total bool, calls ...expr.Window) physical.Node {
	keys := []expr.SortKey{{Expr: column(in, 0)}, {Expr: column(in, 1), Desc: true, NullsFirst: true}}
	if total {
		keys = append(keys, expr.SortKey{Expr: column(in, 3)})
	}
	sorted := &physical.Sort{Input: in, Keys: keys, Whole: 1}
	w := &physical.Window{Input: sorted, Partition: []expr.Expr{column(in, 0)}, Order: keys[1:], Calls: calls}
	for _, c := range calls {
		w.Names = append(w.Names, c.Func)
	}
	return w
}

// windowRow is a row of the table for the oracle; null is what stands for NULL.
type windowRow struct{ g, k, v, id int }

const null = -1

func windowRows(t exectest.Table) []windowRow {
	out := make([]windowRow, len(t.Rows))
	for i, tuple := range t.Tuples() {
		n := func(v expr.Value) int {
			if v.Null {
				return null
			}
			return int(v.I)
		}
		out[i] = windowRow{n(tuple[0]), n(tuple[1]), n(tuple[2]), n(tuple[3])}
	}
	return out
}

// frameOf is the rows of a partition, which is sorted, that make the frame of row i: the
// definition, row by row.
func frameOf(part []windowRow, i int, f expr.Frame, total bool) []windowRow {
	peer := func(a, b int) bool { return part[a].k == part[b].k && !total || a == b }
	group := func(i int) int {
		n := 0
		for j := 1; j <= i; j++ {
			if !peer(j-1, j) {
				n++
			}
		}
		return n
	}
	before := func(j int, b expr.Bound) int { // how far row j is behind the bound
		at := map[expr.FrameMode]func(int) int{expr.FrameRows: func(j int) int { return j }, expr.FrameGroups: group, expr.FrameRange: group}[f.Mode]
		switch b.Kind {
		case expr.Preceding:
			return at(j) - at(i) + int(b.Offset.Value.I)
		case expr.Following:
			return at(j) - at(i) - int(b.Offset.Value.I)
		}
		return at(j) - at(i)
	}
	var out []windowRow
	for j := range part {
		switch {
		case f.Start.Kind != expr.UnboundedPreceding && before(j, f.Start) < 0:
		case f.End.Kind != expr.UnboundedFollowing && before(j, f.End) > 0:
		case f.Exclude == expr.ExcludeCurrentRow && i == j:
		case f.Exclude == expr.ExcludeGroup && peer(i, j):
		case f.Exclude == expr.ExcludeTies && peer(i, j) && i != j:
		default:
			out = append(out, part[j])
		}
	}
	return out
}

// windowParts is the partitions of a table, each in order.
func windowParts(t exectest.Table) (out [][]windowRow) {
	rows := windowRows(t)
	slices.SortStableFunc(rows, func(a, b windowRow) int {
		switch {
		case a.g != b.g:
			return a.g - b.g
		case a.k == null || b.k == null || a.k == b.k: // NULL is -1, and comes first
			return cmp.Or(cmp.Compare(b2i(a.k != null), b2i(b.k != null)), cmp.Compare(a.id, b.id))
		}
		return b.k - a.k
	})
	for from := 0; from < len(rows); {
		to := from
		for to < len(rows) && rows[to].g == rows[from].g {
			to++
		}
		out = append(out, rows[from:to])
		from = to
	}
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// expected is the rows with what value makes of their frames.
func expected(t exectest.Table, f expr.Frame, total bool, value func(part, frame []windowRow, i int) string) []string {
	var out []string
	for _, part := range windowParts(t) {
		for i, r := range part {
			out = append(out, t.Rows[r.id]+" "+value(part, frameOf(part, i, f, total), i))
		}
	}
	return out
}

func offset(kind expr.BoundKind, n int64) expr.Bound {
	return expr.Bound{Kind: kind, Offset: expr.NewLiteral(expr.Int(n), expr.Of(expr.Int8))}
}

// frames of all sorts, but for offsets from a key's value.
func windowFrames() []expr.Frame {
	first, current, end := expr.Bound{Kind: expr.UnboundedPreceding}, expr.Bound{Kind: expr.CurrentRow}, expr.Bound{Kind: expr.UnboundedFollowing}
	var out []expr.Frame
	for i, b := range [][2]expr.Bound{{first, current}, {first, end}, {offset(expr.Preceding, 3), current}, {offset(expr.Preceding, 20), offset(expr.Following, 20)},
		{offset(expr.Following, 1), offset(expr.Following, 4)}, {current, end}, {offset(expr.Preceding, 40), offset(expr.Preceding, 2)}, {first, offset(expr.Following, 2)}} {
		for mode := expr.FrameRange; mode <= expr.FrameGroups; mode++ {
			if mode == expr.FrameRange && (b[0].Offset != nil || b[1].Offset != nil) {
				continue
			}
			out = append(out, expr.Frame{Mode: mode, Start: b[0], End: b[1], Exclude: expr.Exclusion((i + int(mode)) % 4)})
			out = append(out, expr.Frame{Mode: mode, Start: b[0], End: b[1]})
		}
	}
	return out
}

func TestAggregatesOverFramesAgreeWithTheirDefinition(t *testing.T) {
	for n, f := range windowFrames() {
		if n%3 == 1 {
			continue
		}
		// Where rows that are equal by the order differ for a frame, there are none.
		total := n%2 == 0 || f.Mode == expr.FrameRows || f.Exclude == expr.ExcludeCurrentRow || f.Exclude == expr.ExcludeTies
		table := windowTable(50, 2, 6, uint64(n))
		call := func(fn string, typ expr.Type, args ...expr.Expr) expr.Window {
			return expr.Window{Func: fn, Args: args, Frame: f, Typ: typ}
		}
		t.Run(fmt.Sprint(f, " ", total), func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{table},
				Plan: func(in ...physical.Node) physical.Node {
					v := column(in[0], 2)
					return over(in[0], total, call("count", expr.Of(expr.Int8)), call("count", expr.Of(expr.Int8), v), call("sum", expr.Of(expr.Int8), v),
						call("max", expr.Of(expr.Int4), v), call("bit_xor", expr.Of(expr.Int4), v))
				},
				Want: expected(table, f, total, func(_, frame []windowRow, _ int) string {
					count, sum, most, xor := 0, 0, null, 0
					for _, r := range frame {
						if r.v != null {
							count, sum, most, xor = count+1, sum+r.v, max(most, r.v), xor^r.v
						}
					}
					if count == 0 {
						return fmt.Sprintf("%d 0 NULL NULL NULL", len(frame))
					}
					return fmt.Sprintf("%d %d %d %d %d", len(frame), count, sum, most, xor)
				}),
			})
		})
	}
}

func text(v int) string {
	if v == null {
		return "NULL"
	}
	return strconv.Itoa(v)
}

func TestValuesOfFramesAgreeWithTheirDefinition(t *testing.T) {
	for n, f := range windowFrames() {
		if n%4 != 0 {
			continue
		}
		table := windowTable(40, 2, 5, uint64(n))
		t.Run(fmt.Sprint(f), func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{table},
				Plan: func(in ...physical.Node) physical.Node {
					v := column(in[0], 2)
					value := func(fn string, args ...expr.Expr) expr.Window {
						return expr.Window{Func: fn, Args: args, Frame: f, Typ: v.Typ}
					}
					third := expr.NewLiteral(expr.Int(3), expr.Of(expr.Int4))
					return over(in[0], true, value("first_value", v), value("last_value", v), value("nth_value", v, third))
				},
				Want: expected(table, f, true, func(_, frame []windowRow, _ int) string {
					at := func(i int) string {
						if i < 0 || i >= len(frame) {
							return "NULL"
						}
						return text(frame[i].v)
					}
					return at(0) + " " + at(len(frame)-1) + " " + at(2)
				}),
			})
		})
	}
}

func TestRanksAgreeWithTheirDefinition(t *testing.T) {
	for _, c := range []struct{ rows, groups, ties int }{{80, 4, 3}, {80, 1, 30}, {40, 30, 2}, {0, 1, 1}, {1, 1, 1}} {
		table := windowTable(c.rows, c.groups, c.ties, 9)
		rank := func(fn string, typ expr.Kind, args ...expr.Expr) expr.Window {
			return expr.Window{Func: fn, Args: args, Typ: expr.Of(typ), Frame: expr.DefaultFrame()}
		}
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{table},
				Plan: func(in ...physical.Node) physical.Node {
					return over(in[0], false, rank("rank", expr.Int8), rank("dense_rank", expr.Int8), rank("cume_dist", expr.Float8), rank("percent_rank", expr.Float8))
				},
				Want: expected(table, expr.WholeFrame(), false, func(part, _ []windowRow, i int) string {
					rank, dense, last := 1, 1, i
					for j := 1; j <= i; j++ {
						if part[j].k != part[j-1].k {
							rank, dense = j+1, dense+1
						}
					}
					for last+1 < len(part) && part[last+1].k == part[i].k {
						last++
					}
					percent := 0.0
					if len(part) > 1 {
						percent = float64(rank-1) / float64(len(part)-1)
					}
					return fmt.Sprintf("%d %d %v %v", rank, dense, float64(last+1)/float64(len(part)), percent)
				}),
				Approximate: "quotients",
			})
		})
	}
}

// TestRowsAreNumberedInParts has calls that need no row behind their own: a partition is
// worked off as it comes, in parts, with what came before carried over.
func TestRowsAreNumberedInParts(t *testing.T) {
	table := windowTable(17_000, 2, 9000, 4)
	running := expr.Frame{Mode: expr.FrameRows, End: expr.Bound{Kind: expr.CurrentRow}}
	for _, peers := range []bool{false, true} {
		frame := running
		if peers {
			frame = expr.DefaultFrame()
		}
		exectest.Run(t, exectest.Case{
			Inputs: []exectest.Table{table},
			Plan: func(in ...physical.Node) physical.Node {
				v := column(in[0], 2)
				call := func(fn string, typ expr.Kind, args ...expr.Expr) expr.Window {
					return expr.Window{Func: fn, Args: args, Typ: expr.Of(typ), Frame: frame}
				}
				return over(in[0], !peers, call("rank", expr.Int8), call("dense_rank", expr.Int8), call("sum", expr.Int8, v), call("count", expr.Int8, v), call("max", expr.Int4, v))
			},
			Want:  runningRows(table, peers),
			Large: "a block has 16384 rows at least",
		})
	}
}

// runningRows is what the calls above give, in one walk over every partition.
func runningRows(t exectest.Table, peers bool) []string {
	var out []string
	for _, part := range windowParts(t) {
		rank, dense, sum, count, most := 0, 0, 0, 0, null
		for from := 0; from < len(part); {
			to := from + 1
			for peers && to < len(part) && part[to].k == part[from].k {
				to++
			}
			rank, dense = from+1, dense+1
			for _, r := range part[from:to] {
				if r.v != null {
					sum, count, most = sum+r.v, count+1, max(most, r.v)
				}
			}
			total := "NULL"
			if count > 0 {
				total = strconv.Itoa(sum)
			}
			for _, r := range part[from:to] {
				out = append(out, fmt.Sprintf("%s %d %d %s %d %s", t.Rows[r.id], rank, dense, total, count, text(most)))
			}
			from = to
		}
	}
	return out
}

func TestAPartitionBeyondMemoryIsWrittenAndReadAgain(t *testing.T) {
	const rows = 20_000
	table := exectest.Table{Columns: "v int8, name text"}
	var want []string
	for i := range rows {
		row := fmt.Sprintf("%d a_name_that_is_long_enough_%d", i, i)
		table.Rows = append(table.Rows, row)
		far, lag, tail := 0, "NULL", 0
		for j := max(0, i-2); j <= min(rows-1, i+2); j++ {
			far = max(far, j)
		}
		if i >= 9000 {
			lag = strconv.Itoa(i - 9000)
		}
		tail = (rows - i) * (rows - 1 + i) / 2
		want = append(want, fmt.Sprintf("%s %d %s %d", row, far, lag, tail))
	}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			v := column(in[0], 0)
			sorted := &physical.Sort{Input: in[0], Keys: []expr.SortKey{{Expr: v}}}
			near := expr.Frame{Mode: expr.FrameRows, Start: offset(expr.Preceding, 2), End: offset(expr.Following, 2)}
			rest := expr.Frame{Mode: expr.FrameRows, Start: expr.Bound{Kind: expr.CurrentRow}, End: expr.Bound{Kind: expr.UnboundedFollowing}}
			wide := expr.NumericOf(38, 0)
			return &physical.Window{Input: sorted, Order: sorted.Keys, Names: []string{"far", "lag", "tail"}, Calls: []expr.Window{
				{Func: "max", Args: []expr.Expr{v}, Typ: v.Typ, Frame: near},
				{Func: "lag", Args: []expr.Expr{v, expr.NewLiteral(expr.Int(9000), expr.Of(expr.Int4))}, Typ: v.Typ, Frame: rest},
				{Func: "sum", Args: []expr.Expr{v}, Typ: wide, Frame: rest},
			}}
		},
		Want:    want,
		Ordered: true,
		Large:   "a partition has several pages",
	})
}

func TestArgumentsThatWindowFunctionsRefuse(t *testing.T) {
	table := windowTable(5, 1, 1, 1)
	for code, call := range map[sqlerr.Code]expr.Window{
		sqlerr.InvalidArgumentForNtile: {Func: "ntile", Args: []expr.Expr{expr.NewLiteral(expr.Int(0), expr.Of(expr.Int4))}, Typ: expr.Of(expr.Int4)},
		sqlerr.InvalidArgumentForNth: {Func: "nth_value", Frame: expr.DefaultFrame(), Typ: expr.Of(expr.Int4),
			Args: []expr.Expr{expr.NewLiteral(expr.Int(1), expr.Of(expr.Int4)), expr.NewLiteral(expr.Int(-1), expr.Of(expr.Int4))}},
		sqlerr.InternalError: {Func: "first_value", Frame: expr.DefaultFrame(), Typ: expr.Of(expr.Int4),
			Args: []expr.Expr{&expr.Column{ID: 99, Typ: expr.Of(expr.Int4)}}},
	} {
		exectest.Run(t, exectest.Case{
			Inputs: []exectest.Table{table},
			Plan:   func(in ...physical.Node) physical.Node { return over(in[0], true, call) },
			Code:   code,
		})
	}
}
