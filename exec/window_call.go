package exec

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// windowCall is one running call of a window function.
type windowCall interface {
	// begin looks at a block before its pages are given out.
	begin(b *windowBlock) error
	// column is the values of a page's rows, in memory of its own or that the view lends.
	column(v *windowView) (vector.Column, error)
	// end takes what the next block needs of this one, whose rows have been given out.
	end(b *windowBlock) error
	// close frees what the call holds.
	close()
}

// windowBuild makes the calls of a window.
type windowBuild struct {
	node  *physical.Window
	input []expr.Field
	env   *Env
	keys  *windowKeys
}

// call is the one place that knows which function is which call.
func (w *windowBuild) call(c expr.Window) (windowCall, windowCut, error) {
	args := make([]windowArg, len(c.Args))
	for i, e := range c.Args {
		var err error
		if args[i], err = newWindowArg(e, len(w.input)); err != nil {
			return nil, 0, err
		}
	}
	switch c.Func {
	case "row_number":
		return windowRank{rowNumbers}, cutAnywhere, nil
	case "rank":
		return windowRank{ranks}, cutAnywhere, nil
	case "dense_rank":
		return windowRank{denseRanks}, cutAnywhere, nil
	case "percent_rank":
		return windowRank{percentRanks}, cutAtPartitions, nil
	case "cume_dist":
		return windowRank{cumulative}, cutAtPartitions, nil
	case "ntile":
		return &windowTile{arg: args[0]}, cutAtPartitions, nil
	case "lag":
		return &windowShift{windowValue: windowValue{arg: args[0]}, args: args, direction: -1}, cutAtPartitions, nil
	case "lead":
		return &windowShift{windowValue: windowValue{arg: args[0]}, args: args, direction: 1}, cutAtPartitions, nil
	}
	frame, err := w.frame(c)
	if err != nil {
		return nil, 0, err
	}
	switch c.Func {
	case "first_value":
		return &windowNth{windowValue: windowValue{arg: args[0]}, windowFrame: frame, n: 0}, cutAtPartitions, nil
	case "last_value":
		return &windowNth{windowValue: windowValue{arg: args[0]}, windowFrame: frame, n: -1}, cutAtPartitions, nil
	case "nth_value":
		return &windowNth{windowValue: windowValue{arg: args[0]}, windowFrame: frame, number: &args[1]}, cutAtPartitions, nil
	}
	return w.aggregate(c, frame)
}

// windowFrame is the frame that a call looks at.
type windowFrame struct {
	frame expr.Frame
	keys  *windowRange // of one with offsets from the order's key
}

func (w *windowBuild) frame(c expr.Window) (windowFrame, error) {
	f := windowFrame{frame: c.Frame}
	if c.Frame.Mode != expr.FrameRows && len(w.node.Order) == 0 { // all rows are equal by no order
		if f.frame.Start.Kind == expr.CurrentRow {
			f.frame.Start.Kind = expr.UnboundedPreceding
		}
		if f.frame.End.Kind == expr.CurrentRow {
			f.frame.End.Kind = expr.UnboundedFollowing
		}
	}
	var err error
	if c.AddsToKey() {
		f.keys, err = newWindowRange(w.keys, c.Frame, w.env)
	}
	return f, err
}

// rows are the frames of a view's rows.
func (f *windowFrame) rows(v *windowView) (*frameRows, error) { return v.frame(f.frame, f.keys) }

// grows reports whether every row's frame begins where its partition does and goes to the
// row, or to those that are equal to it.
func (f *windowFrame) grows() bool {
	return f.frame.Start.Kind == expr.UnboundedPreceding && f.frame.End.Kind == expr.CurrentRow && f.frame.Exclude == expr.ExcludeNone
}

// cut is where a block may end for an aggregate over the frame.
func (f *windowFrame) cut() windowCut {
	switch {
	case !f.grows():
		return cutAtPartitions
	case f.frame.Mode == expr.FrameRows:
		return cutAnywhere
	}
	return cutAtPeers
}

func (f *windowFrame) close() {
	if f.keys != nil {
		f.keys.close()
	}
}
