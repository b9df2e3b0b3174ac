package substrait

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// sample is a plan with something of everything below: aggregate over hash_join
// of filter/read and read.
func sample() physical.Node {
	l, o := lines(), orders()
	join := &physical.HashJoin{Kind: physical.ProbeOuter, Probe: &physical.Filter{Input: l, Conjuncts: conjuncts(l)}, Build: o,
		ProbeKeys: []expr.Expr{col(l, 0)}, BuildKeys: []expr.Expr{col(o, 1)}, Emit: []int{0, 1}}
	return &physical.Aggregate{Input: join, Groups: []expr.Expr{col(join, 0)}, Names: []string{"k", "s"},
		Aggs: []expr.Aggregate{{Func: "sum", Args: []expr.Expr{col(join, 1)}, Typ: expr.NumericOf(38, 2)}}}
}

// refusals change the sample's protobuf, and say what the error must name.
var refusals = []struct {
	name   string
	change func(p *pb.Plan)
	want   string
}{
	{"field reference out of range", func(p *pb.Plan) { condition(p).Arguments[0] = ref(99) },
		"root/aggregate/hash_join.left/filter: field reference 99 is out of range: the input has 3 columns"},
	{"negative field reference", func(p *pb.Plan) { condition(p).Arguments[0] = ref(-1) }, "field reference -1 is out of range"},
	{"function anchor", func(p *pb.Plan) { condition(p).FunctionReference = 77 }, "filter: function anchor 77 is not declared"},
	{"URN anchor", func(p *pb.Plan) { p.ExtensionUrns = nil }, "plan: extension \"is_not_null:any\" refers to URN anchor 1, which is not declared"},
	{"anchor twice", func(p *pb.Plan) { p.Extensions = append(p.Extensions, p.Extensions[0]) }, "which another one has"},
	{"URN twice", func(p *pb.Plan) { p.ExtensionUrns = append(p.ExtensionUrns, p.ExtensionUrns[0]) }, "declared twice"},
	{"unknown function", func(p *pb.Plan) { p.Extensions[0].GetExtensionFunction().Name = "xor:bool" }, "function xor:bool of"},
	{"unknown URN", func(p *pb.Plan) { p.ExtensionUrns[0].Urn = "extension:org.example:functions" }, "of extension:org.example:functions is not known"},
	{"type mismatch of a comparison", func(p *pb.Plan) { condition(p).Arguments[0] = ref(2) },
		"function gt:any_any of extension:io.substrait:functions_comparison with options [] is not what the engine does: it has >:str_i64"},
	{"option that changes results", func(p *pb.Plan) { measure(p).Options[0].Preference[0] = "SATURATE" }, "[{overflow SATURATE}] is not what the engine does"},
	{"option left out", func(p *pb.Plan) { measure(p).Options = nil }, "is not what the engine does"},
	{"output type missing", func(p *pb.Plan) { condition(p).OutputType = nil }, "a type is missing"},
	{"phase", func(p *pb.Plan) {
		measure(p).Phase = pb.AggregationPhase_AGGREGATION_PHASE_INTERMEDIATE_TO_INTERMEDIATE
	}, "in a relation of phase"},
	{"invocation", func(p *pb.Plan) { measure(p).Invocation = 0 }, "invocation AGGREGATION_INVOCATION_UNSPECIFIED is not supported"},
	{"grouping sets", func(p *pb.Plan) { g := aggregate(p); g.Groupings = append(g.Groupings, g.Groupings[0]) }, "root/aggregate: 2 groupings"},
	{"names", func(p *pb.Plan) { aggregate(p).Common.Hint.OutputNames = []string{"k"} }, "1 names for columns that have 2"},
	{"root names", func(p *pb.Plan) { p.Relations[0].GetRoot().Names[1] = "other" }, `root: column 1 has the name "other"`},
	{"key types", func(p *pb.Plan) { join(p).Keys[0].Left = field(1) }, "root/aggregate/hash_join: key 0 compares numeric(15,2) with bigint"},
	{"no keys", func(p *pb.Plan) { join(p).Keys = nil }, "hash join has no keys"},
	{"join type", func(p *pb.Plan) { join(p).Type = pb.HashJoinRel_JOIN_TYPE_RIGHT_MARK }, "join type JOIN_TYPE_RIGHT_MARK is not supported"},
	{"output mapping", func(p *pb.Plan) { join(p).Common.GetEmit().OutputMapping[1] = 6 }, "output mapping has column 6 of 6"},
	{"output mapping of a filter", func(p *pb.Plan) { filter(p).Common.EmitKind = join(p).Common.EmitKind }, "filter: the relation has an output mapping: true"},
	{"post-join filter of an outer join", func(p *pb.Plan) {
		join(p).PostJoinFilter = &pb.Expression{RexType: &pb.Expression_Literal_{Literal: &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Boolean{Boolean: true}}}}
	}, "post_join_filter that decides no match"},
	{"condition that is no boolean", func(p *pb.Plan) { filter(p).Condition = ref(1).GetValue() }, "a condition has type numeric(15,2)"},
	{"relation missing", func(p *pb.Plan) { filter(p).Input = nil }, "hash_join.left/filter: a relation is missing"},
	{"other relation", func(p *pb.Plan) {
		filter(p).Input = &pb.Rel{RelType: &pb.Rel_Cross{Cross: &pb.CrossRel{}}}
	}, "relation of case Rel_Cross is not supported"},
	{"enhancement", func(p *pb.Plan) { filter(p).Common.AdvancedExtension.Enhancement = unknownAny() },
		"enhancement type.googleapis.com/google.protobuf.StringValue is not known"},
	{"enhancement of the relation", func(p *pb.Plan) {
		filter(p).AdvancedExtension = &extensions.AdvancedExtension{Enhancement: unknownAny()}
	}, "is not known"},
	{"enhancement of the plan", func(p *pb.Plan) {
		p.AdvancedExtensions = &extensions.AdvancedExtension{Enhancement: unknownAny()}
	}, "is not known"},
	{"files without versions", func(p *pb.Plan) { filter(p).Input.GetRead().GetLocalFiles().AdvancedExtension = nil },
		"root/aggregate/hash_join.left/filter/read: the files have no versions"},
	{"part of a file", func(p *pb.Plan) { filter(p).Input.GetRead().GetLocalFiles().Items[0].Start = 4 }, "not one whole Parquet file"},
	{"projection of a read", func(p *pb.Plan) { filter(p).Input.GetRead().Projection = &pb.Expression_MaskExpression{} }, "projection and best_effort_filter"},
	{"schema missing", func(p *pb.Plan) { filter(p).Input.GetRead().BaseSchema = nil }, "a schema is missing"},
	{"decimal of 39 digits", func(p *pb.Plan) { types(p)[1].GetDecimal().Precision = 39 }, "decimal(39,2) is no type"},
	{"nullability", func(p *pb.Plan) { types(p)[1].GetDecimal().Nullability = 0 }, "nullability is missing"},
	{"deprecated type", func(p *pb.Plan) {
		types(p)[1].Kind = &pb.Type_TimestampTz{TimestampTz: &pb.Type_TimestampTZ{}}
	}, "type Type_TimestampTz is not supported"},
	{"field that is not known", func(p *pb.Plan) {
		condition(p).OutputType.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1))
	}, "a field of substrait.Type is not known"},
	{"reference forward", func(p *pb.Plan) {
		filter(p).Input = &pb.Rel{RelType: &pb.Rel_Reference{Reference: &pb.ReferenceRel{}}}
	}, "filter/reference: relation 0 does not stand before"},
	{"two roots", func(p *pb.Plan) { p.Relations = append(p.Relations, p.Relations[0]) }, "relation 0 is a root and not the last"},
	{"no root", func(p *pb.Plan) { p.Relations = nil }, "there is no root"},
	{"literal of another type", func(p *pb.Plan) {
		inList(p).Options[0].GetLiteral().LiteralType = &pb.Expression_Literal_I32{I32: 1}
	}, "literal of case Expression_Literal_I32 is no value of type text"},
	{"parameter bindings", func(p *pb.Plan) { p.ParameterBindings = []*pb.DynamicParameterBinding{{}} }, "parameter bindings"},
}

func aggregate(p *pb.Plan) *pb.AggregateRel { return p.Relations[0].GetRoot().Input.GetAggregate() }
func measure(p *pb.Plan) *pb.AggregateFunction {
	return aggregate(p).Measures[0].Measure
}
func join(p *pb.Plan) *pb.HashJoinRel { return aggregate(p).Input.GetHashJoin() }
func filter(p *pb.Plan) *pb.FilterRel { return join(p).Left.GetFilter() }
func types(p *pb.Plan) []*pb.Type     { return filter(p).Input.GetRead().BaseSchema.Struct.Types }
func conjunct(p *pb.Plan, i int) *pb.Expression {
	return filter(p).Condition.GetScalarFunction().Arguments[i].GetValue()
}
func condition(p *pb.Plan) *pb.Expression_ScalarFunction { return conjunct(p, 1).GetScalarFunction() }
func inList(p *pb.Plan) *pb.Expression_SingularOrList    { return conjunct(p, 2).GetSingularOrList() }

func field(i int32) *pb.Expression_FieldReference {
	return &pb.Expression_FieldReference{ReferenceType: &pb.Expression_FieldReference_DirectReference{DirectReference: &pb.Expression_ReferenceSegment{
		ReferenceType: &pb.Expression_ReferenceSegment_StructField_{StructField: &pb.Expression_ReferenceSegment_StructField{Field: i}}}}}
}

func ref(i int32) *pb.FunctionArgument {
	return &pb.FunctionArgument{ArgType: &pb.FunctionArgument_Value{Value: &pb.Expression{RexType: &pb.Expression_Selection{Selection: field(i)}}}}
}

func unknownAny() *anypb.Any {
	a, err := anypb.New(wrapperspb.String("?"))
	if err != nil {
		panic(err)
	}
	return a
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			p, err := Encode(sample())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Decode(p); err != nil {
				t.Fatalf("the sample itself: %v", err)
			}
			r.change(p)
			_, err = Decode(p)
			invalid(t, err, r.want)
		})
	}
}

func invalid(t *testing.T, err error, want string) {
	t.Helper()
	if e, ok := errors.AsType[*sqlerr.Error](err); !ok || e.Code != sqlerr.InvalidPlan || !strings.Contains(e.Error(), want) {
		t.Errorf("got %v, want an invalid plan and %q", err, want)
	}
}

func TestOptimizationsMayBeUnknownOrMissing(t *testing.T) {
	p, err := Encode(&physical.TopN{Input: lines(), Keys: order(lines()), Count: 2})
	if err != nil {
		t.Fatal(err)
	}
	fetch := p.Relations[0].GetRoot().Input.GetFetch()
	fetch.Common.AdvancedExtension.Optimization = []*anypb.Any{unknownAny()}
	got, err := Decode(p)
	if err != nil {
		t.Fatal(err)
	}
	want := &physical.Limit{Input: &physical.Sort{Input: lines(), Keys: order(lines())}, Count: 2}
	if d := difference(want, got); d != "" {
		t.Error(d)
	}
}

func TestEveryTruncationIsRefusedOrAPlan(t *testing.T) {
	b, err := Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if _, err := Unmarshal(b[:i]); err == nil {
			t.Errorf("%d of %d bytes are a plan", i, len(b))
		} else {
			invalid(t, err, "substrait plan")
		}
	}
}

func TestDeepPlansAreRefused(t *testing.T) {
	nest := func(depth int) physical.Node {
		var n physical.Node = lines()
		for range depth {
			n = &physical.Limit{Input: n, Count: 1}
		}
		return n
	}
	roundTrip(t, nest(MaxDepth-1))
	if _, err := Marshal(nest(MaxDepth)); sqlerr.CodeOf(err) != sqlerr.StatementTooComplex {
		t.Errorf("writing: %v", err)
	}
	p, err := Encode(lines())
	if err != nil {
		t.Fatal(err)
	}
	root := p.Relations[0].GetRoot()
	for range MaxDepth {
		root.Input = &pb.Rel{RelType: &pb.Rel_Fetch{Fetch: &pb.FetchRel{Input: root.Input}}}
	}
	_, err = Decode(p)
	invalid(t, err, fmt.Sprintf("nested more than %d deep", MaxDepth))

	deep := expr.Expr(integer(1))
	for range MaxDepth - 3 {
		deep = &expr.Call{Name: expr.OpNeg, Args: []expr.Expr{deep}, Typ: int4}
	}
	roundTrip(t, &physical.Project{Input: lines(), Exprs: []expr.Expr{deep}, Names: []string{""}})
}

// TestReferencesCannotUnfoldWithoutEnd: forty relations, each a union of the one
// before with itself, would be 2^40 nodes to whoever walks the plan.
func TestReferencesCannotUnfoldWithoutEnd(t *testing.T) {
	l := &physical.Values{Fields: lines().Schema()}
	p, err := Encode(&physical.Shared{Input: l})
	if err != nil {
		t.Fatal(err)
	}
	root := p.Relations[1]
	p.Relations = p.Relations[:1]
	for i := range int32(40) {
		one := &pb.Rel{RelType: &pb.Rel_Reference{Reference: &pb.ReferenceRel{SubtreeOrdinal: i}}}
		p.Relations = append(p.Relations, &pb.PlanRel{RelType: &pb.PlanRel_Rel{Rel: &pb.Rel{RelType: &pb.Rel_Set{
			Set: &pb.SetRel{Op: pb.SetRel_SET_OP_UNION_ALL, Inputs: []*pb.Rel{one, one}}}}}})
	}
	p.Relations = append(p.Relations, root)
	_, err = Decode(p)
	invalid(t, err, "more than")
}

func TestPlansThatBreakTheirInvariantsAreNotWritten(t *testing.T) {
	l := lines()
	wrongType := col(l, 0)
	wrongType.Typ = text
	project := func(e expr.Expr) physical.Node {
		return &physical.Project{Input: l, Exprs: []expr.Expr{e}, Names: []string{"x"}}
	}
	for name, n := range map[string]physical.Node{
		"no node":                nil,
		"no input":               &physical.Limit{},
		"no expression":          project(nil),
		"column out of range":    project(&expr.Column{ID: 3, Typ: text}),
		"column of another type": project(wrongType),
		"smallint too large":     project(expr.NewLiteral(expr.Int(math.MaxInt16+1), int2)),
		"call without arguments": project(&expr.Call{Name: expr.OpNot, Typ: boolean}),
		"list without elements":  project(expr.NullOf(expr.Of(expr.List))),
		"unknown kind of type":   project(expr.NullOf(expr.Type{Kind: expr.Map + 1})),
		"text that is no UTF-8":  project(expr.NewLiteral(expr.Str("\xff"), text)),
		"names missing":          &physical.Project{Input: l, Exprs: []expr.Expr{integer(1)}},
		"row too short":          &physical.Values{Tuples: [][]expr.Value{{}}, Fields: l.Fields},
		"union of other columns": &physical.Union{All: []physical.Node{l}, Fields: l.Fields[:1]},
		"join without keys":      &physical.HashJoin{Probe: l, Build: l},
		"semi join's build side": &physical.NestedLoopJoin{Kind: physical.ProbeSemi, Probe: l, Build: l, Emit: []int{3}},
		"final over no states": &physical.Aggregate{Phase: physical.Final, Input: l, Names: []string{"a"},
			Aggs: []expr.Aggregate{{Func: "avg", Args: []expr.Expr{col(l, 1)}, Typ: money}}},
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := Marshal(n); sqlerr.CodeOf(err) != sqlerr.InternalError || err == nil {
				t.Errorf("%d bytes, error %v", len(b), err)
			}
		})
	}
}

func TestTooManyBytesAreRefused(t *testing.T) {
	_, err := Unmarshal(make([]byte, MaxBytes+1))
	invalid(t, err, "at most")
}

func TestEqualPlansGiveEqualBytes(t *testing.T) {
	for _, p := range corpus() {
		a, err := Encode(p.node)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Encode(p.node)
		if err != nil || !proto.Equal(a, b) {
			t.Errorf("%s: written twice in two ways (%v)", p.name, err)
		}
	}
}
