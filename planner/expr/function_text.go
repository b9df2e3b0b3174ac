package expr

// textFunctions are the functions on strings. See overload for the notation.
const textFunctions = `
length(text) int4
length(bytea) int4
char_length(text) int4
character_length(text) int4
octet_length(text) int4
octet_length(char) int4
octet_length(bytea) int4
bit_length(text) int4
bit_length(bytea) int4
lower(text) text
upper(text) text
initcap(text) text
substring(text, int4) text
substring(text, int4, int4) text !
substring(text, text) text !
substring(bytea, int4) bytea
substring(bytea, int4, int4) bytea !
substr(text, int4) text
substr(text, int4, int4) text !
substr(bytea, int4) bytea
substr(bytea, int4, int4) bytea !
position(text, text) int4
position(bytea, bytea) int4
strpos(text, text) int4
btrim(text) text
btrim(text, text) text
ltrim(text) text
ltrim(text, text) text
rtrim(text) text
rtrim(text, text) text
replace(text, text, text) text
concat(any…) text ?
concat_ws(text, any…) text ?
left(text, int4) text
right(text, int4) text
lpad(text, int4) text !
lpad(text, int4, text) text !
rpad(text, int4) text !
rpad(text, int4, text) text !
repeat(text, int4) text !
reverse(text) text
split_part(text, text, int4) text !
starts_with(text, text) bool
ascii(text) int4
chr(int4) text !
md5(text) text
md5(bytea) text
sha256(bytea) bytea
translate(text, text, text) text
overlay(text, text, int4) text !
overlay(text, text, int4, int4) text !
to_hex(int4) text
to_hex(int8) text
quote_ident(text) text
quote_literal(text) text
quote_nullable(text) text ?
encode(bytea, text) text !
decode(text, text) bytea !
regexp_replace(text, text, text) text !
regexp_replace(text, text, text, text) text !
numeric_in(text) numeric !
numeric_try(text) numeric
similar_to_escape(text) text !
similar_to_escape(text, text) text !
regexp_like(text, text) bool !
regexp_like(text, text, text) bool !
regexp_count(text, text) int4 !
regexp_substr(text, text) text !
format(text, any…) text ! ?
format(text) text ! ?
`
