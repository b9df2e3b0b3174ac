package standard

import (
	"bytes"
	"encoding/json"
	"fmt"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	ext "github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// The formats a plan goes out in.
const (
	FormatBinary = "binary"
	FormatJSON   = "json"
	FormatText   = "text"
)

// Formats lists them.
func Formats() []string { return []string{FormatBinary, FormatJSON, FormatText} }

// Write is a query as a plan for others: without dependent joins, which rule "unnest"
// removes. What Substrait has no word for has a function URN or an enhancement of ours,
// and a consumer that does not know it refuses the plan. A table that is hidden, since
// its name alone means another one, is named with its schema; nil is that none is.
func Write(q *Query, hidden func(*logical.Table) bool) (*Document, error) {
	w := &writer{plan: &pb.Plan{Version: &pb.Version{MinorNumber: 87, Producer: "skein"}},
		hidden: hidden, urns: map[string]uint32{}, functions: map[declared]uint32{}, types: map[declared]uint32{}, shared: map[*logical.Shared]int{}}
	w.inline = inlines(q.Plan)
	rel, err := w.rel(q.Plan)
	if err != nil {
		return nil, err
	}
	if rel, err = w.pick(rel, q.Output); err != nil {
		return nil, err
	}
	var names []string
	for i, c := range rel.cols {
		names = append(names, q.Names[i])
		names = fieldNames(names, c.Type)
	}
	w.plan.Relations = append(w.plan.Relations, &pb.PlanRel{RelType: &pb.PlanRel_Root{Root: &pb.RelRoot{Input: rel.rel, Names: names}}})
	d := &Document{plan: w.plan}
	d.removed.init()
	return d, nil
}

// Format is the plan in one of the formats; equal plans give equal bytes.
func (d *Document) Format(format string) ([]byte, error) {
	switch format {
	case FormatBinary:
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(d.plan)
		return b, sqlerr.Wrap(err, "substrait plan")
	case FormatText:
		// The library puts in blanks at random, so that nobody compares its output.
		b, err := prototext.MarshalOptions{Multiline: true, Indent: "  "}.Marshal(d.plan)
		return bytes.ReplaceAll(b, []byte(":  "), []byte(": ")), sqlerr.Wrap(err, "substrait plan")
	case FormatJSON:
		b, err := protojson.Marshal(d.plan)
		if err != nil {
			return nil, sqlerr.Wrap(err, "substrait plan")
		}
		var out bytes.Buffer
		err = json.Indent(&out, b, "", "  ")
		return out.Bytes(), sqlerr.Wrap(err, "substrait plan")
	}
	return nil, sqlerr.New(sqlerr.InvalidParameterValue, "the format %q of a plan is not known", format).WithHint("Use binary, json or text.")
}

// writer makes one plan.
type writer struct {
	plan      *pb.Plan
	made      expr.ColumnID // columns that have no ID of the query's
	hidden    func(*logical.Table) bool
	urns      map[string]uint32
	functions map[declared]uint32
	types     map[declared]uint32
	inline    bool // shared plans stand where they are read
	shared    map[*logical.Shared]int
}

// unnamed is the ID of a column that the query does not have.
func (w *writer) unnamed() expr.ColumnID {
	w.made--
	return w.made - 1
}

// written is a relation and the columns it delivers, in order.
type written struct {
	rel  *pb.Rel
	cols []logical.Column
}

// maxInlined is how many nodes a plan may have when its shared plans are repeated at
// each place: most consumers know no references.
const maxInlined = 500

// inlines reports whether shared plans are to be repeated: where that makes the plan
// not too large, and nothing in it differs from one evaluation to the next.
func inlines(n logical.Node) bool {
	count, ok := 0, true
	var visit func(logical.Node)
	visit = func(n logical.Node) {
		if count++; count > maxInlined || !ok {
			ok = false
			return
		}
		if r, isRef := n.(*logical.Reference); isRef {
			visit(r.Plan.Input)
		}
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	visit(n)
	logical.Walk(n, func(n logical.Node) bool {
		logical.Exprs(n, func(e expr.Expr) { ok = ok && expr.VolatilityOf(e) != expr.Volatile })
		return true
	})
	return ok
}

func fieldNames(names []string, t expr.Type) []string {
	switch t.Kind {
	case expr.List:
		return fieldNames(names, t.Nested.Elem)
	case expr.Struct, expr.Map:
		for _, f := range t.Nested.Fields {
			if t.Kind == expr.Struct {
				names = append(names, f.Name)
			}
			names = fieldNames(names, f.Type)
		}
	}
	return names
}

func (w *writer) urn(set string) uint32 {
	urn := set
	if len(set) > 10 && set[:10] == "functions_" {
		urn = urnStandard + set
	}
	a, ok := w.urns[urn]
	if !ok {
		a = uint32(len(w.urns) + 1)
		w.urns[urn] = a
		w.plan.ExtensionUrns = append(w.plan.ExtensionUrns, &ext.SimpleExtensionURN{ExtensionUrnAnchor: a, Urn: urn})
	}
	return a
}

// function is the anchor of a function, by its extension and compound name.
func (w *writer) function(set, name string) uint32 {
	key := declared{set, name}
	a, ok := w.functions[key]
	if !ok {
		a = uint32(len(w.functions) + 1)
		w.functions[key] = a
		w.plan.Extensions = append(w.plan.Extensions, &ext.SimpleExtensionDeclaration{
			MappingType: &ext.SimpleExtensionDeclaration_ExtensionFunction_{ExtensionFunction: &ext.SimpleExtensionDeclaration_ExtensionFunction{
				ExtensionUrnReference: w.urn(set), FunctionAnchor: a, Name: name}}})
	}
	return a
}

func (w *writer) userType(name string) uint32 {
	key := declared{setOwnTypes, name}
	a, ok := w.types[key]
	if !ok {
		a = uint32(len(w.types) + 1)
		w.types[key] = a
		w.plan.Extensions = append(w.plan.Extensions, &ext.SimpleExtensionDeclaration{
			MappingType: &ext.SimpleExtensionDeclaration_ExtensionType_{ExtensionType: &ext.SimpleExtensionDeclaration_ExtensionType{
				ExtensionUrnReference: w.urn(setOwnTypes), TypeAnchor: a, Name: name}}})
	}
	return a
}

func unwritten(format string, args ...any) error {
	return sqlerr.New(sqlerr.FeatureNotSupported, "substrait plan: "+format, args...)
}

// emits gives a relation the columns at some ordinals of those it has, in order.
func emits(indices []int32) *pb.RelCommon {
	return &pb.RelCommon{EmitKind: &pb.RelCommon_Emit_{Emit: &pb.RelCommon_Emit{OutputMapping: indices}}}
}

func direct() *pb.RelCommon {
	return &pb.RelCommon{EmitKind: &pb.RelCommon_Direct_{Direct: &pb.RelCommon_Direct{}}}
}

// pick is a relation with certain columns of another, in order; one may stand twice.
func (w *writer) pick(in written, ids []expr.ColumnID) (written, error) {
	at := ordinals(in.cols)
	same := len(ids) == len(in.cols)
	indices := make([]int32, len(ids))
	cols := make([]logical.Column, len(ids))
	for i, id := range ids {
		k, ok := at[id]
		if !ok {
			return in, fmt.Errorf("column %d is not delivered", id)
		}
		indices[i], cols[i] = int32(k), in.cols[k]
		same = same && k == i
	}
	if same {
		return in, nil
	}
	// A project without new columns, since not every relation of every consumer emits.
	p := &pb.ProjectRel{Common: emits(nil), Input: in.rel}
	for _, k := range indices {
		p.Expressions = append(p.Expressions, fieldRef(int(k)))
	}
	for i := range indices {
		p.Common.GetEmit().OutputMapping = append(p.Common.GetEmit().OutputMapping, int32(len(in.cols)+i))
	}
	return written{&pb.Rel{RelType: &pb.Rel_Project{Project: p}}, cols}, nil
}

func ordinals(cols []logical.Column) map[expr.ColumnID]int {
	at := make(map[expr.ColumnID]int, len(cols))
	for i, c := range cols {
		if _, twice := at[c.ID]; !twice {
			at[c.ID] = i
		}
	}
	return at
}
