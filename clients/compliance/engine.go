package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	compliance "github.com/IBM/substrait-compliance/sdk/go"
	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// engine is Skein to the SDK. The tables are there before the tests run.
type engine struct{ conn adbc.Connection }

var _ compliance.ComplianceEngine = (*engine)(nil)

func (e *engine) GetInfo() compliance.EngineInfo {
	return compliance.EngineInfo{Name: "Skein", Vendor: "Skein", Description: "SQL and Substrait over Arrow Flight"}
}

func (e *engine) GetCapabilities() compliance.EngineCapabilities {
	return compliance.EngineCapabilities{SupportedRelations: []string{"Read", "Filter", "Project", "Aggregate", "Sort", "Fetch", "Join", "Cross", "Set", "Expand", "Write", "Ddl"}}
}

func (e *engine) Initialize(context.Context) error { return nil }
func (e *engine) Shutdown(context.Context) error   { return nil }
func (e *engine) CanRunTest(string) bool           { return true }

// ValidatePlan describes a plan without running it.
func (e *engine) ValidatePlan(ctx context.Context, plan []byte) (*compliance.ComplianceResult, error) {
	st, err := e.statement(plan)
	if err == nil {
		defer st.Close()
		err = st.Prepare(ctx)
	}
	if err != nil {
		return compliance.NewComplianceResult("", compliance.TestStatusUnsupported).WithError(err.Error()), nil
	}
	return compliance.NewComplianceResult("", compliance.TestStatusPassed), nil
}

func (e *engine) statement(plan []byte) (adbc.Statement, error) {
	st, err := e.conn.NewStatement()
	if err == nil {
		err = st.SetSubstraitPlan(plan)
	}
	return st, err
}

// ExecutePlan runs a plan.
func (e *engine) ExecutePlan(ctx context.Context, plan []byte, _ map[string]*compliance.TableData) (*compliance.ComplianceResult, error) {
	st, err := e.statement(plan)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	rows, _, err := st.ExecuteQuery(ctx)
	if err != nil {
		return compliance.NewComplianceResult("", compliance.TestStatusFailed).WithError(err.Error()), nil
	}
	defer rows.Release()
	var columns []compliance.ColumnMetadata
	for _, f := range rows.Schema().Fields() {
		columns = append(columns, compliance.ColumnMetadata{Name: strings.ToLower(f.Name), Type: typeName(f.Type), Nullable: f.Nullable})
	}
	out := compliance.NewTableData(columns)
	for rows.Next() {
		b := rows.RecordBatch()
		for i := range int(b.NumRows()) {
			row := make(compliance.Row, b.NumCols())
			for j, c := range b.Columns() {
				row[j] = valueOf(c, i)
			}
			out.AddRow(row)
		}
	}
	if err := rows.Err(); err != nil {
		return compliance.NewComplianceResult("", compliance.TestStatusFailed).WithError(err.Error()), nil
	}
	return compliance.NewComplianceResult("", compliance.TestStatusPassed).WithOutput(out), nil
}

func typeName(t arrow.DataType) string {
	switch {
	case arrow.IsInteger(t.ID()):
		return "integer"
	case arrow.IsFloating(t.ID()), arrow.IsDecimal(t.ID()):
		return "double"
	}
	return "string"
}

func valueOf(c arrow.Array, i int) compliance.CellValue {
	if c.IsNull(i) {
		return nil
	}
	switch c := c.(type) {
	case *array.Int16:
		return int64(c.Value(i))
	case *array.Int32:
		return int64(c.Value(i))
	case *array.Int64:
		return c.Value(i)
	case *array.Float32:
		return float64(c.Value(i))
	case *array.Float64:
		return c.Value(i)
	case *array.Decimal128:
		return c.Value(i).ToFloat64(c.DataType().(*arrow.Decimal128Type).Scale)
	}
	return c.ValueStr(i)
}

// difference is the first one of two results.
func difference(want, got *compliance.TableData) string {
	if len(want.Columns) != len(got.Columns) || len(want.Rows) != len(got.Rows) {
		return fmt.Sprintf("%d rows of %d columns, want %d of %d", len(got.Rows), len(got.Columns), len(want.Rows), len(want.Columns))
	}
	for i, c := range want.Columns {
		if c.Name != got.Columns[i].Name || c.Type != got.Columns[i].Type {
			return fmt.Sprintf("column %s %s, want %s %s", got.Columns[i].Name, got.Columns[i].Type, c.Name, c.Type)
		}
	}
	for i, row := range want.Rows {
		for j, w := range row {
			g := got.Rows[i][j]
			gf, isFloat := g.(float64)
			if wf, ok := w.(float64); ok && isFloat {
				if d := math.Abs(gf - wf); d >= 1e-9 {
					near := ""
					if d <= 1e-12*math.Abs(wf) {
						near = ", which a sum of doubles misses"
					}
					return fmt.Sprintf("row %d, %s: %v, want %v%s", i, want.Columns[j].Name, g, w, near)
				}
			} else if fmt.Sprint(g) != fmt.Sprint(w) {
				return fmt.Sprintf("row %d, %s: %v, want %v", i, want.Columns[j].Name, g, w)
			}
		}
	}
	return "nothing differs"
}
