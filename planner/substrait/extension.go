package substrait

import (
	"github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
)

// The URNs of functions and types. Those of the standard are as in its YAML files
// at v0.87.0.
const (
	urnAggregate  = "extension:io.substrait:functions_aggregate_generic"
	urnArithmetic = "extension:io.substrait:functions_arithmetic"
	urnBoolean    = "extension:io.substrait:functions_boolean"
	urnComparison = "extension:io.substrait:functions_comparison"
	urnDecimal    = "extension:io.substrait:functions_arithmetic_decimal"
	urnString     = "extension:io.substrait:functions_string"

	// urnOwn holds PostgreSQL's functions and operators, under the canonical names
	// of package expr.
	urnOwn = "extension:io.github.skein-query:functions"
	// urnForm holds what an expression may be and Substrait has no message for:
	//
	//	case     conditions and results in turn, perhaps an else; of output_type
	//	column   a column that is not of the relation's input, by its ordinal
	//	literal  a literal that does not say its own type; of output_type
	urnForm = "extension:io.github.skein-query:forms"
	// urnType holds the types unknown (a bare NULL's) and bpchar (char without a
	// length), and variations that name the fields of a struct, as a JSON array.
	urnType = "extension:io.github.skein-query:types"
)

const (
	formCase    = "case"
	formColumn  = "column"
	formLiteral = "literal"

	typeUnknown = "unknown"
	typeBpchar  = "bpchar"
)

// entityKind is what an extension declaration declares.
type entityKind uint8

const (
	functionEntity entityKind = iota
	typeEntity
	variationEntity
)

// entity is a function, a type or a type variation of an extension.
type entity struct {
	kind      entityKind
	urn, name string
}

// registry gives anchors to URNs and entities, from 1, in the order of first use.
type registry struct {
	urns     map[string]uint32
	entities map[entity]uint32
	plan     *substraitpb.Plan // gets the declarations
}

func newRegistry(p *substraitpb.Plan) registry {
	return registry{urns: map[string]uint32{}, entities: map[entity]uint32{}, plan: p}
}

func (r *registry) urn(urn string) uint32 {
	anchor, ok := r.urns[urn]
	if !ok {
		anchor = uint32(len(r.urns) + 1)
		r.urns[urn] = anchor
		r.plan.ExtensionUrns = append(r.plan.ExtensionUrns,
			&extensions.SimpleExtensionURN{ExtensionUrnAnchor: anchor, Urn: urn})
	}
	return anchor
}

func (r *registry) anchor(e entity) uint32 {
	anchor, ok := r.entities[e]
	if ok {
		return anchor
	}
	urn := r.urn(e.urn)
	anchor = uint32(len(r.entities) + 1)
	r.entities[e] = anchor
	d := new(extensions.SimpleExtensionDeclaration)
	switch e.kind {
	case functionEntity:
		d.MappingType = &extensions.SimpleExtensionDeclaration_ExtensionFunction_{
			ExtensionFunction: &extensions.SimpleExtensionDeclaration_ExtensionFunction{
				ExtensionUrnReference: urn, FunctionAnchor: anchor, Name: e.name}}
	case typeEntity:
		d.MappingType = &extensions.SimpleExtensionDeclaration_ExtensionType_{
			ExtensionType: &extensions.SimpleExtensionDeclaration_ExtensionType{
				ExtensionUrnReference: urn, TypeAnchor: anchor, Name: e.name}}
	case variationEntity:
		d.MappingType = &extensions.SimpleExtensionDeclaration_ExtensionTypeVariation_{
			ExtensionTypeVariation: &extensions.SimpleExtensionDeclaration_ExtensionTypeVariation{
				ExtensionUrnReference: urn, TypeVariationAnchor: anchor, Name: e.name}}
	}
	r.plan.Extensions = append(r.plan.Extensions, d)
	return anchor
}

// declared is what the anchors of a plan stand for; each kind counts its own.
type declared map[anchorOf]entity

type anchorOf struct {
	kind   entityKind
	anchor uint32
}

// declarations reads the declarations of a plan.
func (d *decoder) declarations(p *substraitpb.Plan) error {
	urns := make(map[uint32]string, len(p.ExtensionUrns))
	for _, u := range p.ExtensionUrns {
		if _, twice := urns[u.GetExtensionUrnAnchor()]; twice {
			return d.errorf("URN anchor %d is declared twice", u.GetExtensionUrnAnchor())
		}
		urns[u.GetExtensionUrnAnchor()] = u.GetUrn()
	}
	for _, decl := range p.Extensions {
		e, anchor, urnAnchor := declaration(decl)
		var known bool
		if e.urn, known = urns[urnAnchor]; !known {
			return d.errorf("extension %q refers to URN anchor %d, which is not declared", e.name, urnAnchor)
		}
		key := anchorOf{e.kind, anchor}
		if _, twice := d.declared[key]; twice {
			return d.errorf("extension %q has anchor %d, which another one has", e.name, anchor)
		}
		d.declared[key] = e
	}
	return nil
}

func declaration(decl *extensions.SimpleExtensionDeclaration) (e entity, anchor, urn uint32) {
	switch {
	case decl.GetExtensionType() != nil:
		t := decl.GetExtensionType()
		return entity{kind: typeEntity, name: t.GetName()}, t.GetTypeAnchor(), t.GetExtensionUrnReference()
	case decl.GetExtensionTypeVariation() != nil:
		t := decl.GetExtensionTypeVariation()
		return entity{kind: variationEntity, name: t.GetName()}, t.GetTypeVariationAnchor(), t.GetExtensionUrnReference()
	}
	f := decl.GetExtensionFunction()
	return entity{kind: functionEntity, name: f.GetName()}, f.GetFunctionAnchor(), f.GetExtensionUrnReference()
}
