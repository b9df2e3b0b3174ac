package substrait

import (
	"slices"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// Encode is the plan with root n in Substrait. An error of code InternalError
// says that the plan breaks an invariant of package physical.
func Encode(n physical.Node) (*pb.Plan, error) {
	p := &pb.Plan{Version: &pb.Version{MinorNumber: 85, Producer: "skein"}}
	e := &encoder{plan: p, registry: newRegistry(p), shared: map[int]sharedPlan{}, urls: map[string]bool{}}
	rel, fields := e.rel(n)
	if len(e.sharedIDs) > 0 {
		p.AdvancedExtensions = &extensions.AdvancedExtension{
			Optimization: []*anypb.Any{e.any(&detail.Shared{Ids: e.sharedIDs})}}
	}
	root := &pb.RelRoot{Input: rel, Names: flatNames(fields, nil)}
	p.Relations = append(p.Relations, &pb.PlanRel{RelType: &pb.PlanRel_Root{Root: root}})
	if e.err != nil {
		return nil, e.err
	}
	for url := range e.urls {
		p.ExpectedTypeUrls = append(p.ExpectedTypeUrls, url)
	}
	slices.Sort(p.ExpectedTypeUrls)
	return p, nil
}

// encoder writes one plan. After the first error what it returns means nothing.
type encoder struct {
	registry
	plan      *pb.Plan
	depth     int
	shared    map[int]sharedPlan // by the ID of physical.Shared
	sharedIDs []int64            // of the plan's relations, in order
	urls      map[string]bool    // of the Any messages written
	err       error
}

// sharedPlan is a shared subplan that is written.
type sharedPlan struct {
	input   physical.Node
	ordinal int32 // in Plan.relations
	fields  []expr.Field
}

func (e *encoder) errorf(format string, args ...any) {
	e.fail(sqlerr.InternalError, format, args...)
}

func (e *encoder) fail(code sqlerr.Code, format string, args ...any) {
	if e.err == nil {
		e.err = sqlerr.New(code, "substrait plan: "+format, args...)
	}
}

// enter counts a relation or an expression; leave must follow when it is true.
func (e *encoder) enter() bool {
	if e.err != nil {
		return false
	}
	if e.depth++; e.depth > MaxDepth {
		e.fail(sqlerr.StatementTooComplex, "nested more than %d deep", MaxDepth)
		return false
	}
	return true
}

func (e *encoder) leave() { e.depth-- }

func (e *encoder) any(m proto.Message) *anypb.Any {
	out := new(anypb.Any)
	if err := anypb.MarshalFrom(out, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		e.errorf("%v", err)
	}
	e.urls[out.GetTypeUrl()] = true
	return out
}

// common is what every relation may say about itself.
type common struct {
	rows         float64  // estimated
	alias        string   // of the table
	names        []string // of the output, depth first
	emit         []int    // nil: all columns
	enhancement  proto.Message
	optimization proto.Message
	notes        *detail.Notes
}

func (e *encoder) common(c common) *pb.RelCommon {
	out := &pb.RelCommon{EmitKind: &pb.RelCommon_Direct_{Direct: &pb.RelCommon_Direct{}}}
	if c.emit != nil {
		mapping := make([]int32, len(c.emit))
		for i, m := range c.emit {
			mapping[i] = int32(m)
		}
		out.EmitKind = &pb.RelCommon_Emit_{Emit: &pb.RelCommon_Emit{OutputMapping: mapping}}
	}
	if c.rows != 0 || c.alias != "" || len(c.names) > 0 {
		out.Hint = &pb.RelCommon_Hint{Alias: c.alias, OutputNames: c.names}
		if c.rows != 0 {
			out.Hint.Stats = &pb.RelCommon_Hint_Stats{RowCount: c.rows}
		}
	}
	if c.enhancement == nil && c.optimization == nil && c.notes == nil {
		return out
	}
	out.AdvancedExtension = &extensions.AdvancedExtension{}
	if c.enhancement != nil {
		out.AdvancedExtension.Enhancement = e.any(c.enhancement)
	}
	if c.optimization != nil {
		out.AdvancedExtension.Optimization = append(out.AdvancedExtension.Optimization, e.any(c.optimization))
	}
	if c.notes != nil {
		out.AdvancedExtension.Optimization = append(out.AdvancedExtension.Optimization, e.any(c.notes))
	}
	return out
}

// rel is n as a relation, and the columns it gives out.
func (e *encoder) rel(n physical.Node) (*pb.Rel, []expr.Field) {
	if !e.enter() {
		return nil, nil
	}
	defer e.leave()
	switch n := n.(type) {
	case *physical.Scan:
		return e.scan(n)
	case *physical.Values:
		return e.values(n)
	case *physical.Receive:
		return e.receive(n)
	case *physical.Filter:
		return e.filter(n)
	case *physical.Project:
		return e.project(n)
	case *physical.Limit:
		return e.limit(n)
	case *physical.Sort:
		return e.sort(n)
	case *physical.Window:
		return e.window(n)
	case *physical.GroupTopN:
		return e.groupTopN(n)
	case *physical.TopN:
		return e.topN(n)
	case *physical.Union:
		return e.set(pb.SetRel_SET_OP_UNION_ALL, n.Est, n.All, n.Fields)
	case *physical.SetOp:
		return e.set(setOps[setOf{n.Kind, n.All}], n.Est, []physical.Node{n.Left, n.Right}, n.Fields)
	case *physical.HashJoin:
		return e.hashJoin(n)
	case *physical.NestedLoopJoin:
		return e.nestedLoopJoin(n)
	case *physical.Aggregate:
		return e.aggregate(n)
	case *physical.Exchange:
		return e.exchange(n)
	case *physical.Shared:
		return e.reference(n)
	}
	e.errorf("a node of type %T is not known", n)
	return nil, nil
}

// reference writes a shared subplan, unless it is, and refers to it.
func (e *encoder) reference(n *physical.Shared) (*pb.Rel, []expr.Field) {
	s, ok := e.shared[n.ID]
	if !ok {
		rel, fields := e.rel(n.Input)
		s = sharedPlan{n.Input, int32(len(e.plan.Relations)), fields}
		e.shared[n.ID] = s
		e.sharedIDs = append(e.sharedIDs, int64(n.ID))
		e.plan.Relations = append(e.plan.Relations, &pb.PlanRel{RelType: &pb.PlanRel_Rel{Rel: rel}})
	} else if s.input != n.Input {
		// A rewrite may have copied the subplan; only the same plan may be run once.
		if rel, _ := e.rel(n.Input); e.err == nil && !proto.Equal(rel, e.plan.Relations[s.ordinal].GetRel()) {
			e.errorf("two subplans are shared under number %d", n.ID)
		}
	}
	return &pb.Rel{RelType: &pb.Rel_Reference{Reference: &pb.ReferenceRel{SubtreeOrdinal: s.ordinal}}}, s.fields
}
