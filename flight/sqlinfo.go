package flight

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
)

// Clients cast the values of GetSqlInfo to a fixed Go, Java or C++ type for each
// code, ODBC without looking. The types here are those they cast to, which for
// 503, 505, 507 and 562 is int64 although the specification's comments say int32.
// Bitmasks have a bit for each ordinal of the specification's enums.

// bits is a bitmask with a bit for each ordinal.
func bits(ordinals ...int32) int32 {
	var mask int32
	for _, o := range ordinals {
		mask |= 1 << o
	}
	return mask
}

// registerInfo notes the value of every code the specification knows and of no
// other: JDBC fails on an unknown one.
func (h *sqlServer) registerInfo(c Config) {
	info := serverInfo(c)
	maps.Copy(info, syntaxInfo(c.About))
	maps.Copy(info, supportInfo())
	maps.Copy(info, limitInfo())
	for code, value := range info {
		if err := h.RegisterSqlInfo(code, value); err != nil {
			panic(err) // a type outside the union: a mistake in this file
		}
	}
	h.codes = slices.Sorted(maps.Keys(info))
}

func serverInfo(c Config) map[flightsql.SqlInfo]any {
	return map[flightsql.SqlInfo]any{
		flightsql.SqlInfoFlightSqlServerName:                        "Skein",
		flightsql.SqlInfoFlightSqlServerVersion:                     c.About.Version,
		flightsql.SqlInfoFlightSqlServerArrowVersion:                arrow.PkgVersion,
		flightsql.SqlInfoFlightSqlServerReadOnly:                    false,
		flightsql.SqlInfoFlightSqlServerSql:                         true,
		flightsql.SqlInfoFlightSqlServerSubstrait:                   true,
		flightsql.SqlInfoFlightSqlServerSubstraitMinVersion:         minSubstrait,
		flightsql.SqlInfoFlightSqlServerSubstraitMaxVersion:         maxSubstrait,
		flightsql.SqlInfoFlightSqlServerTransaction:                 int32(flightsql.SqlTransactionNone),
		flightsql.SqlInfoFlightSqlServerCancel:                      true,
		flightsql.SqlInfoFlightSqlServerBulkIngestion:               c.Ingest != nil,
		flightsql.SqlInfoFlightSqlServerIngestTransactionsSupported: false,
		flightsql.SqlInfoFlightSqlServerStatementTimeout:            int32(min(c.PreparedTTL/time.Millisecond, math.MaxInt32)),
		flightsql.SqlInfoFlightSqlServerTransactionTimeout:          int32(0),
	}
}

func syntaxInfo(a About) map[flightsql.SqlInfo]any {
	list := func(words []string) []string { return append([]string{}, words...) }
	return map[flightsql.SqlInfo]any{
		flightsql.SqlInfoDDLCatalog:              false,
		flightsql.SqlInfoDDLSchema:               true,
		flightsql.SqlInfoDDLTable:                true,
		flightsql.SqlInfoIdentifierCase:          int64(flightsql.SqlCaseSensitivityLowerCase),
		flightsql.SqlInfoIdentifierQuoteChar:     `"`,
		flightsql.SqlInfoQuotedIdentifierCase:    int64(flightsql.SqlCaseSensitivityUnknown), // JDBC: supports mixed case
		flightsql.SqlInfoAllTablesAreASelectable: true,
		flightsql.SqlInfoNullOrdering:            int64(flightsql.SqlNullOrderingSortHigh),
		flightsql.SqlInfoKeywords:                list(a.Keywords),
		flightsql.SqlInfoNumericFunctions:        list(a.NumericFunctions),
		flightsql.SqlInfoStringFunctions:         list(a.StringFunctions),
		flightsql.SqlInfoSystemFunctions:         list(a.SystemFunctions),
		flightsql.SqlInfoDateTimeFunctions:       list(a.DateTimeFunctions),
		flightsql.SqlInfoSearchStringEscape:      `\`,
		flightsql.SqlInfoExtraNameChars:          "$",
		flightsql.SqlInfoSupportsColumnAliasing:  true,
		flightsql.SqlInfoNullPlusNullIsNull:      true,
		flightsql.SqlInfoSupportsConvert:         conversions(),
		flightsql.SqlInfoSchemaTerm:              "schema",
		flightsql.SqlInfoProcedureTerm:           "procedure",
		flightsql.SqlInfoCatalogTerm:             "catalog",
		flightsql.SqlInfoCatalogAtStart:          true,
	}
}

// conversions are the casts between the types that JDBC asks for: among numbers,
// from dates to timestamps and back, and everything to and from text.
func conversions() map[int32][]int32 {
	numbers := []int32{int32(flightsql.SqlConvertBigInt), int32(flightsql.SqlConvertDecimal), int32(flightsql.SqlConvertFloat),
		int32(flightsql.SqlConvertInteger), int32(flightsql.SqlConvertNumeric), int32(flightsql.SqlConvertReal),
		int32(flightsql.SqlConvertSmallInt)}
	times := []int32{int32(flightsql.SqlConvertDate), int32(flightsql.SqlConvertTime), int32(flightsql.SqlConvertTimestamp)}
	texts := []int32{int32(flightsql.SqlConvertChar), int32(flightsql.SqlConvertVarchar)}
	to := map[int32][]int32{}
	for _, n := range numbers {
		to[n] = slices.Concat(numbers, texts)
	}
	for _, t := range texts {
		to[t] = slices.Concat(numbers, times, texts)
	}
	to[int32(flightsql.SqlConvertDate)] = append([]int32{int32(flightsql.SqlConvertDate), int32(flightsql.SqlConvertTimestamp)}, texts...)
	to[int32(flightsql.SqlConvertTime)] = append([]int32{int32(flightsql.SqlConvertTime)}, texts...)
	to[int32(flightsql.SqlConvertTimestamp)] = slices.Concat(times, texts)
	return to
}

func supportInfo() map[flightsql.SqlInfo]any {
	return map[flightsql.SqlInfo]any{
		flightsql.SqlInfoSupportsTableCorrelationNames:                       true,
		flightsql.SqlInfoSupportsDifferentTableCorrelationNames:              false,
		flightsql.SqlInfoSupportsExpressionsInOrderBy:                        true,
		flightsql.SqlInfoSupportsOrderByUnrelated:                            true,
		flightsql.SqlInfoSupportedGroupBy:                                    bits(0, 1), // unrelated, beyond select
		flightsql.SqlInfoSupportsLikeEscapeClause:                            true,
		flightsql.SqlInfoSupportsNonNullableColumns:                          true,
		flightsql.SqlInfoSupportedGrammar:                                    bits(0, 1), // minimum, core
		flightsql.SqlInfoANSI92SupportedLevel:                                bits(0),    // entry
		flightsql.SqlInfoSupportsIntegrityEnhancementFacility:                false,
		flightsql.SqlInfoOuterJoinsSupportLevel:                              bits(1, 2), // limited, full
		flightsql.SqlInfoSchemasSupportedActions:                             bits(),
		flightsql.SqlInfoCatalogsSupportedActions:                            bits(),
		flightsql.SqlInfoSupportedPositionedCommands:                         bits(),
		flightsql.SqlInfoSelectForUpdateSupported:                            false,
		flightsql.SqlInfoStoredProceduresSupported:                           false,
		flightsql.SqlInfoSupportedSubqueries:                                 bits(0, 1, 2, 3), // comparisons, EXISTS, IN, quantified
		flightsql.SqlInfoCorrelatedSubqueriesSupported:                       true,
		flightsql.SqlInfoSupportedUnions:                                     bits(0, 1), // UNION, UNION ALL
		flightsql.SqlInfoDefaultTransactionIsolation:                         int64(0),   // none
		flightsql.SqlInfoTransactionsSupported:                               false,
		flightsql.SqlInfoSupportedTransactionsIsolationlevels:                bits(0), // none
		flightsql.SqlInfoDataDefinitionCausesTransactionCommit:               false,
		flightsql.SqlInfoDataDefinitionsInTransactionsIgnored:                false,
		flightsql.SqlInfoSupportedResultSetTypes:                             bits(1), // forward only
		flightsql.SqlInfoSupportedConcurrenciesForResultSetUnspecified:       bits(),
		flightsql.SqlInfoSupportedConcurrenciesForResultSetForwardOnly:       bits(1), // read only
		flightsql.SqlInfoSupportedConcurrenciesForResultSetScrollSensitive:   bits(),
		flightsql.SqlInfoSupportedConcurrenciesForResultSetScrollInsensitive: bits(),
		flightsql.SqlInfoBatchUpdatesSupported:                               true,
		flightsql.SqlInfoSavePointsSupported:                                 false,
		flightsql.SqlInfoNamedParametersSupported:                            false,
		flightsql.SqlInfoLocatorsUpdateCopy:                                  false,
		flightsql.SqlInfoStoredFunctionsUsingCallSyntaxSupported:             false,
	}
}

// limitInfo has the maxima; 0 says that there is none or that it is not known.
func limitInfo() map[flightsql.SqlInfo]any {
	const statementBytes = 16 << 20 // what planner/sql takes
	none := int64(0)
	return map[flightsql.SqlInfo]any{
		flightsql.SqlInfoMaxBinaryLiteralLen:     none,
		flightsql.SqlInfoMaxCharLiteralLen:       none,
		flightsql.SqlInfoMaxColumnNameLen:        int64(63),
		flightsql.SqlInfoMaxColumnsInGroupBy:     none,
		flightsql.SqlInfoMaxColumnsInIndex:       none,
		flightsql.SqlInfoMaxColumnsInOrderBy:     none,
		flightsql.SqlInfoMaxColumnsInSelect:      none,
		flightsql.SqlInfoMaxColumnsInTable:       none,
		flightsql.SqlInfoMaxConnections:          none,
		flightsql.SqlInfoMaxCursorNameLen:        none,
		flightsql.SqlInfoMaxIndexLen:             none,
		flightsql.SqlInfoDBSchemaNameLen:         int64(63),
		flightsql.SqlInfoMaxProcedureNameLen:     none,
		flightsql.SqlInfoMaxCatalogNameLen:       int64(63),
		flightsql.SqlInfoMaxRowSize:              none,
		flightsql.SqlInfoMaxRowSizeIncludesBlobs: false,
		flightsql.SqlInfoMaxStatementLen:         int64(statementBytes),
		flightsql.SqlInfoMaxStatements:           none,
		flightsql.SqlInfoMaxTableNameLen:         int64(63),
		flightsql.SqlInfoMaxTablesInSelect:       none,
		flightsql.SqlInfoMaxUsernameLen:          none,
	}
}

// askedInfo is a request for known codes.
type askedInfo []uint32

func (a askedInfo) GetInfo() []uint32 { return a }

// GetFlightInfoSqlInfo describes the list of facts about the server.
func (h *sqlServer) GetFlightInfoSqlInfo(_ context.Context, _ flightsql.GetSqlInfo, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.SqlInfo)
}

// DoGetSqlInfo gives the facts asked for, all when none is named, in the order of
// their codes when all. Codes nobody knows are left out, where the base type
// fails the whole call.
func (h *sqlServer) DoGetSqlInfo(ctx context.Context, r flightsql.GetSqlInfo) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	var known askedInfo
	for _, code := range r.GetInfo() {
		if _, ok := slices.BinarySearch(h.codes, flightsql.SqlInfo(code)); ok {
			known = append(known, code)
		}
	}
	if len(r.GetInfo()) == 0 {
		for _, code := range h.codes {
			known = append(known, uint32(code))
		}
	}
	if len(known) == 0 {
		return one(h.builder(schema_ref.SqlInfo))
	}
	return h.BaseServer.DoGetSqlInfo(ctx, known)
}
