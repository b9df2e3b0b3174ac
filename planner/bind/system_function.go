package bind

import (
	"slices"
	"strconv"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// systemFunctions are functions that are written in SQL, by name and number of
// arguments: those of PostgreSQL's catalogs, for the statements of tools, and those that
// other engines' tools write instead of PostgreSQL's own. Aliases in them begin with an
// underscore, so that no argument means one.
var systemFunctions = map[string]string{
	"format_type/2": `case $1 when 16 then 'boolean' when 17 then 'bytea' when 18 then '"char"' when 19 then 'name' when 20 then 'bigint'
		when 21 then 'smallint' when 23 then 'integer' when 25 then 'text' when 26 then 'oid' when 700 then 'real' when 701 then 'double precision'
		when 1042 then 'character' || case when $2 > 4 then '(' || ($2 - 4) || ')' else '' end
		when 1043 then 'character varying' || case when $2 > 4 then '(' || ($2 - 4) || ')' else '' end
		when 1082 then 'date' when 1083 then 'time' || case when $2 >= 0 then '(' || $2 || ')' else '' end || ' without time zone'
		when 1114 then 'timestamp' || case when $2 >= 0 then '(' || $2 || ')' else '' end || ' without time zone'
		when 1184 then 'timestamp' || case when $2 >= 0 then '(' || $2 || ')' else '' end || ' with time zone' when 1186 then 'interval' when 2249 then 'record'
		when 1700 then 'numeric' || case when $2 > 4 then '(' || (($2 - 4) / 65536) || ',' || (($2 - 4) % 65536) || ')' else '' end
		when 1000 then 'boolean[]' when 1001 then 'bytea[]' when 1005 then 'smallint[]' when 1007 then 'integer[]' when 1009 then 'text[]'
		when 1014 then 'character[]' when 1015 then 'character varying[]' when 1016 then 'bigint[]' when 1021 then 'real[]'
		when 1022 then 'double precision[]' when 1115 then 'timestamp without time zone[]' when 1182 then 'date[]'
		when 1183 then 'time without time zone[]' when 1185 then 'timestamp with time zone[]' when 1187 then 'interval[]'
		when 1231 then 'numeric[]' when 0 then '-' else case when $1 is null then null else '???' end end`,
	"pg_table_is_visible/1": `($1 in (select _c.oid from pg_catalog.pg_class _c join pg_catalog.pg_namespace _n on _n.oid = _c.relnamespace
		where _n.nspname = 'pg_catalog' or _n.nspname = current_schema()))`,
	"pg_type_is_visible/1":     "($1 is not null)",
	"pg_function_is_visible/1": "($1 is not null)",
	"pg_get_userbyid/1":        "coalesce(" + roleOfOID + ", 'unknown (OID=' || $1 || ')')",
	"pg_encoding_to_char/1":    "'UTF8'::text",
	"pg_backend_pid/0":         "1",
	"pg_is_in_recovery/0":      "false",
	"inet_server_addr/0":       "null::text",
	"inet_server_port/0":       "null::int",
	"pg_size_pretty/1": `case when $1 < 10240 then $1 || ' bytes' when $1 < 10485760 then ($1 / 1024) || ' kB'
		when $1 < 10737418240 then ($1 / 1048576) || ' MB' else ($1 / 1073741824) || ' GB' end`,

	// What nothing here has: defaults, constraints, indexes, comments, sizes on disk.
	"pg_get_expr/2": nothingText, "pg_get_expr/3": nothingText, "pg_get_constraintdef/1": nothingText, "pg_get_constraintdef/2": nothingText,
	"pg_get_indexdef/1": nothingText, "pg_get_indexdef/3": nothingText, "pg_get_viewdef/1": nothingText, "pg_get_viewdef/2": nothingText,
	"pg_get_ruledef/1": nothingText, "pg_get_triggerdef/1": nothingText, "pg_get_serial_sequence/2": nothingText,
	"obj_description/1": nothingText, "obj_description/2": nothingText, "col_description/2": nothingText, "shobj_description/2": nothingText,
	"pg_relation_size/1": nothingSize, "pg_relation_size/2": nothingSize, "pg_table_size/1": nothingSize, "pg_indexes_size/1": nothingSize,
	"pg_total_relation_size/1": nothingSize, "pg_database_size/1": nothingSize,

	"current_setting/1": settingOfName,
	"current_setting/2": settingOfName,
	"to_regclass/1":     oidOfName,
	"quote_literal/1":   "('''' || replace($1::text, '''', '''''') || '''')",
	"quote_ident/1":     `case when $1 ~ '^[a-z_][a-z0-9_$]*$' then $1 else '"' || replace($1, '"', '""') || '"' end`,

	// Words of other engines, which Grafana, Superset and Tableau write.
	"datepart/2":      "date_part($1, $2)",
	"from_unixtime/1": "(timestamp '1970-01-01' + $1 * interval '1 second')",
	"from_hex/1":      "decode($1, 'hex')",
	"square/1":        "($1 * $1)",
	"date_add/2":      "($1 + $2)",
	"date_sub/2":      "($1 - $2)",
	"datetrunc/2":     "date_trunc($1, $2)",
}

const (
	nothingText = "null::text"
	nothingSize = "null::bigint"

	// The numbers that names mean, and the other way round. The argument stands where no
	// name but those that begin with an underscore hides the ones around the call.
	oidOfName = `(select _r._oid from (select _c.oid as _oid, _c.relname as _name, _n.nspname as _schema
			from pg_catalog.pg_class _c join pg_catalog.pg_namespace _n on _n.oid = _c.relnamespace) _r
		where _r._schema || '.' || _r._name = replace($1, '"', '')
		or _r._name = replace($1, '"', '') and (_r._schema = 'pg_catalog' or _r._schema = current_schema()))`
	nameOfOID = `(select _r._name from (select _c.oid as _oid, case when _n.nspname = 'pg_catalog' or _n.nspname = current_schema()
				then _c.relname else _n.nspname || '.' || _c.relname end as _name
			from pg_catalog.pg_class _c join pg_catalog.pg_namespace _n on _n.oid = _c.relnamespace) _r
		where _r._oid = $1)`
	settingOfName = `(select _r._value from (select _s.name as _name, _s.setting as _value from pg_catalog.pg_settings _s) _r
		where _r._name = lower($1))`
	roleOfOID   = "(select _r._name from (select _a.oid as _oid, _a.rolname as _name from pg_catalog.pg_roles _a) _r where _r._oid = $1)"
	oidOfRole   = "(select _a.oid from pg_catalog.pg_roles _a where _a.rolname = $1)"
	schemaOfOID = "(select _r._name from (select _n.oid as _oid, _n.nspname as _name from pg_catalog.pg_namespace _n) _r where _r._oid = $1)"
	oidOfSchema = "(select _n.oid from pg_catalog.pg_namespace _n where _n.nspname = $1)"
	typeOfName  = "(select min(_t.oid) from pg_catalog.pg_type _t where _t.typname = $1 or format_type(_t.oid, null::int) = $1)"
)

// systemFunction binds a function that is written in SQL; false when it is none.
func (x *exprs) systemFunction(f *sql.FuncCall, name string) (expr.Expr, bool, error) {
	template, ok := systemFunctions[name+"/"+strconv.Itoa(len(f.Args))]
	if !ok {
		return nil, false, nil
	}
	args := make([]sql.Expr, len(f.Args))
	for i, a := range f.Args {
		if a.Name.Text != "" {
			return nil, false, nil
		}
		args[i] = a.Value
	}
	e, err := x.expand(template, f.Span(), args...)
	return e, true, err
}

func (x *exprs) expand(template string, at sqlerr.Span, args ...sql.Expr) (expr.Expr, error) {
	e, err := sql.Expand(template, at, args...)
	if err != nil {
		return nil, sqlerr.AtSpan(err, at)
	}
	return x.bind(e)
}

// castToReg binds a cast to one of PostgreSQL's types of references: a text becomes the
// number of what it names, a number the name. False when the type is none of them.
func (x *exprs) castToReg(e *sql.Cast) (expr.Expr, bool, error) {
	if len(e.Type.Dims) > 0 {
		return nil, false, nil
	}
	toName, toOID := "", ""
	switch e.Type.Name.Last().Text {
	case "regclass":
		toName, toOID = nameOfOID, oidOfName
	case "regtype":
		toName = "format_type($1, null::int)"
		toOID = typeOfName
	case "regnamespace":
		toName, toOID = schemaOfOID, oidOfSchema
	case "regrole":
		toName, toOID = roleOfOID, oidOfRole
	default:
		return nil, false, nil
	}
	template := toName
	if l, ok := e.Operand.(*sql.Literal); ok && l.Kind == sql.String {
		template = toOID
	}
	out, err := x.expand(template, e.Span(), e.Operand)
	return out, true, err
}

// isReg reports whether an expression is a text as one of PostgreSQL's references: 'name'::regclass.
func isReg(e sql.Expr) (*sql.Cast, bool) {
	c, ok := e.(*sql.Cast)
	if !ok || len(c.Type.Dims) > 0 {
		return nil, false
	}
	l, ok := c.Operand.(*sql.Literal)
	switch c.Type.Name.Last().Text {
	case "regclass", "regtype", "regnamespace", "regrole":
		return c, ok && l.Kind == sql.String
	}
	return nil, false
}

// withNames is a query whose output has names where it would have the numbers that they
// mean: references are numbers to compare, and names to read.
func withNames(q *sql.Query) *sql.Query {
	s, ok := q.Body.(*sql.Select)
	if !ok {
		return q
	}
	var items []sql.SelectItem
	for i, item := range s.Items {
		c, ok := isReg(item.Value)
		if !ok {
			continue
		}
		if items == nil {
			items = slices.Clone(s.Items)
		}
		if item.Alias.IsZero() {
			items[i].Alias = sql.Ident{Loc: c.Loc, Text: c.Type.Name.Last().Text}
		}
		text := sql.TypeName{Loc: c.Type.Loc, Name: sql.Name{Parts: []sql.Ident{{Loc: c.Type.Loc, Text: "text"}}}}
		items[i].Value = &sql.Cast{Loc: c.Loc, Operand: c, Type: text}
	}
	if items == nil {
		return q
	}
	named, body := *q, *s
	body.Items, named.Body = items, &body
	return &named
}

// nameOfReg binds a reference that becomes a text: its name.
func (x *exprs) nameOfReg(c *sql.Cast) (expr.Expr, error) {
	return x.bind(&sql.Cast{Loc: c.Loc, Operand: c, Type: c.Type}) // of what is no text: of the number
}

// currentSchemas is the search path as an array: that of tables, and that of the
// catalogs before it when they are asked for.
func (b *binder) currentSchemas(f *sql.FuncCall) *sql.Array {
	names := []string{b.opt.Schema}
	if l, ok := f.Args[0].Value.(*sql.Literal); !ok || l.Text != "false" {
		names = []string{"pg_catalog", b.opt.Schema}
	}
	out := &sql.Array{Loc: f.Loc}
	for _, name := range names {
		out.Elements = append(out.Elements, &sql.Literal{Loc: f.Loc, Kind: sql.String, Text: name})
	}
	return out
}
