package substrait

import (
	"math"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// scan is a ReadRel of files: base_schema is the columns that are read, under
// their names in the file, emit those given out.
func (e *encoder) scan(n *physical.Scan) (*pb.Rel, []expr.Field) {
	if len(n.Columns) != len(n.Fields) {
		e.errorf("scan %s: %d columns of %d fields", n.Table, len(n.Columns), len(n.Fields))
		return nil, nil
	}
	if !e.ordinals(n.Emit, len(n.Fields), "scan "+n.Table) {
		return nil, nil
	}
	w := e.over(n.Fields)
	read := &pb.ReadRel{BaseSchema: e.schema(n.Fields, n.Columns)}
	if len(n.Filter) > 0 {
		read.Filter = w.conjunction(n.Filter)
	}
	read.ReadType = &pb.ReadRel_LocalFiles_{LocalFiles: e.files(n.Files)}
	read.Common = e.common(common{rows: n.RowCount, alias: n.Table, emit: emitted(n.Emit),
		optimization: e.scanNote(n), notes: w.notes.done()})
	return &pb.Rel{RelType: &pb.Rel_Read{Read: read}}, n.Schema()
}

// emitted is an output mapping that is there even when it is empty.
func emitted(emit []int) []int {
	if emit == nil {
		return []int{}
	}
	return emit
}

// ordinals checks an output mapping.
func (e *encoder) ordinals(emit []int, columns int, where string) bool {
	for _, c := range emit {
		if c < 0 || c >= columns {
			e.errorf("%s gives out column %d of %d", where, c, columns)
			return false
		}
	}
	return true
}

func (e *encoder) scanNote(n *physical.Scan) proto.Message {
	s := &detail.Scan{}
	renamed := false
	for i, f := range n.Fields {
		s.Names = append(s.Names, f.Name)
		renamed = renamed || f.Name != n.Columns[i]
	}
	if !renamed {
		s.Names = nil
	}
	for _, f := range n.RuntimeFilters {
		s.RuntimeFilters = append(s.RuntimeFilters, runtimeFilter(f.ID, f.Column))
		if f.Column < 0 || f.Column >= len(n.Fields) {
			e.errorf("runtime filter %d is on column %d of %d", f.ID, f.Column, len(n.Fields))
		}
	}
	if s.Names == nil && s.RuntimeFilters == nil {
		return nil
	}
	return s
}

func (e *encoder) files(files []physical.File) *pb.ReadRel_LocalFiles {
	out := &pb.ReadRel_LocalFiles{}
	versions := &detail.Files{}
	for _, f := range files {
		if f.SizeBytes < 0 {
			e.errorf("file %s has %d bytes", f.Path, f.SizeBytes)
		}
		out.Items = append(out.Items, &pb.ReadRel_LocalFiles_FileOrFiles{
			PathType: &pb.ReadRel_LocalFiles_FileOrFiles_UriFile{UriFile: f.Path},
			Length:   uint64(f.SizeBytes),
			FileFormat: &pb.ReadRel_LocalFiles_FileOrFiles_Parquet{
				Parquet: &pb.ReadRel_LocalFiles_FileOrFiles_ParquetReadOptions{}},
		})
		version := &detail.Files_File{Etag: f.ETag}
		if !f.ModTime.IsZero() {
			version.ModTime = timestamppb.New(f.ModTime)
		}
		if f.RowGroups != nil {
			version.RowGroups = &detail.Files_RowGroups{}
			for _, g := range f.RowGroups {
				if g < 0 || g > math.MaxInt32 {
					e.errorf("file %s has no row group %d", f.Path, g)
				}
				version.RowGroups.Ordinals = append(version.RowGroups.Ordinals, uint32(g))
			}
		}
		versions.Files = append(versions.Files, version)
	}
	out.AdvancedExtension = &extensions.AdvancedExtension{Enhancement: e.any(versions)}
	return out
}

// values is a ReadRel of a virtual table.
func (e *encoder) values(n *physical.Values) (*pb.Rel, []expr.Field) {
	table := &pb.ReadRel_VirtualTable{}
	for _, tuple := range n.Tuples {
		if len(tuple) != len(n.Fields) {
			e.errorf("a row of %d values in %d columns", len(tuple), len(n.Fields))
			return nil, nil
		}
		row := &pb.Expression_Nested_Struct{Fields: make([]*pb.Expression, len(tuple))}
		for i, v := range tuple {
			row.Fields[i] = &pb.Expression{RexType: &pb.Expression_Literal_{Literal: e.literal(v, n.Fields[i].Type)}}
		}
		table.Expressions = append(table.Expressions, row)
	}
	read := &pb.ReadRel{
		Common:     e.common(common{rows: n.RowCount}),
		BaseSchema: e.schema(n.Fields, nil),
		ReadType:   &pb.ReadRel_VirtualTable_{VirtualTable: table},
	}
	return &pb.Rel{RelType: &pb.Rel_Read{Read: read}}, n.Fields
}

// receiveKinds are the distributions in the order of physical.Distribution.
var receiveKinds = map[physical.Distribution]detail.Receive_Kind{
	physical.Gather:     detail.Receive_KIND_GATHER,
	physical.HashSplit:  detail.Receive_KIND_HASH,
	physical.Broadcast:  detail.Receive_KIND_BROADCAST,
	physical.RoundRobin: detail.Receive_KIND_ROUND_ROBIN,
	physical.RangeSplit: detail.Receive_KIND_RANGE,
}

// receive is a leaf of our own: Substrait has only the sending half.
func (e *encoder) receive(n *physical.Receive) (*pb.Rel, []expr.Field) {
	kind, ok := receiveKinds[n.Kind]
	if !ok {
		e.errorf("distribution %d is not known", n.Kind)
	}
	w := e.over(n.Fields)
	leaf := &pb.ExtensionLeafRel{Detail: e.any(&detail.Receive{
		Edge: int64(n.Edge), Kind: kind, Schema: e.schema(n.Fields, nil), Sorted: w.sorts(n.Sorted)})}
	leaf.Common = e.common(common{rows: n.RowCount, notes: w.notes.done()})
	return &pb.Rel{RelType: &pb.Rel_ExtensionLeaf{ExtensionLeaf: leaf}}, n.Fields
}
