package expr

// timeFunctions are the functions on dates and times. See overload for the
// notation. Functions of the current time have no arguments and are replaced by
// literals before a plan runs.
const timeFunctions = `
extract(text, date) numeric !
extract(text, time) numeric !
extract(text, timestamp) numeric !
extract(text, timestamptz) numeric !
extract(text, interval) numeric !
date_part(text, date) float8 !
date_part(text, time) float8 !
date_part(text, timestamp) float8 !
date_part(text, timestamptz) float8 !
date_part(text, interval) float8 !
date_trunc(text, timestamp) timestamp !
date_trunc(text, timestamptz) timestamptz !
date_trunc(text, timestamptz, text) timestamptz !
date_trunc(text, interval) interval !
date_bin(interval, timestamp, timestamp) timestamp !
strftime(timestamp, text) text !
strptime(text, text) timestamp !
date_bin(interval, timestamptz, timestamptz) timestamptz !
age(timestamp, timestamp) interval
age(timestamptz, timestamptz) interval
make_date(int4, int4, int4) date !
make_time(int4, int4, float8) time !
make_timestamp(int4, int4, int4, int4, int4, float8) timestamp !
make_interval(int4) interval !
make_interval(int4, int4) interval !
make_interval(int4, int4, int4) interval !
make_interval(int4, int4, int4, int4) interval !
make_interval(int4, int4, int4, int4, int4) interval !
make_interval(int4, int4, int4, int4, int4, int4) interval !
make_interval(int4, int4, int4, int4, int4, int4, float8) interval !
to_char(timestamp, text) text !
to_char(timestamptz, text) text !
to_char(interval, text) text !
to_char(int4, text) text !
to_char(int8, text) text !
to_char(numeric, text) text !
to_char(float8, text) text !
to_date(text, text) date !
to_timestamp(text, text) timestamptz !
to_timestamp(float8) timestamptz !
to_number(text, text) numeric !
justify_days(interval) interval !
justify_hours(interval) interval !
justify_interval(interval) interval !
isfinite(date) bool
isfinite(timestamp) bool
isfinite(timestamptz) bool
isfinite(interval) bool
timezone(text, timestamp) timestamptz !
timezone(text, timestamptz) timestamp !
timezone(interval, timestamp) timestamptz !
timezone(interval, timestamptz) timestamp !
now() timestamptz stable
current_timestamp() timestamptz stable
transaction_timestamp() timestamptz stable
statement_timestamp() timestamptz stable
clock_timestamp() timestamptz stable
localtimestamp() timestamp stable
current_date() date stable
localtime() time stable
current_time() time stable
`

// otherFunctions are what is neither string, number nor time.
const otherFunctions = `
assert(bool, text, text) bool ! ?
cardinality(list) int4
current_schema() text stable
current_database() text stable
current_user() text stable
session_user() text stable
version() text stable
`
