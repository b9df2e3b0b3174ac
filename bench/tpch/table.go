package tpch

import "fmt"

// Table names one of the eight tables; its value is the SQL name.
type Table string

const (
	RegionTable   Table = "region"
	NationTable   Table = "nation"
	SupplierTable Table = "supplier"
	CustomerTable Table = "customer"
	PartTable     Table = "part"
	PartSuppTable Table = "partsupp"
	OrdersTable   Table = "orders"
	LineItemTable Table = "lineitem"
)

// Rows at scale factor 1 of what each table is generated from.
const (
	supplierBase = 10_000
	customerBase = 150_000
	partBase     = 200_000
	orderBase    = 1_500_000
	clerkBase    = 1_000
)

const (
	suppliersPerPart  = 4
	maxLinesPerOrder  = 7
	meanLinesPerOrder = 4
)

// Tables returns all eight, smallest first.
func Tables() []Table {
	return []Table{
		RegionTable, NationTable, SupplierTable, CustomerTable,
		PartTable, PartSuppTable, OrdersTable, LineItemTable,
	}
}

// ParseTable checks a name that came from a user.
func ParseTable(name string) (Table, error) {
	for _, t := range Tables() {
		if string(t) == name {
			return t, nil
		}
	}
	return "", fmt.Errorf("tpch: no table %q: the tables are %v", name, Tables())
}

// units is what a table is split by: orders for lineitem and parts for
// partsupp, whose rows come in groups that share their draws, and rows for the
// others.
func (t Table) units(sf ScaleFactor) int64 {
	switch t {
	case RegionTable:
		return int64(len(regionNames))
	case NationTable:
		return int64(len(nationList))
	case SupplierTable:
		return sf.rows(supplierBase)
	case CustomerTable:
		return sf.rows(customerBase)
	case PartTable, PartSuppTable:
		return sf.rows(partBase)
	default:
		return sf.rows(orderBase)
	}
}

// EstimateRows is the number of rows of t: exact for all tables but lineitem,
// where it is four rows an order, right to within a percent from SF 0.01 on.
func EstimateRows(t Table, sf ScaleFactor) int64 {
	switch t {
	case PartSuppTable:
		return t.units(sf) * suppliersPerPart
	case LineItemTable:
		return t.units(sf) * meanLinesPerOrder
	default:
		return t.units(sf)
	}
}
