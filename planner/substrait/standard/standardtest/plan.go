package standardtest

import (
	"fmt"
	"strconv"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	ext "github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
	"google.golang.org/protobuf/proto"
)

// Plan is the case as a plan: of the call and, behind it, of the result that is
// expected, if there is one. The call's arguments are columns of a table when columns is
// true, else literals.
func (c Case) Plan(columns bool) ([]byte, error) {
	if c.Lambda {
		return nil, fmt.Errorf("a plan of a case with a lambda is not made")
	}
	p := &pb.Plan{Version: &pb.Version{MinorNumber: 87, Producer: "cases"},
		ExtensionUrns: []*ext.SimpleExtensionURN{{ExtensionUrnAnchor: 1, Urn: "extension:io.substrait:" + c.Set}},
		Extensions: []*ext.SimpleExtensionDeclaration{{MappingType: &ext.SimpleExtensionDeclaration_ExtensionFunction_{
			ExtensionFunction: &ext.SimpleExtensionDeclaration_ExtensionFunction{ExtensionUrnReference: 1, FunctionAnchor: 1, Name: c.compound()}}}}}
	b := &builder{c: c, table: &pb.ReadRel_VirtualTable{}, schema: &pb.NamedStruct{Struct: &pb.Type_Struct{}}, columns: columns}
	rel, err := b.rel()
	if err != nil {
		return nil, err
	}
	names := []string{"got"}
	if c.Result.Type != "" {
		l, err := literal(c.Result)
		if err != nil {
			return nil, err
		}
		names = append(names, "want")
		rel = project(rel, &pb.Expression{RexType: &pb.Expression_Literal_{Literal: l}})
	}
	p.Relations = []*pb.PlanRel{{RelType: &pb.PlanRel_Root{Root: &pb.RelRoot{Input: rel, Names: names}}}}
	return proto.Marshal(p)
}

// project adds a column to a relation.
func project(in *pb.Rel, e *pb.Expression) *pb.Rel {
	p := &pb.ProjectRel{Input: in, Expressions: []*pb.Expression{e}}
	return &pb.Rel{RelType: &pb.Rel_Project{Project: p}}
}

// compound is the function's name with its argument types.
func (c Case) compound() string {
	var parts []string
	for _, a := range c.Args {
		name, _, _ := strings.Cut(strings.ReplaceAll(a.Type, "?", ""), "<")
		switch name {
		case "enum":
			name = "req"
		case "string":
			name = "str"
		}
		parts = append(parts, name)
	}
	return c.Function + ":" + strings.Join(parts, "_")
}

// builder makes the relation of a case.
type builder struct {
	c       Case
	table   *pb.ReadRel_VirtualTable
	schema  *pb.NamedStruct
	row     []*pb.Expression
	columns bool
}

func (b *builder) column(t *pb.Type) *pb.Expression {
	n := len(b.schema.Names)
	b.schema.Names = append(b.schema.Names, "c"+strconv.Itoa(n))
	b.schema.Struct.Types = append(b.schema.Struct.Types, t)
	return &pb.Expression{RexType: &pb.Expression_Selection{Selection: &pb.Expression_FieldReference{
		RootType: &pb.Expression_FieldReference_RootReference_{RootReference: &pb.Expression_FieldReference_RootReference{}},
		ReferenceType: &pb.Expression_FieldReference_DirectReference{DirectReference: &pb.Expression_ReferenceSegment{
			ReferenceType: &pb.Expression_ReferenceSegment_StructField_{StructField: &pb.Expression_ReferenceSegment_StructField{Field: int32(n)}}}}}}}
}

func (b *builder) rel() (*pb.Rel, error) {
	args, err := b.arguments()
	if err != nil {
		return nil, err
	}
	var out *pb.Type
	if b.c.Result.Type != "" {
		if out, err = typeOf(b.c.Result.Type); err != nil {
			return nil, err
		}
	}
	var opts []*pb.FunctionOption
	for _, o := range b.c.Options {
		opts = append(opts, &pb.FunctionOption{Name: o[0], Preference: []string{o[1]}})
	}
	if !b.c.Aggregate {
		b.table.Expressions = []*pb.Expression_Nested_Struct{{Fields: b.row}}
	}
	read := &pb.Rel{RelType: &pb.Rel_Read{Read: &pb.ReadRel{BaseSchema: b.schema, ReadType: &pb.ReadRel_VirtualTable_{VirtualTable: b.table}}}}
	if b.c.Aggregate {
		return &pb.Rel{RelType: &pb.Rel_Aggregate{Aggregate: &pb.AggregateRel{Input: read, Measures: []*pb.AggregateRel_Measure{
			{Measure: &pb.AggregateFunction{FunctionReference: 1, Arguments: args, Options: opts, OutputType: out,
				Phase: pb.AggregationPhase_AGGREGATION_PHASE_INITIAL_TO_RESULT}}}}}}, nil
	}
	call := &pb.Expression{RexType: &pb.Expression_ScalarFunction_{ScalarFunction: &pb.Expression_ScalarFunction{
		FunctionReference: 1, Arguments: args, Options: opts, OutputType: out}}}
	p := &pb.ProjectRel{Input: read, Expressions: []*pb.Expression{call}, Common: &pb.RelCommon{EmitKind: &pb.RelCommon_Emit_{
		Emit: &pb.RelCommon_Emit{OutputMapping: []int32{int32(len(b.schema.Names))}}}}}
	return &pb.Rel{RelType: &pb.Rel_Project{Project: p}}, nil
}

func (b *builder) arguments() ([]*pb.FunctionArgument, error) {
	var args []*pb.FunctionArgument
	var types []string
	for _, a := range b.c.Args {
		if a.Type == "enum" {
			args = append(args, &pb.FunctionArgument{ArgType: &pb.FunctionArgument_Enum{Enum: a.Text}})
			continue
		}
		t, err := typeOf(a.Type)
		if err != nil {
			return nil, err
		}
		var e *pb.Expression
		if strings.HasPrefix(a.Text, "col") && b.c.Aggregate {
			e = b.column(t)
			types = append(types, a.Type)
		} else {
			l, err := literal(a)
			if err != nil {
				return nil, err
			}
			e = &pb.Expression{RexType: &pb.Expression_Literal_{Literal: l}}
			if b.columns {
				b.row = append(b.row, e)
				e = b.column(t)
			}
		}
		args = append(args, &pb.FunctionArgument{ArgType: &pb.FunctionArgument_Value{Value: e}})
	}
	for _, row := range b.c.Rows {
		out := &pb.Expression_Nested_Struct{}
		for i, text := range row {
			if i >= len(types) {
				return nil, fmt.Errorf("a row has %d values for %d columns", len(row), len(types))
			}
			l, err := literal(Value{text, types[i]})
			if err != nil {
				return nil, err
			}
			out.Fields = append(out.Fields, &pb.Expression{RexType: &pb.Expression_Literal_{Literal: l}})
		}
		b.table.Expressions = append(b.table.Expressions, out)
	}
	return args, nil
}
