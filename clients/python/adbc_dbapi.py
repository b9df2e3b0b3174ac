"""Python's ADBC driver, through its DBAPI and below it: python3 adbc_dbapi.py grpc://HOST:PORT

The server has TPC-H's tables at scale factor 0.01.
"""

import datetime
import decimal
import sys
import threading
import time
import warnings

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pyarrow as pa

from suite import Skip, Suite, equal, raises, unsupported

suite = Suite()
LINEITEMS = 60_175


def connect(address, **more):
    return flightsql.connect(address, autocommit=True, **more)


def one(address, sql, parameters=None):
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()


@suite.check
def select_one(address):
    """SELECT 1"""
    equal(one(address, "select 1"), (1,))


@suite.check
def all_types(address):
    """a value and a NULL of every type, with their Arrow types"""
    values = [
        ("true", "boolean", pa.bool_(), True),
        ("1", "smallint", pa.int16(), 1),
        ("-2", "integer", pa.int32(), -2),
        ("9000000000", "bigint", pa.int64(), 9_000_000_000),
        ("1.5", "real", pa.float32(), 1.5),
        ("1e300", "double precision", pa.float64(), 1e300),
        ("12.30", "numeric(15,2)", pa.decimal128(15, 2), decimal.Decimal("12.30")),
        ("12345678901234567890.0123456789", "numeric(38,10)", pa.decimal128(38, 10),
         decimal.Decimal("12345678901234567890.0123456789")),
        ("'grüße'", "text", pa.string(), "grüße"),
        ("'ab'", "varchar(5)", pa.string(), "ab"),
        ("'\\x00ff'", "bytea", pa.binary(), b"\x00\xff"),
        ("'1996-02-29'", "date", pa.date32(), datetime.date(1996, 2, 29)),
        ("'12:34:56.789'", "time", pa.time64("us"), datetime.time(12, 34, 56, 789000)),
        ("'1969-12-31 23:59:59.999999'", "timestamp", pa.timestamp("us"),
         datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)),
        ("'2001-01-01 00:00:00+02'", "timestamptz", pa.timestamp("us", "UTC"),
         datetime.datetime(2000, 12, 31, 22, tzinfo=datetime.timezone.utc)),
    ]
    columns = ", ".join(f"cast({text} as {kind}) as c{i}, cast(null as {kind}) as n{i}"
                        for i, (text, kind, _, _) in enumerate(values))
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("select " + columns)
        table = cursor.fetch_arrow_table()
    for i, (_, kind, arrow, want) in enumerate(values):
        for name in (f"c{i}", f"n{i}"):
            equal((kind, table.schema.field(name).type), (kind, arrow))
        equal((kind, table.column(f"c{i}")[0].as_py()), (kind, want))
        equal((kind, table.column(f"n{i}")[0].as_py()), (kind, None))


@suite.check
def empty_results(address):
    """an empty result keeps its columns and types: LIMIT 0 and WHERE 1=0"""
    for sql in ("select * from (select l_orderkey, l_quantity, l_comment from lineitem) t limit 0",
                "select l_orderkey, l_quantity, l_comment from lineitem where 1=0"):
        with connect(address) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            table = cursor.fetch_arrow_table()
        equal((table.num_rows, table.schema.names), (0, ["l_orderkey", "l_quantity", "l_comment"]))
        equal(table.schema.field("l_quantity").type, pa.decimal128(15, 2))


@suite.check
def many_rows(address):
    """60,175 rows in order"""
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("select l_orderkey, l_linenumber from lineitem order by 1, 2")
        table = cursor.fetch_arrow_table()
    equal(table.num_rows, LINEITEMS)
    keys = list(zip(table.column(0).to_pylist(), table.column(1).to_pylist()))
    equal(keys == sorted(keys), True)


@suite.check
def description(address):
    """description, rowcount, fetchmany, iteration"""
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("select n_nationkey, n_name from nation order by 1")
        equal([d[0] for d in cursor.description], ["n_nationkey", "n_name"])
        equal(cursor.rowcount, -1)
        equal([row[0] for row in cursor.fetchmany(3)], [0, 1, 2])
        equal(len(list(cursor)), 22)


@suite.check
def scalar_parameters(address):
    """parameters of every type that Python binds"""
    utc = datetime.timezone.utc
    for value, kind in [
        (True, "boolean"), (7, "bigint"), (-1.25, "double precision"), ("x'y", "text"), (b"\x00\x01", "bytea"),
        (decimal.Decimal("123.45"), "numeric(10,2)"), (datetime.date(2000, 2, 29), "date"),
        (datetime.time(1, 2, 3), "time"), (datetime.datetime(2020, 1, 2, 3, 4, 5, 6), "timestamp"),
        (datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=utc), "timestamptz"),
    ]:
        equal(one(address, f"select cast(? as {kind})", (value,)), (value,))
    for kind in ("boolean", "bigint", "double precision", "text", "bytea", "numeric(10,2)", "date", "timestamp"):
        equal(one(address, f"select cast(? as {kind}) is null", (None,)), (True,))


@suite.check
def placeholders(address):
    """? and $1 both name parameters; $1 may come twice"""
    equal(one(address, "select n_name from nation where n_nationkey = ? and n_regionkey = ?", (7, 3)), ("GERMANY",))
    equal(one(address, "select $1::int + $1::int", (4,)), (8,))


def bound(address, sql, array):
    """Rows of a statement executed with a column of parameters."""
    with connect(address) as connection, connection.cursor() as cursor:
        statement = cursor.adbc_statement
        statement.set_sql_query(sql)
        statement.prepare()
        batch = pa.record_batch([array], ["0"])
        statement.bind(batch)
        stream, _ = statement.execute_query()
        return pa.RecordBatchReader._import_from_c(stream.address).read_all()


@suite.check
def arrow_parameters(address):
    """parameters of every Arrow type, dictionaries and views among them"""
    text, stamp = ["b", None, "a"], datetime.datetime(2020, 1, 2, 3, 4, 5)
    cases = [
        (pa.array(text).dictionary_encode(), "text", text),
        (pa.array(text, pa.large_string()), "text", text),
        (pa.array(text, pa.string_view()), "text", text),
        (pa.array([b"b", None], pa.large_binary()), "bytea", [b"b", None]),
        (pa.array([b"b", None], pa.binary_view()), "bytea", [b"b", None]),
        (pa.array([b"bb", None], pa.binary(2)), "bytea", [b"bb", None]),
        (pa.array([1.5, None], pa.float16()), "double precision", [1.5, None]),
        (pa.array([1.5, None], pa.float32()), "real", [1.5, None]),
        (pa.array([decimal.Decimal("1.50"), None], pa.decimal256(40, 2)), "numeric(10,2)", [decimal.Decimal("1.50"), None]),
        (pa.array([datetime.date(2020, 1, 2), None], pa.date64()), "date", [datetime.date(2020, 1, 2), None]),
        (pa.array([datetime.time(1, 2, 3), None], pa.time32("s")), "time", [datetime.time(1, 2, 3), None]),
        (pa.array([datetime.time(1, 2, 3), None], pa.time32("ms")), "time", [datetime.time(1, 2, 3), None]),
        (pa.array([datetime.time(1, 2, 3), None], pa.time64("ns")), "time", [datetime.time(1, 2, 3), None]),
        (pa.array([None, None], pa.null()), "text", [None, None]),
    ]
    for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()):
        cases.append((pa.array([7, None], kind), "bigint", [7, None]))
    for unit in ("s", "ms", "us", "ns"):
        cases.append((pa.array([stamp, None], pa.timestamp(unit)), "timestamp", [stamp, None]))
    for array, kind, want in cases:
        got = bound(address, f"select cast(? as {kind})", array).column(0).to_pylist()
        equal((str(array.type), got), (str(array.type), want))


@suite.check
def several_rows_of_parameters(address):
    """a query with many rows of parameters gives the rows of each"""
    table = bound(address, "select n_name from nation where n_nationkey = ?", pa.array(range(25), pa.int64()))
    equal((table.num_rows, table.column(0)[7].as_py()), (25, "GERMANY"))


@suite.check
def executemany(address):
    """executemany runs an update once for each row, and counts"""
    with connect(address) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("create temporary table executed (n bigint, s text)")
        except adbc_driver_manager.NotSupportedError as error:
            raise Skip(f"tables cannot be created yet: {error}"[:120]) from error
        cursor.executemany("insert into executed values (?, ?)", [(i, str(i)) for i in range(100)])
        equal(cursor.rowcount, 100)
        cursor.execute("select count(*), sum(n) from executed")
        equal(cursor.fetchone(), (100, 4950))


@suite.check
def definitions_run_once(address):
    """DDL through execute takes effect at once, and only once"""
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("drop schema if exists once")
        cursor.execute("create schema once")
        raises(flightsql.Error, "[42P06]", lambda: cursor.execute("create schema once"))
        with connect(address) as other, other.cursor() as second:
            second.execute("select count(*) from information_schema.schemata where schema_name = 'once'")
            equal(second.fetchone(), (1,))
        cursor.execute("drop schema once")


INGEST = pa.table({"n": pa.array([1, 2, 3], pa.int64()), "s": ["a", None, "c"]})


@suite.check
def ingest(address):
    """bulk ingestion: create, append, replace, create_append"""
    with connect(address) as connection, connection.cursor() as cursor:
        try:
            equal(cursor.adbc_ingest("ingested", INGEST, mode="create"), 3)
        except flightsql.Error as error:
            if unsupported(error):
                raise Skip("bulk ingestion is not supported yet") from error
            raise
        raises(flightsql.Error, "", lambda: cursor.adbc_ingest("ingested", INGEST, mode="create"))
        for mode, want in (("append", 6), ("replace", 3), ("create_append", 6)):
            cursor.adbc_ingest("ingested", INGEST, mode=mode)
            cursor.execute("select count(*), count(s) from ingested")
            equal((mode, cursor.fetchone()), (mode, (want, want * 2 // 3)))
        raises(flightsql.Error, "", lambda: cursor.adbc_ingest("not_there", INGEST, mode="append"))
        cursor.execute("drop table ingested")


@suite.check
def ingest_temporary(address):
    """ingestion into a temporary table, which only its session sees"""
    with connect(address) as connection, connection.cursor() as cursor:
        try:
            cursor.adbc_ingest("session_own", INGEST, mode="create", temporary=True)
        except flightsql.Error as error:
            if unsupported(error):
                raise Skip("bulk ingestion is not supported yet") from error
            raise
        cursor.execute("select count(*) from session_own")
        equal(cursor.fetchone(), (3,))
        raises(flightsql.Error, "[42P01]", lambda: one(address, "select count(*) from session_own"))


@suite.check
def objects(address):
    """adbc_get_objects at every depth, filtered"""
    with connect(address) as connection:
        catalogs = connection.adbc_get_objects(depth="catalogs").read_all().to_pylist()
        equal([c["catalog_name"] for c in catalogs], ["skein"])
        schemas = connection.adbc_get_objects(depth="db_schemas").read_all().to_pylist()[0]["catalog_db_schemas"]
        names = [s["db_schema_name"] for s in schemas]
        equal((names == sorted(names), "public" in names), (True, True))
        tables = connection.adbc_get_objects(depth="tables", db_schema_filter="public", table_name_filter="n_tion")
        found = [t for s in tables.read_all().to_pylist()[0]["catalog_db_schemas"] for t in s["db_schema_tables"]]
        equal([(t["table_name"], t["table_type"]) for t in found], [("nation", "TABLE")])
        columns = connection.adbc_get_objects(db_schema_filter="public", table_name_filter="lineitem",
                                              column_name_filter="l_quan%").read_all().to_pylist()
        column = columns[0]["catalog_db_schemas"][0]["db_schema_tables"][0]["table_columns"][0]
        equal((column["column_name"], column["xdbc_type_name"]), ("l_quantity", "numeric(15,2)"))


@suite.check
def table_schema(address):
    """adbc_get_table_schema equals a query's schema; a name's _ matches itself only"""
    with connect(address) as connection, connection.cursor() as cursor:
        schema = connection.adbc_get_table_schema("lineitem", db_schema_filter="public")
        cursor.execute("select * from lineitem limit 0")
        got = cursor.fetch_arrow_table().schema
        equal([(f.name, f.type) for f in schema], [(f.name, f.type) for f in got])
        raises(flightsql.Error, "", lambda: connection.adbc_get_table_schema("line_tem"))


@suite.check
def table_types_and_info(address):
    """adbc_get_table_types, adbc_get_info"""
    with connect(address) as connection:
        types = connection.adbc_get_table_types()
        equal("TABLE" in types and "VIEW" in types, True)
        info = connection.adbc_get_info()
        equal((info["vendor_name"], bool(info["vendor_version"])), ("Skein", True))


@suite.check
def execute_schema(address):
    """adbc_execute_schema and adbc_prepare describe without running"""
    with connect(address) as connection, connection.cursor() as cursor:
        schema = cursor.adbc_execute_schema("select n_name, n_nationkey + 1::bigint as k from nation")
        equal([(f.name, f.type) for f in schema], [("n_name", pa.string()), ("k", pa.int64())])
        parameters = cursor.adbc_prepare("select * from nation where n_nationkey = ? and n_name = ?")
        equal(len(parameters), 2)


@suite.check
def partitions(address):
    """partitions are read by another connection"""
    with connect(address) as connection, connection.cursor() as cursor:
        parts, schema = cursor.adbc_execute_partitions("select l_orderkey from lineitem")
        equal(schema.names, ["l_orderkey"])
        rows = 0
        with connect(address) as other:
            for part in parts:
                with other.cursor() as reader:
                    reader.adbc_read_partition(part)
                    rows += reader.fetch_arrow_table().num_rows
        equal(rows, LINEITEMS)


@suite.check
def several_endpoints(address):
    """with the session option endpoints a result has several partitions, each read alone and in any order"""
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("set endpoints = 4")
        parts, _ = cursor.adbc_execute_partitions("select l_orderkey, l_comment from lineitem")
        equal(len(parts), 4)
        rows = 0
        with connect(address) as other:
            for part in reversed(parts):
                with other.cursor() as reader:
                    reader.adbc_read_partition(part)
                    rows += reader.fetch_arrow_table().num_rows
        equal(rows, LINEITEMS)
        cursor.execute("select l_orderkey from lineitem")
        equal(cursor.fetch_arrow_table().num_rows, LINEITEMS)
        parts, _ = cursor.adbc_execute_partitions("select l_orderkey from lineitem order by 1")
        equal(len(parts), 1)


@suite.check
def incremental(address):
    """incremental execution polls, with progress between 0 and 1"""
    option = adbc_driver_flightsql.StatementOptions
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.statement.exec.incremental": "true"})
        rows, rounds = 0, 0
        while True:
            parts, _ = cursor.adbc_execute_partitions("select l_orderkey from lineitem")
            progress = cursor.adbc_statement.get_option_float("adbc.statement.exec.progress")
            equal(0.0 <= progress <= 1.0, True)
            rounds += 1
            if not parts:
                break
            for part in parts:
                cursor_of_part = connection.cursor()
                cursor_of_part.adbc_read_partition(part)
                rows += cursor_of_part.fetch_arrow_table().num_rows
                cursor_of_part.close()
        equal((rows, option.LAST_FLIGHT_INFO.value != ""), (LINEITEMS, True))


SLOW = "select count(*) from lineitem a, lineitem b, lineitem c where a.l_comment || b.l_comment like '%' || c.l_comment || 'x%'"


@suite.check
def cancel(address):
    """adbc_cancel ends a running query, here and at the server"""
    with connect(address) as connection, connection.cursor() as cursor:
        timer = threading.Timer(0.5, cursor.adbc_cancel)
        timer.start()
        begin = time.monotonic()

        def run():
            cursor.execute(SLOW)
            cursor.fetchall()

        raises(flightsql.Error, "", run)
        equal(time.monotonic() - begin < 20, True)
    for _ in range(100):
        if one(address, "select count(*) from information_schema.skein_queries where state = 'running' and query like '%a.l_comment ||%' and query not like '%skein_queries%'") == (0,):
            return
        time.sleep(0.1)
    raise AssertionError("the server still runs the query")


@suite.check
def abandoned_readers(address):
    """readers that are closed early free the query"""
    for _ in range(20):
        with connect(address) as connection, connection.cursor() as cursor:
            cursor.execute("select * from lineitem")
            next(cursor.fetch_record_batch())
    equal(one(address, "select 1"), (1,))


@suite.check
def session_options(address):
    """the current catalog and schema; SET lasts for the session and only there"""
    with connect(address) as connection, connection.cursor() as cursor:
        equal((connection.adbc_current_catalog, connection.adbc_current_db_schema), ("skein", "public"))
        connection.adbc_current_db_schema = "public"
        cursor.execute("set batch_rows = 100")
        cursor.execute("show batch_rows")
        equal(cursor.fetchone(), ("100",))
        equal(one(address, "show batch_rows"), ("0",))
        options = connection.adbc_connection.get_option("adbc.flight.sql.session.options")
        equal('"batch_rows":100' in options.replace(" ", ""), True)


@suite.check
def typed_session_options(address):
    """session options keep their types: integers and booleans are set and read as such"""
    with connect(address) as connection:
        raw = connection.adbc_connection
        raw.set_options(**{"adbc.flight.sql.session.option.batch_rows": 500})
        equal(raw.get_option_int("adbc.flight.sql.session.option.batch_rows"), 500)
        raises(flightsql.Error, "", lambda: raw.set_options(**{"adbc.flight.sql.session.option.no_such_option": "x"}))


@suite.check
def cookies(address):
    """a client that keeps cookies keeps its session over connections of the driver"""
    with connect(address, db_kwargs={"adbc.flight.sql.rpc.with_cookie_middleware": "true"}) as connection:
        connection.adbc_connection.set_options(**{"adbc.flight.sql.session.option.schema": "public"})
        with connection.cursor() as cursor:
            cursor.execute("show schema")
            equal(cursor.fetchone(), ("public",))


@suite.check
def error_classes(address):
    """errors have their DBAPI classes and carry SQLSTATE, place and hint"""
    with connect(address) as connection, connection.cursor() as cursor:
        error = raises(flightsql.ProgrammingError, "[42P01]", lambda: cursor.execute("select * from ordres"))
        equal(("LINE 1" in str(error), "HINT" in str(error)), (True, True))
        raises(flightsql.ProgrammingError, "[42601]", lambda: cursor.execute("selec 1"))
        raises(flightsql.ProgrammingError, "[42703]", lambda: cursor.execute("select nix from nation"))
        raises(flightsql.NotSupportedError, "[0A000]", lambda: cursor.execute("begin"))

        def divide():
            cursor.execute("select 1 / (n_nationkey - 7) from nation")
            cursor.fetchall()

        raises(flightsql.Error, "[22012]", divide)
        details = error.details if hasattr(error, "details") else []
        equal(any(b"42P01" in (value if isinstance(value, bytes) else value.encode()) for _, value in details), True)


@suite.check
def transactions(address):
    """autocommit=False warns, and queries go on all the same"""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with flightsql.connect(address) as connection, connection.cursor() as cursor:
            cursor.execute("select 1")
            equal(cursor.fetchone(), (1,))
    equal(any("autocommit" in str(w.message) for w in caught), True)


@suite.check
def pandas_reads(address):
    """pandas.read_sql"""
    import pandas as pd

    with connect(address) as connection:
        frame = pd.read_sql("select n_name, n_regionkey from nation order by 1", connection)
        equal((len(frame), frame.iloc[7]["n_name"]), (25, "FRANCE"))


@suite.check
def pandas_writes(address):
    """pandas.to_sql: fail, replace, append"""
    import pandas as pd

    frame = pd.DataFrame({"n": [1, 2], "s": ["a", "b"]})
    with connect(address) as connection:
        try:
            frame.to_sql("of_pandas", connection, index=False, if_exists="replace")
        except Exception as error:
            if unsupported(error) or unsupported(error.__cause__):
                raise Skip("bulk ingestion is not supported yet") from error
            raise
        frame.to_sql("of_pandas", connection, index=False, if_exists="append")
        equal(one(address, "select count(*) from of_pandas"), (4,))
        with connection.cursor() as cursor:
            cursor.execute("drop table of_pandas")


@suite.check
def polars_reads(address):
    """polars.read_database by connection and read_database_uri by flightsql://"""
    import polars as pl

    with connect(address) as connection:
        frame = pl.read_database("select l_quantity, l_shipdate, l_comment from lineitem", connection=connection)
        equal((frame.shape, frame.schema["l_quantity"]), ((LINEITEMS, 3), pl.Decimal(15, 2)))
    uri = address.replace("grpc://", "flightsql://") + "?transport=tcp"
    frame = pl.read_database_uri("select n_name from nation", uri, engine="adbc")
    equal(frame.shape, (25, 1))


@suite.check
def polars_writes(address):
    """polars.write_database"""
    import polars as pl

    frame = pl.DataFrame({"n": [1, 2], "s": ["a", "b"]})
    with connect(address) as connection:
        try:
            frame.write_database("of_polars", connection, if_table_exists="replace", engine="adbc")
        except Exception as error:
            if unsupported(error):
                raise Skip("bulk ingestion is not supported yet") from error
            raise
        equal(one(address, "select count(*) from of_polars"), (2,))
        with connection.cursor() as cursor:
            cursor.execute("drop table of_polars")


@suite.check
def threads(address):
    """one connection, many threads"""
    errors = []
    with connect(address) as connection:

        def work():
            try:
                for i in range(20):
                    with connection.cursor() as cursor:
                        cursor.execute("select ?::int", (i,))
                        equal(cursor.fetchone(), (i,))
            except Exception as error:
                errors.append(error)

        workers = [threading.Thread(target=work) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    equal(errors, [])


@suite.check
def explain_formats(address):
    """EXPLAIN as text, JSON and DOT"""
    import json

    with connect(address) as connection, connection.cursor() as cursor:
        sql = "select n_name from nation join region on n_regionkey = r_regionkey"
        cursor.execute("explain " + sql)
        equal(len(cursor.fetchall()) > 1, True)
        cursor.execute("explain (format json) " + sql)
        plan = json.loads("\n".join(row[0] for row in cursor.fetchall()))
        equal("Plan" in plan[0], True)
        cursor.execute("explain (format dot) " + sql)
        equal(cursor.fetchone()[0].startswith("digraph"), True)


if __name__ == "__main__":
    suite.run(sys.argv[1])
