package sql

import (
	"slices"
	"strings"
)

// PostgreSQL 16's keywords (src/include/parser/kwlist.h): the reserved ones, which
// are never a column's name, and the rest.
const (
	reservedWords = "all analyse analyze and any array as asc asymmetric both case cast check collate column " +
		"constraint create current_catalog current_date current_role current_time current_timestamp " +
		"current_user default deferrable desc distinct do else end except false fetch for foreign from " +
		"grant group having in initially intersect into lateral leading limit localtime localtimestamp " +
		"not null offset on only or order placing primary references returning select session_user some " +
		"symmetric system_user table then to trailing true union unique user using variadic when where " +
		"window with "
	otherWords = "abort absent absolute access action add admin after aggregate also alter always asensitive " +
		"assertion assignment at atomic attach attribute authorization backward before begin between " +
		"bigint binary bit boolean breadth by cache call called cascade cascaded catalog chain char " +
		"character characteristics checkpoint class close cluster coalesce collation columns comment " +
		"comments commit committed compression concurrently conditional configuration conflict " +
		"connection constraints content continue conversion copy cost cross csv cube current " +
		"current_schema cursor cycle data database day deallocate dec decimal declare defaults deferred " +
		"definer delete delimiter delimiters depends depth detach dictionary disable discard document " +
		"domain double drop each empty enable encoding encrypted enum error escape event exclude " +
		"excluding exclusive execute exists explain expression extension external extract family filter " +
		"finalize first float following force format forward freeze full function functions generated " +
		"global granted greatest grouping groups handler header hold hour identity if ilike immediate " +
		"immutable implicit import include including increment indent index indexes inherit inherits " +
		"inline inner inout input insensitive insert instead int integer interval invoker is isnull " +
		"isolation join json json_array json_arrayagg json_exists json_object json_objectagg json_query " +
		"json_scalar json_serialize json_table json_value keep key keys label language large last " +
		"leakproof least left level like listen load local location lock locked logged mapping match " +
		"matched materialized maxvalue merge merge_action method minute minvalue mode month move name " +
		"names national natural nchar nested new next nfc nfd nfkc nfkd no none normalize normalized " +
		"nothing notify notnull nowait nullif nulls numeric object of off oids old omit operator option " +
		"options ordinality others out outer over overlaps overlay overriding owned owner parallel " +
		"parameter parser partial partition passing password path plan plans policy position preceding " +
		"precision prepare prepared preserve prior privileges procedural procedure procedures program " +
		"publication quote quotes range read real reassign recheck recursive ref referencing refresh " +
		"reindex relative release rename repeatable replace replica reset restart restrict return " +
		"returns revoke right role rollback rollup routine routines row rows rule savepoint scalar " +
		"schema schemas scroll search second security sequence sequences serializable server session set " +
		"setof sets share show similar simple skip smallint snapshot source sql stable standalone start " +
		"statement statistics stdin stdout storage stored strict string strip subscription substring " +
		"support sysid system tables tablesample tablespace target temp template temporary text ties " +
		"time timestamp transaction transform treat trigger trim truncate trusted type types uescape " +
		"unbounded uncommitted unconditional unencrypted unknown unlisten unlogged until update vacuum " +
		"valid validate validator value values varchar varying verbose version view views volatile " +
		"whitespace within without work wrapper write xml xmlattributes xmlconcat xmlelement xmlexists " +
		"xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable year yes zone "

	// dialectWords are those of dialect.go that PostgreSQL does not have.
	dialectWords = "describe location parquet tables "
)

// Keywords are all words of the grammar in alphabetical order, lower case: what
// a shell completes.
func Keywords() []string {
	words := strings.Fields(reservedWords + otherWords + dialectWords)
	slices.Sort(words)
	return slices.Compact(words)
}

// hintWords are the keywords a slip of the finger is likely to have meant.
func hintWords() []string {
	return strings.Fields("select from where group order by having limit offset distinct union intersect except " +
		"join inner left right full outer cross natural using with recursive values insert into update delete " +
		"create replace table view drop schema external exists stored location explain analyze between like ilike " +
		"case when then else and not null true false interval cast extract returning truncate describe show " +
		"tables prepare execute window partition over lateral materialized refresh begin commit rollback")
}

// keyword is a word the guard and the converter's searches look at; the others
// are kwNone.
type keyword uint8

const (
	kwNone keyword = iota
	kwAnd
	kwOr
	kwNot
	kwPredicate // IS, ISNULL, NOTNULL, LIKE, ILIKE, SIMILAR, IN, COLLATE, AT, OPERATOR
	kwBetween
	kwClause // reserved words that begin or end an expression: FROM, WHERE, THEN, …
	kwDistinct
	kwSelect
	kwSet // UNION, INTERSECT, EXCEPT
	kwJoin
	kwCase
	kwEnd
)

// keywordOf classifies a word as written.
func keywordOf(word string) keyword {
	if len(word) < 2 || len(word) > 9 {
		return kwNone
	}
	var lower [9]byte
	for i := range len(word) {
		lower[i] = word[i] | 0x20
	}
	switch string(lower[:len(word)]) {
	case "and":
		return kwAnd
	case "or":
		return kwOr
	case "not":
		return kwNot
	case "is", "isnull", "notnull", "like", "ilike", "similar", "in", "collate", "at", "operator":
		return kwPredicate
	case "between":
		return kwBetween
	case "from", "where", "group", "having", "order", "limit", "offset", "fetch", "window", "returning",
		"when", "then", "else", "on", "using":
		return kwClause
	case "distinct":
		return kwDistinct
	case "select":
		return kwSelect
	case "union", "intersect", "except":
		return kwSet
	case "join":
		return kwJoin
	case "case":
		return kwCase
	case "end":
		return kwEnd
	}
	return kwNone
}
