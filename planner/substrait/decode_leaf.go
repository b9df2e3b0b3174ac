package substrait

import (
	"math"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

func (d *decoder) read(r *pb.ReadRel) (output, error) {
	if err := d.plain(r.GetAdvancedExtension()); err != nil {
		return output{}, err
	}
	if r.GetProjection() != nil || r.GetBestEffortFilter() != nil {
		return output{}, d.errorf("projection and best_effort_filter are not supported")
	}
	fields, err := d.schema(r.GetBaseSchema())
	if err != nil {
		return output{}, err
	}
	switch t := r.GetReadType().(type) {
	case *pb.ReadRel_LocalFiles_:
		return d.scan(r, t.LocalFiles, fields)
	case *pb.ReadRel_VirtualTable_:
		return d.values(r, t.VirtualTable, fields)
	case nil:
		return output{}, d.errorf("the relation reads nothing")
	default:
		return output{}, d.errorf("a read of case %s is not supported", oneofName(t))
	}
}

func (d *decoder) scan(r *pb.ReadRel, f *pb.ReadRel_LocalFiles, fields []expr.Field) (output, error) {
	a, err := d.about(r.GetCommon(), true, nil)
	if err != nil {
		return output{}, err
	}
	n := &physical.Scan{Est: a.est(), Table: a.alias, Fields: fields, Columns: make([]string, len(fields))}
	if n.Emit, err = d.mapping(a.emit, len(fields)); err != nil {
		return output{}, err
	}
	if n.Files, err = d.files(f); err != nil {
		return output{}, err
	}
	for i, f := range fields {
		n.Columns[i] = f.Name
	}
	hint := new(detail.Scan)
	if _, err := d.optimization(a.advanced, hint); err != nil {
		return output{}, err
	}
	if names := hint.GetNames(); len(names) == len(fields) {
		for i := range fields {
			fields[i].Name = names[i]
		}
	}
	for _, f := range hint.GetRuntimeFilters() {
		if f.GetPosition() < 0 || f.GetPosition() >= int64(len(fields)) {
			return output{}, d.errorf("runtime filter %d is on column %d of %d", f.GetId(), f.GetPosition(), len(fields))
		}
		n.RuntimeFilters = append(n.RuntimeFilters, physical.RuntimeFilterUse{ID: int(f.GetId()), Column: int(f.GetPosition())})
	}
	if r.GetFilter() != nil {
		w, err := d.over(a, fields)
		if err != nil {
			return output{}, err
		}
		if n.Filter, err = w.conjunction(r.GetFilter()); err != nil {
			return output{}, err
		}
	}
	return d.above(n, n.Schema())
}

func (d *decoder) files(f *pb.ReadRel_LocalFiles) ([]physical.File, error) {
	versions := new(detail.Files)
	enhancement := f.GetAdvancedExtension().GetEnhancement()
	if enhancement == nil || !enhancement.MessageIs(versions) {
		return nil, d.errorf("the files have no versions")
	}
	if err := d.unpack(enhancement, versions); err != nil {
		return nil, err
	}
	if len(versions.GetFiles()) != len(f.GetItems()) {
		return nil, d.errorf("%d versions of %d files", len(versions.GetFiles()), len(f.GetItems()))
	}
	out := make([]physical.File, len(f.GetItems()))
	for i, item := range f.GetItems() {
		path, isFile := item.GetPathType().(*pb.ReadRel_LocalFiles_FileOrFiles_UriFile)
		if !isFile || item.GetParquet() == nil || item.GetStart() != 0 || item.GetPartitionIndex() != 0 || item.GetLength() > math.MaxInt64 {
			return nil, d.errorf("item %d is not one whole Parquet file", i)
		}
		out[i] = physical.File{Path: path.UriFile, SizeBytes: int64(item.GetLength()), ETag: versions.Files[i].GetEtag()}
		v := versions.Files[i]
		if v.GetModTime() != nil {
			if err := v.ModTime.CheckValid(); err != nil {
				return nil, d.errorf("file %s: %v", path.UriFile, err)
			}
			out[i].ModTime = v.ModTime.AsTime()
		}
		if v.GetRowGroups() == nil {
			continue
		}
		out[i].RowGroups = make([]int, len(v.RowGroups.GetOrdinals()))
		for j, g := range v.RowGroups.GetOrdinals() {
			if g > math.MaxInt32 {
				return nil, d.errorf("file %s has no row group %d", path.UriFile, g)
			}
			out[i].RowGroups[j] = int(g)
		}
	}
	return out, nil
}

func (d *decoder) values(r *pb.ReadRel, t *pb.ReadRel_VirtualTable, fields []expr.Field) (output, error) {
	a, err := d.about(r.GetCommon(), false, nil)
	if err != nil {
		return output{}, err
	}
	if r.GetFilter() != nil || len(t.GetValues()) > 0 { //nolint:staticcheck // old plans have values
		return output{}, d.errorf("a filter or the old values of a virtual table are not supported")
	}
	n := &physical.Values{Est: a.est(), Fields: fields}
	for i, row := range t.GetExpressions() {
		if len(row.GetFields()) != len(fields) {
			return output{}, d.errorf("row %d has %d values in %d columns", i, len(row.GetFields()), len(fields))
		}
		tuple := make([]expr.Value, len(fields))
		for j, x := range row.GetFields() {
			if x.GetLiteral() == nil {
				return output{}, d.errorf("row %d: value %d is no literal", i, j)
			}
			if tuple[j], err = d.value(x.GetLiteral(), fields[j].Type); err != nil {
				return output{}, err
			}
		}
		n.Tuples = append(n.Tuples, tuple)
	}
	return d.above(n, fields)
}

func (d *decoder) receive(l *pb.ExtensionLeafRel) (output, error) {
	m := new(detail.Receive)
	if !l.GetDetail().MessageIs(m) {
		return output{}, d.errorf("leaf %q is not known", l.GetDetail().GetTypeUrl())
	}
	if err := d.unpack(l.GetDetail(), m); err != nil {
		return output{}, err
	}
	a, err := d.about(l.GetCommon(), false, nil)
	if err != nil {
		return output{}, err
	}
	n := &physical.Receive{Est: a.est(), Edge: int(m.GetEdge())}
	known := false
	for kind, code := range receiveKinds {
		if code == m.GetKind() {
			n.Kind, known = kind, true
		}
	}
	if !known {
		return output{}, d.errorf("distribution %s is not known", m.GetKind())
	}
	if n.Fields, err = d.schema(m.GetSchema()); err != nil {
		return output{}, err
	}
	r, err := d.over(a, n.Fields)
	if err != nil {
		return output{}, err
	}
	if n.Sorted, err = r.sorts(m.GetSorted()); err != nil {
		return output{}, err
	}
	return d.above(n, n.Fields)
}

// bucket is what rows of one target each go by: bucket 0 for all, or a range's number.
func (r *reader) bucket(n *physical.Exchange, e *pb.Expression) error {
	if e.GetLiteral() != nil {
		bucket, ok := e.GetLiteral().GetLiteralType().(*pb.Expression_Literal_I32)
		if !ok || bucket.I32 != 0 {
			return r.errorf("a single target is not bucket 0")
		}
		n.Kind = physical.Gather
		return nil
	}
	key, err := r.expr(e)
	if err != nil {
		return err
	}
	if key.Type().Kind != expr.Int4 {
		return r.errorf("the bucket of a single target is a %s", key.Type())
	}
	n.Kind, n.Keys = physical.RangeSplit, []expr.Expr{key}
	return nil
}

func (d *decoder) exchange(x *pb.ExchangeRel) (output, error) {
	own := new(detail.Exchange)
	r, err := d.single(x.GetCommon(), x.GetAdvancedExtension(), x.GetInput(), own)
	if err != nil {
		return output{}, err
	}
	if x.GetPartitionCount() != 0 || len(x.GetTargets()) > 0 {
		return output{}, d.errorf("targets of an exchange are not said in a plan")
	}
	n := &physical.Exchange{Input: r.in.node}
	switch k := x.GetExchangeKind().(type) {
	case *pb.ExchangeRel_SingleTarget:
		if err := r.bucket(n, k.SingleTarget.GetExpression()); err != nil {
			return output{}, err
		}
	case *pb.ExchangeRel_ScatterByFields:
		n.Kind = physical.HashSplit
		if n.Keys, err = r.keys(k.ScatterByFields.GetFields(), own.GetComputedKeys()); err != nil {
			return output{}, err
		}
	case *pb.ExchangeRel_Broadcast_:
		n.Kind = physical.Broadcast
	case *pb.ExchangeRel_RoundRobin_:
		n.Kind = physical.RoundRobin
	default:
		return output{}, d.errorf("an exchange of case %s is not supported", oneofName(k))
	}
	if x.GetRoundRobin().GetExact() {
		return output{}, d.errorf("an exact round robin is not supported")
	}
	if n.Sorted, err = r.sorts(own.GetSorted()); err != nil {
		return output{}, err
	}
	return d.above(n, r.in.fields, r.in)
}
