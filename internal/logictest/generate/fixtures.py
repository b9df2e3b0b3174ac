"""The fixture tables: one definition for Parquet and for PostgreSQL.

Every value is literal or comes from a fixed linear congruential generator, so
that a new machine writes the same bytes.
"""

import datetime as dt
import math
from decimal import Decimal as D

import pyarrow as pa
import pyarrow.parquet as pq

UTC = dt.timezone.utc
INF, NAN = math.inf, math.nan

ARROW = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "text": pa.string(),
    "bytea": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}


def arrow_type(name):
    if name.startswith("numeric("):
        precision, scale = name[len("numeric("):-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    return ARROW[name]


class Table:
    """Columns as {name: SQL type}, rows as tuples, rows in a row group."""

    def __init__(self, columns, rows, group):
        self.columns, self.rows, self.group = columns, rows, group


class Generator:
    """Numerical Recipes' 32-bit linear congruential generator; the high bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 8) % n

    def pick(self, values):
        return values[self.below(len(values))]

    def skewed(self, n):
        """Half of the draws are 0, a quarter 1, and so on below n."""
        i = 0
        while i < n - 1 and self.below(2):
            i += 1
        return i


def alltypes():
    day, at = dt.date, dt.datetime
    columns = {
        "id": "int4", "b": "bool", "i2": "int2", "i4": "int4", "i8": "int8", "f4": "float4", "f8": "float8",
        "n": "numeric(10,2)", "n38": "numeric(38,10)", "t": "text", "by": "bytea", "d": "date", "tm": "time",
        "ts": "timestamp", "tz": "timestamptz",
    }
    rows = [
        (1, True, 1, 1, 1, 1.5, 1.5, D("1.00"), D("1"), "one", b"\x01", day(2024, 1, 1), dt.time(0, 0), at(2024, 1, 1), at(2024, 1, 1, tzinfo=UTC)),
        (2, False, -1, -1, -1, -1.5, -1.5, D("-1.00"), D("-1"), "two", b"\x02\xff", day(1999, 12, 31), dt.time(23, 59, 59, 999999), at(1999, 12, 31, 23, 59, 59), at(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (3, None, None, None, None, None, None, None, None, None, None, None, None, None, None),
        (4, True, 32767, 2147483647, 9223372036854775807, 3.25e38, 1.7e308, D("99999999.99"), D("9999999999999999999999999999.9999999999"), "", b"", day(9999, 12, 31), dt.time(12, 0), at(9999, 12, 31, 23, 59, 59, 999999), at(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (5, False, -32768, -2147483648, -9223372036854775808, -3.25e38, -1.7e308, D("-99999999.99"), D("-9999999999999999999999999999.9999999999"), " padded ", b"\x00\x00", day(1, 1, 1), dt.time(0, 0, 0, 1), at(1, 1, 1), at(1, 1, 1, tzinfo=UTC)),
        (6, None, 0, 0, 0, 0.0, 0.0, D("0.00"), D("0"), "NULL", b"NULL", day(1970, 1, 1), dt.time(6, 30), at(1970, 1, 1), at(1970, 1, 1, tzinfo=UTC)),
        (7, True, 7, 70, 700, 0.1, 0.1, D("0.10"), D("0.0000000001"), "äöü ß", "äöü".encode(), day(2024, 2, 29), dt.time(13, 45, 30, 500000), at(2024, 2, 29, 13, 45, 30, 500000), at(2024, 2, 29, 13, 45, 30, 500000, tzinfo=UTC)),
        (8, True, 7, 70, 700, 0.1, 0.1, D("0.10"), D("0.0000000001"), "日本語", b"\xde\xad\xbe\xef", day(2024, 2, 29), dt.time(13, 45, 30, 500000), at(2024, 2, 29, 13, 45, 30, 500000), at(2024, 2, 29, 13, 45, 30, 500000, tzinfo=UTC)),
        (9, False, 10, 100, 1000, NAN, NAN, D("12.34"), D("12.3400000000"), "tab\there", b"\t", day(2023, 12, 31), dt.time(1, 2, 3), at(2023, 12, 31, 1, 2, 3), at(2023, 12, 31, 1, 2, 3, tzinfo=UTC)),
        (10, False, -10, -100, -1000, INF, INF, D("-12.34"), D("-12.34"), "line\nbreak", b"\n", day(2024, 12, 31), dt.time(1, 2, 3, 400), at(2024, 12, 31, 1, 2, 3, 400), at(2024, 12, 31, 1, 2, 3, 400, tzinfo=UTC)),
        (11, True, 2, 4, 8, -INF, -INF, D("12.35"), D("123456789012345678.1234567890"), "back\\slash", b"\\", day(2024, 3, 31), dt.time(2, 30), at(2024, 3, 31, 2, 30), at(2024, 3, 31, 2, 30, tzinfo=UTC)),
        (12, None, 3, 9, 27, -0.0, -0.0, D("0.01"), D("0.5"), "quote'd \"text\"", b"'", day(2000, 2, 29), dt.time(10, 10, 10), at(2000, 2, 29, 10, 10, 10), at(2000, 2, 29, 10, 10, 10, tzinfo=UTC)),
        (13, True, 5, 25, 125, 2.5, 2.5, D("2.50"), D("2.5"), "🎉 party", None, day(1900, 3, 1), None, at(1900, 3, 1), None),
        (14, False, 6, None, 216, None, 3.5, None, D("-0.5"), "One", b"one", None, dt.time(18, 0), None, at(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
        (15, None, None, 81, None, 1e-3, 1e-300, D("1000.00"), None, None, b"\xff\xff\xff", day(2024, 1, 1), dt.time(0, 0), at(2024, 1, 1, 12), at(2024, 1, 1, 12, tzinfo=UTC)),
        (16, True, 1, 1, 1, 1.5, 1.5, D("1.00"), D("1"), "one", b"\x01", day(2024, 1, 1), dt.time(0, 0), at(2024, 1, 1), at(2024, 1, 1, tzinfo=UTC)),
    ]
    return Table(columns, rows, 5)


def numbers():
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    rows = [(n, n * n * n, D(n) / 4, words[n % 10], n % 3 == 0) for n in range(1, 101)]
    return Table({"n": "int4", "cube": "int8", "quarter": "numeric(8,2)", "word": "text", "third": "bool"}, rows, 16)


def departments():
    rows = [
        (10, "Engineering", "Berlin", D("1000000.00")),
        (20, "Sales", "Paris", D("250000.50")),
        (30, "Support", "Berlin", D("90000.00")),
        (40, "Legal", None, None),
        (50, "Research", "Oslo", D("500000.00")),
        (60, "Archive", "Paris", D("0.00")),
    ]
    return Table({"dept_id": "int4", "name": "text", "location": "text", "budget": "numeric(12,2)"}, rows, 4)


def employees():
    first = ["Ada", "Bob", "Cy", "Dee", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jo"]
    last = ["Stone", "Reed", "Lake", "Moss"]
    g = Generator(7)
    rows = []
    for i in range(1, 41):
        dept = None if i % 11 == 0 else 99 if i == 37 else 10 * (1 + g.skewed(5))
        manager = None if i <= 2 else (i + 1) // 3
        salary = None if i == 29 else D(30000 + 250 * g.below(200)) + D(g.below(4)) / 4
        rating = None if i % 9 == 0 else (g.below(40) + 10) / 8
        hired = dt.date(2015, 1, 1) + dt.timedelta(days=83 * i % 3000)
        rows.append((i, f"{first[i % 10]} {last[i % 4]}", dept, manager, salary, rating, hired, None if i % 13 == 0 else i % 4 != 0))
    columns = {"emp_id": "int4", "name": "text", "dept_id": "int4", "manager_id": "int4", "salary": "numeric(10,2)",
               "rating": "float8", "hired": "date", "active": "bool"}
    return Table(columns, rows, 10)


def pairs(seed, count, key, value, keys):
    """A join side with duplicates, skew, NULL keys and NULL values."""
    g = Generator(seed)
    rows = []
    for i in range(count):
        k = None if g.below(8) == 0 else keys[g.skewed(len(keys))]
        rows.append((k, None if g.below(10) == 0 else f"{value}{i}", g.below(5)))
    return Table({"k": key, "v": "text", "g": "int2"}, rows, 7)


def customers():
    g = Generator(21)
    regions = ["north", "south", "east", "west", None]
    rows = [(i, f"Customer#{i:03d}", g.pick(regions), D(g.below(2_000_000) - 500_000) / 100,
             dt.date(2020, 1, 1) + dt.timedelta(days=g.below(1200))) for i in range(1, 61)]
    return Table({"cust_id": "int8", "name": "text", "region": "text", "balance": "numeric(15,2)", "since": "date"}, rows, 20)


def products():
    g = Generator(22)
    kinds, colors = ["bolt", "nut", "screw", "washer"], ["red", "green", "blue"]
    rows = [(i, f"{g.pick(colors)} {g.pick(kinds)} {i}", g.pick(kinds), D(g.below(10000) + 1) / 100,
             None if i % 7 == 0 else g.below(500) / 4) for i in range(1, 31)]
    return Table({"prod_id": "int4", "name": "text", "kind": "text", "price": "numeric(8,2)", "weight": "float8"}, rows, 8)


def sales():
    """Orders of customers 1–45 only, a few of nobody."""
    g = Generator(23)
    rows = []
    for i in range(1, 301):
        cust = None if g.below(40) == 0 else 1 + g.below(45) if g.below(3) else 1 + g.skewed(6)
        day = dt.date(2023, 1, 1) + dt.timedelta(days=g.below(730))
        shipped = None if g.below(6) == 0 else dt.datetime.combine(day, dt.time(g.below(24), g.below(60))) + dt.timedelta(days=g.below(30))
        rows.append((i, cust, day, shipped, g.pick(["open", "paid", "paid", "void"])))
    return Table({"sale_id": "int8", "cust_id": "int8", "sold": "date", "shipped": "timestamp", "status": "text"}, rows, 64)


def sale_items():
    g = Generator(24)
    rows = []
    for sale in range(1, 301):
        for line in range(1, 1 + g.below(6)):
            rows.append((sale, line, 1 + g.below(28), 1 + g.below(50), D(g.below(10000) + 1) / 100, D(g.below(11)) / 100))
    columns = {"sale_id": "int8", "line": "int2", "prod_id": "int4", "quantity": "int4", "price": "numeric(8,2)", "discount": "numeric(4,2)"}
    return Table(columns, rows, 100)


def events():
    g = Generator(25)
    kinds = ["click", "view", "buy", "error"]
    rows = []
    for i in range(1, 201):
        at = dt.datetime(2024, 1, 1) + dt.timedelta(seconds=g.below(366 * 86400), microseconds=g.below(1000) * 1000)
        rows.append((i, at, at.replace(tzinfo=UTC) if i % 10 else None, kinds[g.skewed(4)],
                     None if i % 17 == 0 else D(g.below(2_000_000) - 1_000_000) / 10000, g.below(1024) / 32, g.below(4) == 0))
    columns = {"id": "int8", "at": "timestamp", "at_tz": "timestamptz", "kind": "text", "amount": "numeric(12,4)", "ratio": "float4", "flag": "bool"}
    return Table(columns, rows, 50)


def strings():
    values = ["", "a", "A", "abc", "ABC", "aBc", "abcabc", "%", "_", "100%", "a_c", "a%c", "\\", "a\\b", "  spaces  ",
              "tab\there", "new\nline", "äpfel", "ÄPFEL", "日本語テキスト", "🎉🎈", "hello world", "Hello, World!", "x,y,,z",
              "foo.bar.baz", "1", "-12", " 42 ", "3.14", "1e3", "true", "2024-02-29", "not a number", "NULL", "null", None, None,
              "the quick brown fox", "o'brien", "zzz"]
    return Table({"id": "int4", "s": "text"}, [(i + 1, s) for i, s in enumerate(values)], 12)


def floats():
    values = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 1e10, 1e-10, INF, -INF, NAN, None, 123456.75, 0.1, NAN]
    return Table({"id": "int4", "x": "float8", "y": "float4"}, [(i + 1, v, v) for i, v in enumerate(values)], 6)


def truth():
    three = [True, False, None]
    return Table({"a": "bool", "b": "bool"}, [(a, b) for a in three for b in three], 4)


def tables():
    return {
        "alltypes": alltypes(),
        "customers": customers(),
        "departments": departments(),
        "employees": employees(),
        "empty_table": Table({"a": "int4", "b": "text", "c": "numeric(10,2)", "d": "date"}, [], 10),
        "events": events(),
        "floats": floats(),
        "left_pairs": pairs(31, 40, "int4", "l", [1, 2, 3, 4, 5, 6, 7]),
        "numbers": numbers(),
        "one_row": Table({"a": "int4", "b": "text"}, [(1, "only")], 10),
        "products": products(),
        "right_pairs": pairs(32, 30, "int8", "r", [2, 1, 8, 4, 3, 9, 10]),
        "sale_items": sale_items(),
        "sales": sales(),
        "strings": strings(),
        "truth": truth(),
    }


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables().items():
        schema = pa.schema([pa.field(c, arrow_type(t)) for c, t in table.columns.items()])
        columns = list(zip(*table.rows)) or [[] for _ in schema]
        arrays = [pa.array(list(values), type=f.type) for values, f in zip(columns, schema)]
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), folder / f"{name}.parquet", row_group_size=table.group,
                       compression="snappy", write_page_index=True, store_schema=False)


def load(conn, reverse):
    """Create and fill the tables in PostgreSQL, first or last row first."""
    for name, table in tables().items():
        columns = ", ".join(f"{c} {t}" for c, t in table.columns.items())
        conn.execute(f"create table {name} ({columns})")
        slots = ", ".join(f"%s::{t}" for t in table.columns.values())
        with conn.cursor() as cursor:
            cursor.executemany(f"insert into {name} values ({slots})", table.rows[::-1] if reverse else table.rows)
    conn.execute("analyze")
