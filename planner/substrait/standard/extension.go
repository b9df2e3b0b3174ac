package standard

import (
	"path"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
)

// declared is a function, type or type variation that a plan declares.
type declared struct {
	// set is the extension it is of: the last part of the URN or URI, such as
	// "functions_arithmetic", or the whole URN when it is none of the standard's; empty
	// when the plan does not say.
	set  string
	name string // as the plan has it, with or without argument types
}

// extensions are the declarations of a plan by anchor; each kind counts its own.
type extensions struct {
	functions, types, variations map[uint32]declared
}

// urnStandard begins the URNs of the standard's own extensions.
const urnStandard = "extension:io.substrait:"

func readExtensions(p *pb.Plan, old removed) (extensions, error) {
	out := extensions{map[uint32]declared{}, map[uint32]declared{}, map[uint32]declared{}}
	urns := map[uint32]string{}
	for _, u := range p.GetExtensionUrns() {
		if _, twice := urns[u.GetExtensionUrnAnchor()]; twice {
			return out, invalid("URN anchor %d is declared twice", u.GetExtensionUrnAnchor())
		}
		urns[u.GetExtensionUrnAnchor()] = u.GetUrn()
	}
	for i, d := range p.GetExtensions() {
		e, anchor, urn, into := declared{}, uint32(0), uint32(0), out.functions
		switch {
		case d.GetExtensionFunction() != nil:
			f := d.GetExtensionFunction()
			e.name, anchor, urn = f.GetName(), f.GetFunctionAnchor(), f.GetExtensionUrnReference()
		case d.GetExtensionType() != nil:
			t := d.GetExtensionType()
			e.name, anchor, urn, into = t.GetName(), t.GetTypeAnchor(), t.GetExtensionUrnReference(), out.types
		case d.GetExtensionTypeVariation() != nil:
			v := d.GetExtensionTypeVariation()
			e.name, anchor, urn, into = v.GetName(), v.GetTypeVariationAnchor(), v.GetExtensionUrnReference(), out.variations
		default:
			return out, invalid("extension %d declares nothing", i)
		}
		if _, twice := into[anchor]; twice {
			return out, invalid("extension %q has anchor %d, which another one has", e.name, anchor)
		}
		var err error
		if e.set, err = extensionSet(e.name, urn, urns, i, old); err != nil {
			return out, err
		}
		into[anchor] = e
	}
	return out, nil
}

// nowhere is the reference of producers that have no URN.
const nowhere = ^uint32(0)

// extensionSet finds the extension of a declaration: by URN, by URI, or none. A plan
// that has no URNs and no URIs at all means the standard's functions.
func extensionSet(name string, urn uint32, urns map[uint32]string, i int, old removed) (string, error) {
	if u, ok := urns[urn]; ok && u != "" {
		return strings.TrimPrefix(u, urnStandard), nil
	}
	if ref, ok := old.references[i]; ok || len(old.uris) > 0 {
		if u, ok := old.uris[ref]; ok {
			return setOfURI(u), nil
		}
	}
	if urn == nowhere || urn == 0 {
		return "", nil
	}
	return "", invalid("extension %q refers to URN anchor %d, which is not declared", name, urn)
}

// setOfURI is the name of the YAML file that a URI points at.
func setOfURI(uri string) string {
	base := path.Base(uri)
	if known := strings.TrimSuffix(base, ".yaml"); known != base {
		return known
	}
	if base == "." || base == "/" {
		return ""
	}
	return uri
}
