package session

import (
	"strconv"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/planner/expr"
)

func (s *Statements) catalogNameRows(*flight.Session) []row {
	return []row{{"catalog_name": expr.Str(catalogName)}}
}

func (s *Statements) characterSetRows(*flight.Session) []row {
	return []row{{"character_set_name": expr.Str("UTF8"), "character_repertoire": expr.Str("UCS"), "form_of_use": expr.Str("UTF8"),
		"default_collate_catalog": expr.Str(catalogName), "default_collate_schema": expr.Str(pgCatalog), "default_collate_name": expr.Str("C")}}
}

func (s *Statements) schemataRows(session *flight.Session) (out []row) {
	for _, name := range s.schemas(session) {
		out = append(out, row{"catalog_name": expr.Str(catalogName), "schema_name": expr.Str(name), "schema_owner": expr.Str(catalogName)})
	}
	return out
}

func (s *Statements) tableRows(session *flight.Session) (out []row) {
	for _, r := range s.relations(session) {
		kind := "BASE TABLE"
		switch {
		case r.isView():
			kind = "VIEW"
		case r.temporary:
			kind = "LOCAL TEMPORARY"
		}
		out = append(out, row{"table_catalog": expr.Str(catalogName), "table_schema": expr.Str(r.schema), "table_name": expr.Str(r.name),
			"table_type": expr.Str(kind), "is_insertable_into": yesNo(r.writable), "is_typed": yesNo(false)})
	}
	return out
}

func (s *Statements) columnRows(session *flight.Session) (out []row) {
	for _, r := range s.relations(session) {
		for i, c := range r.columns {
			made := row{"table_catalog": expr.Str(catalogName), "table_schema": expr.Str(r.schema), "table_name": expr.Str(r.name),
				"column_name": expr.Str(c.Name), "ordinal_position": expr.Int(int64(i + 1)), "is_nullable": yesNo(c.Nullable),
				"data_type": expr.Str(standardName(c.Type)), "udt_catalog": expr.Str(catalogName), "udt_schema": expr.Str(pgCatalog),
				"udt_name": expr.Str(pgTypeOf(c.Type).name), "dtd_identifier": expr.Str(strconv.Itoa(i + 1)),
				"is_self_referencing": yesNo(false), "is_identity": yesNo(false), "identity_cycle": yesNo(false),
				"is_generated": expr.Str("NEVER"), "is_updatable": yesNo(false)}
			if i < len(r.presets) && r.presets[i].Default != "" {
				made["column_default"] = expr.Str(r.presets[i].Default)
			}
			measures(made, c.Type)
			out = append(out, made)
		}
	}
	return out
}

// measures sets a type's length, precision, radix and scale.
func measures(r row, t expr.Type) {
	bits := map[expr.Kind]int64{expr.Int2: 16, expr.Int4: 32, expr.Int8: 64, expr.Float4: 24, expr.Float8: 53}
	switch t.Kind {
	case expr.Int2, expr.Int4, expr.Int8:
		r["numeric_precision"], r["numeric_precision_radix"], r["numeric_scale"] = expr.Int(bits[t.Kind]), expr.Int(2), expr.Int(0)
	case expr.Float4, expr.Float8:
		r["numeric_precision"], r["numeric_precision_radix"] = expr.Int(bits[t.Kind]), expr.Int(2)
	case expr.Numeric:
		r["numeric_precision"], r["numeric_precision_radix"] = expr.Int(int64(t.Precision)), expr.Int(10)
		r["numeric_scale"] = expr.Int(int64(t.Scale))
	case expr.Text, expr.Char:
		r["character_octet_length"] = expr.Int(1 << 30)
		if t.Length > 0 {
			r["character_maximum_length"], r["character_octet_length"] = expr.Int(int64(t.Length)), expr.Int(4*int64(t.Length))
		}
	case expr.Date:
		r["datetime_precision"] = expr.Int(0)
	case expr.Time, expr.Timestamp, expr.TimestampTZ:
		r["datetime_precision"] = expr.Int(int64(t.Digits()))
	case expr.Interval:
		r["datetime_precision"] = expr.Int(6)
	}
}

// standardName is the type's name in the words of the SQL standard.
func standardName(t expr.Type) string {
	switch t.Kind {
	case expr.Numeric:
		return "numeric"
	case expr.Text:
		if t.Length > 0 {
			return "character varying"
		}
	case expr.Char:
		return "character"
	case expr.Time:
		return "time without time zone"
	case expr.Timestamp:
		return "timestamp without time zone"
	case expr.TimestampTZ:
		return "timestamp with time zone"
	case expr.List:
		return "ARRAY"
	case expr.Struct, expr.Map:
		return "USER-DEFINED"
	}
	return t.String()
}
