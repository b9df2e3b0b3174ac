package substrait

import (
	"fmt"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// maxNodes bounds a plan with every shared subplan counted at each place it is
// used: a few hundred bytes of references could stand for more nodes than
// anything that walks the plan would ever see the end of.
const maxNodes = 1 << 20

// Decode is the root of a plan that Encode made, in this process or another one.
func Decode(p *pb.Plan) (physical.Node, error) {
	d := &decoder{declared: declared{}, path: []string{"plan"}}
	switch {
	case len(p.GetParameterBindings()) > 0:
		return nil, d.errorf("parameter bindings are not supported")
	case len(p.GetTypeAliases()) > 0:
		return nil, d.errorf("type aliases are not supported")
	case p.GetAdvancedExtensions().GetEnhancement() != nil:
		return nil, d.errorf("enhancement %s is not known", p.AdvancedExtensions.Enhancement.GetTypeUrl())
	}
	if err := d.known(p.ProtoReflect()); err != nil {
		return nil, err
	}
	if err := d.declarations(p); err != nil {
		return nil, err
	}
	ids := new(detail.Shared)
	if _, err := d.optimization(p.GetAdvancedExtensions(), ids); err != nil {
		return nil, err
	}
	used := map[int]bool{}
	for i, r := range p.GetRelations() {
		if r.GetRoot() != nil {
			if i != len(p.Relations)-1 {
				return nil, d.errorf("relation %d is a root and not the last", i)
			}
			return d.root(r.GetRoot())
		}
		d.path = []string{fmt.Sprintf("relation %d", i)}
		out, err := d.rel(r.GetRel())
		if err != nil {
			return nil, err
		}
		out.id = i + 1
		if i < len(ids.GetIds()) {
			out.id = int(ids.Ids[i])
		}
		if used[out.id] {
			return nil, d.errorf("two relations are shared under number %d", out.id)
		}
		used[out.id] = true
		d.shared = append(d.shared, out)
	}
	return nil, d.errorf("there is no root")
}

func (d *decoder) root(r *pb.RelRoot) (physical.Node, error) {
	d.path = []string{"root"}
	out, err := d.rel(r.GetInput())
	if err != nil {
		return nil, err
	}
	names, err := d.topNames(r.GetNames(), out.fields)
	if err != nil {
		return nil, err
	}
	for i, f := range out.fields {
		if names[i] != f.Name {
			return nil, d.errorf("column %d has the name %q, but its relation calls it %q", i, names[i], f.Name)
		}
	}
	return out.node, nil
}

// decoder reads one plan.
type decoder struct {
	declared declared
	shared   []output // the relations read so far
	path     []string // of the relation that is being read, for errors
	depth    int
}

// output is a relation that is read.
type output struct {
	node   physical.Node
	fields []expr.Field // its columns
	height int          // of its tree
	nodes  int          // of its tree, shared subplans counted at each use
	id     int          // when shared
}

func (d *decoder) errorf(format string, args ...any) error {
	return sqlerr.New(sqlerr.InvalidPlan, "substrait plan: "+strings.Join(d.path, "/")+": "+format, args...)
}

// enter counts a relation or an expression; leave must follow when it is no error.
func (d *decoder) enter() error {
	if d.depth >= MaxDepth {
		return d.errorf("nested more than %d deep", MaxDepth)
	}
	d.depth++
	return nil
}

func (d *decoder) leave() { d.depth-- }

// input reads an input of the relation at the end of the path.
func (d *decoder) input(r *pb.Rel, side string) (output, error) {
	if side != "" {
		last := len(d.path) - 1
		name := d.path[last]
		d.path[last] = name + "." + side
		defer func() { d.path[last] = name }()
	}
	return d.rel(r)
}

// above is a node over its inputs, with what they know of their trees.
func (d *decoder) above(n physical.Node, fields []expr.Field, inputs ...output) (output, error) {
	out := output{node: n, fields: fields, nodes: 1}
	for _, in := range inputs {
		out.height = max(out.height, in.height)
		out.nodes += in.nodes
	}
	out.height++
	if out.height > MaxDepth {
		return out, d.errorf("nested more than %d deep", MaxDepth)
	}
	if out.nodes > maxNodes {
		return out, d.errorf("the plan has more than %d nodes", maxNodes)
	}
	return out, nil
}

// known refuses fields that this version does not know, which protobuf itself
// passes over: they may change what the plan means.
func (d *decoder) known(m protoreflect.Message) error {
	if len(m.GetUnknown()) > 0 {
		return d.errorf("a field of %s is not known", m.Descriptor().FullName())
	}
	var err error
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Message() == nil {
			return true
		}
		if !f.IsList() {
			err = d.known(v.Message())
			return err == nil
		}
		for i := range v.List().Len() {
			if err = d.known(v.List().Get(i).Message()); err != nil {
				return false
			}
		}
		return true
	})
	return err
}

// unpack reads a message of ours.
func (d *decoder) unpack(a *anypb.Any, m proto.Message) error {
	if err := a.UnmarshalTo(m); err != nil {
		return d.errorf("%v", err)
	}
	return d.known(m.ProtoReflect())
}

// optimization reads the optimization of m's type; without one it is not found,
// and m empty. Others are passed over, as they may be.
func (d *decoder) optimization(x *extensions.AdvancedExtension, m proto.Message) (found bool, err error) {
	for _, a := range x.GetOptimization() {
		if a.MessageIs(m) {
			return true, d.unpack(a, m)
		}
	}
	return false, nil
}

// about is what a relation says about itself.
type about struct {
	rows     float64
	alias    string
	names    []string
	emit     []int32 // of the output mapping
	hasEmit  bool
	advanced *extensions.AdvancedExtension
}

func (a about) est() physical.Est { return physical.Est{RowCount: a.rows} }

// about reads c. emits says whether the relation must have an output mapping;
// those that must not are refused with one. The enhancement goes into own, and
// is refused when own is nil.
func (d *decoder) about(c *pb.RelCommon, emits bool, own proto.Message) (about, error) {
	h := c.GetHint()
	// Adding 0 makes a negative zero, which would not be written, the usual one.
	out := about{rows: h.GetStats().GetRowCount() + 0, alias: h.GetAlias(), names: h.GetOutputNames(), advanced: c.GetAdvancedExtension()}
	if e := c.GetEmit(); e != nil {
		out.emit, out.hasEmit = e.GetOutputMapping(), true
	}
	if out.hasEmit != emits {
		return out, d.errorf("the relation has an output mapping: %t, and should have: %t", out.hasEmit, emits)
	}
	enhancement := c.GetAdvancedExtension().GetEnhancement()
	switch {
	case enhancement == nil:
		return out, nil
	case own == nil || !enhancement.MessageIs(own):
		return out, d.errorf("enhancement %s is not known", enhancement.GetTypeUrl())
	}
	return out, d.unpack(enhancement, own)
}

// mapping is an output mapping, every ordinal of it below columns.
func (d *decoder) mapping(emit []int32, columns int) ([]int, error) {
	out := make([]int, len(emit))
	for i, m := range emit {
		if m < 0 || int(m) >= columns {
			return nil, d.errorf("the output mapping has column %d of %d", m, columns)
		}
		out[i] = int(m)
	}
	return out, nil
}

// plain refuses an extension at a place where Encode writes none.
func (d *decoder) plain(x *extensions.AdvancedExtension) error {
	if e := x.GetEnhancement(); e != nil {
		return d.errorf("enhancement %s is not known", e.GetTypeUrl())
	}
	return nil
}
