"""Writes the fixtures of this folder and what is in them.

    pip install pyarrow==26.0.1 duckdb==2.0.0 polars==2.1.0 tpchgen-cli==4.0.0
    python make.py

NAME.parquet and NAME+VARIANT.parquet are files, NAME.json their rows as pyarrow reads them: null, strings
for scalars (floats as the bits of a double, bytes as hex, dates as days, times as
microseconds), lists for lists, structs and intervals, lists of pairs for maps.
"""

import datetime
import decimal
import json
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import uuid

import duckdb
import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
random.seed(20261121)
EPOCH = datetime.date(1970, 1, 1)


def scalar(v, t):
    if v is None:
        return None
    if isinstance(t, pa.BaseExtensionType):
        if t.extension_name == "arrow.uuid":
            return str(uuid.UUID(bytes=v.bytes if isinstance(v, uuid.UUID) else v))
        return scalar(v, t.storage_type)
    if pa.types.is_boolean(t):
        return "true" if v else "false"
    if pa.types.is_floating(t):
        return struct.pack(">d", v).hex()
    if pa.types.is_integer(t):
        return str(v)
    if pa.types.is_decimal(t):
        return format(v, "f")
    if pa.types.is_date(t):
        return str((v - EPOCH).days)
    if pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_fixed_size_binary(t) or pa.types.is_binary_view(t):
        return v.hex()
    if pa.types.is_map(t):
        return [[scalar(k, t.key_type), scalar(x, t.item_type)] for k, x in v]
    if pa.types.is_nested(t) and not pa.types.is_struct(t):
        return [scalar(x, t.value_type) for x in v]
    if pa.types.is_struct(t):
        return [scalar(v[f.name], f.type) for f in t]
    if pa.types.is_null(t):
        return None
    return str(v)


def rows_of(table):
    columns = []
    for field, column in zip(table.schema, table.columns):
        t = field.type
        if pa.types.is_dictionary(t):
            t, column = t.value_type, column.cast(t.value_type)
        if pa.types.is_timestamp(t) or pa.types.is_time(t):
            unit = {"s": 1000000, "ms": 1000, "us": 1, "ns": None}[t.unit]
            ints = column.cast(pa.int32() if pa.types.is_time32(t) else pa.int64())
            values = [None if v is None else str(v * unit if unit else v // 1000) for v in ints.to_pylist()]
        elif t == pa.month_day_nano_interval():
            values = [None if v is None else [str(v[0]), str(v[1]), str(v[2] // 1000)] for v in column.to_pylist()]
        else:
            values = [scalar(v, t) for v in column.to_pylist()]
        columns.append(values)
    return [list(row) for row in zip(*columns)]


def expect(name, table=None):
    """Stores what pyarrow, or a given table, says is in the file."""
    if table is None:
        table = pq.ParquetFile(HERE / f"{name}.parquet", coerce_int96_timestamp_unit="us").read()
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows_of(table))
    path, text = HERE / f"{name.split('+')[0]}.json", f"[\n{lines}\n]\n"
    assert "+" not in name or not path.exists() or path.read_text() == text, name
    path.write_text(text)


def save(name, table, **options):
    pq.write_table(table, HERE / f"{name}.parquet", **options)
    expect(name)


def holes(values, share=0.2):
    return [None if random.random() < share else v for v in values]


WORDS = ["", "a", "ship", "eleven char", "twelve chars", "thirteen char", "a longer string, not inline at all", "ünïcödé ★ text", "x" * 300]


def types_table(n, share):
    r = random.randrange
    dec = lambda p, s: [decimal.Decimal(r(-(10**p) + 1, 10**p)).scaleb(-s, decimal.Context(prec=40)) for _ in range(n)]
    day = lambda: EPOCH + datetime.timedelta(days=r(-20000, 40000))
    make = {
        "bool": (pa.bool_(), [r(2) == 1 for _ in range(n)]),
        "i8": (pa.int8(), [r(-128, 128) for _ in range(n)]),
        "i16": (pa.int16(), [r(-(2**15), 2**15) for _ in range(n)]),
        "i32": (pa.int32(), [r(-(2**31), 2**31) for _ in range(n)]),
        "i64": (pa.int64(), [r(-(2**63), 2**63) for _ in range(n)]),
        "u8": (pa.uint8(), [r(2**8) for _ in range(n)]),
        "u16": (pa.uint16(), [r(2**16) for _ in range(n)]),
        "u32": (pa.uint32(), [r(2**32) for _ in range(n)]),
        "u64": (pa.uint64(), [r(2**64) for _ in range(n)]),
        "f16": (pa.float16(), [float(r(-2048, 2048)) / 64 for _ in range(n)]),
        "f32": (pa.float32(), [struct.unpack("f", struct.pack("f", random.uniform(-1e9, 1e9)))[0] for _ in range(n)]),
        "f64": (pa.float64(), [random.choice([random.uniform(-1e300, 1e300), float("inf"), -0.0, 1e-310]) for _ in range(n)]),
        "d9": (pa.decimal128(9, 2), dec(9, 2)),
        "d18": (pa.decimal128(18, 6), dec(18, 6)),
        "d38": (pa.decimal128(38, 10), dec(38, 10)),
        "date": (pa.date32(), [day() for _ in range(n)]),
        "t_ms": (pa.time32("ms"), [r(86400000) for _ in range(n)]),
        "t_us": (pa.time64("us"), [r(86400000000) for _ in range(n)]),
        "t_ns": (pa.time64("ns"), [r(86400000000000) for _ in range(n)]),
        "ts_ms": (pa.timestamp("ms"), [r(-(10**13), 10**13) for _ in range(n)]),
        "ts_us": (pa.timestamp("us", "UTC"), [r(-(10**16), 10**16) for _ in range(n)]),
        "ts_ns": (pa.timestamp("ns"), [r(-(10**18), 10**18) for _ in range(n)]),
        "text": (pa.string(), [random.choice(WORDS) + random.choice(["", str(r(1000))]) for _ in range(n)]),
        "few": (pa.string(), [random.choice(WORDS) for _ in range(n)]),
        "blob": (pa.binary(), [random.randbytes(r(20)) for _ in range(n)]),
        "fixed": (pa.binary(5), [random.randbytes(5) for _ in range(n)]),
    }
    names = list(make)
    return pa.table([pa.array(holes(v, share), type=t) for t, v in make.values()], names=names)


def pyarrow_files():
    t = types_table(180, 0.25)
    save("pyarrow_types+v1", t, row_group_size=100, data_page_size=256, write_batch_size=16)
    save("pyarrow_types+v2", t, row_group_size=100, data_page_size=256, write_batch_size=16, data_page_version="2.0",
         compression="zstd", store_decimal_as_integer=True, write_page_index=True)
    save("pyarrow_types_plain", types_table(60, 0), use_dictionary=False, compression="none", version="2.6")
    full = pa.schema([pa.field(f.name, f.type, nullable=False) for f in t.schema])
    save("pyarrow_required", types_table(90, 0).cast(full), row_group_size=50, data_page_size=128, write_batch_size=8)
    save("pyarrow_nulls", pa.table({f.name: pa.nulls(70, f.type) for f in t.schema}), row_group_size=40)
    save("pyarrow_empty", t.slice(0, 0))
    ts = t.select(["ts_us", "ts_ns"])
    save("pyarrow_int96", ts, use_deprecated_int96_timestamps=True)
    save("pyarrow_null_type", pa.table({"n": pa.nulls(5), "i": pa.array([1, 2, None, 4, 5])}))
    small = t.select(["i64", "f64", "few"])
    for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
        for version in ["1.0", "2.0"]:
            save(f"pyarrow_codecs+{codec}_v{version[0]}", small, compression=codec, data_page_version=version, data_page_size=600,
                 write_batch_size=32, use_dictionary=["few"])
    save("pyarrow_bool_rle", pa.table({"a": pa.array(holes([i // 40 % 2 == 1 for i in range(500)])), "b": pa.array([i % 7 < 3 for i in range(500)])}),
         data_page_version="2.0", use_dictionary=False, column_encoding={"a": "RLE", "b": "RLE"}, data_page_size=40, write_batch_size=50)
    encodings()
    fallback()
    nested()
    indexed()


def encodings():
    r, n = random.randrange, 400
    walk, at = [], 0
    for _ in range(n):
        at += r(-3, 40)
        walk.append(at)
    t = pa.table({
        "d32": pa.array(holes([r(-(2**31), 2**31) for _ in range(n)]), pa.int32()),
        "d64": pa.array(holes([r(-(2**63), 2**63) for _ in range(n)]), pa.int64()),
        "walk": pa.array(walk, pa.int64()),
        "same": pa.array([7] * n, pa.int32()),
        "len": pa.array(holes([random.choice(WORDS) + str(i) for i in range(n)])),
        "pre": pa.array(holes(sorted(random.choice(["north", "northern", "south"]) + random.choice(WORDS[:6]) + str(r(100)) for _ in range(n)))),
        "prefix": pa.array([bytes([0, i // 100, i // 10, i % 256]) for i in range(n)], pa.binary(4)),
        "s32": pa.array(holes([random.gauss(0, 1e3) for _ in range(n)]), pa.float32()),
        "s64": pa.array(holes([random.gauss(0, 1e3) for _ in range(n)]), pa.float64()),
        "si32": pa.array(holes([r(-1000, 1000) for _ in range(n)]), pa.int32()),
        "si64": pa.array([r(-(2**40), 2**40) for _ in range(n)], pa.int64()),
        "sfix": pa.array(holes([random.randbytes(3) for _ in range(n)]), pa.binary(3)),
        "sdec": pa.array(holes([decimal.Decimal(r(10**25)).scaleb(-5) for _ in range(n)]), pa.decimal128(30, 5)),
    })
    how = {"d32": "DELTA_BINARY_PACKED", "d64": "DELTA_BINARY_PACKED", "walk": "DELTA_BINARY_PACKED", "same": "DELTA_BINARY_PACKED",
           "len": "DELTA_LENGTH_BYTE_ARRAY", "pre": "DELTA_BYTE_ARRAY", "prefix": "DELTA_BYTE_ARRAY"}
    how |= {c: "BYTE_STREAM_SPLIT" for c in ["s32", "s64", "si32", "si64", "sfix", "sdec"]}
    for version in ["1.0", "2.0"]:
        save(f"pyarrow_encodings+v{version[0]}", t, use_dictionary=False, column_encoding=how, data_page_version=version,
             data_page_size=700, write_batch_size=64, row_group_size=260, compression="zstd")


def fallback():
    """Chunks that begin with dictionary pages and end with plain ones."""
    n, r = 1500, random.randrange
    t = pa.table({
        "key": pa.array([i * 7 + r(3) for i in range(n)], pa.int64()),
        "maybe": pa.array(holes([r(50) if i < 700 else r(10**9) for i in range(n)]), pa.int64()),
        "text": pa.array([random.choice(WORDS[:7]) + ("" if i < 600 else str(r(10**6))) for i in range(n)]),
        "price": pa.array([decimal.Decimal(r(10**7)).scaleb(-2) for _ in range(n)], pa.decimal128(15, 2)),
    })
    save("pyarrow_fallback", t, dictionary_pagesize_limit=900, data_page_size=300, write_batch_size=50, row_group_size=900)


def nested():
    r, n = random.randrange, 160
    maybe = lambda f, share=0.15: None if random.random() < share else f()
    many = lambda f: [f() for _ in range(random.choice([0, 0, 1, 2, 5]))]
    t = pa.table({
        "id": pa.array(range(n), pa.int32()),
        "list": pa.array([maybe(lambda: many(lambda: maybe(lambda: r(100)))) for _ in range(n)], pa.list_(pa.int64())),
        "deep": pa.array([maybe(lambda: many(lambda: maybe(lambda: many(lambda: maybe(lambda: random.choice(WORDS[:7])))))) for _ in range(n)],
                         pa.list_(pa.list_(pa.string()))),
        "row": pa.array([maybe(lambda: {"a": maybe(lambda: r(10)), "b": maybe(lambda: {"c": random.choice(WORDS[:5]), "d": maybe(lambda: r(5) / 2)})})
                         for _ in range(n)], pa.struct([("a", pa.int32()), ("b", pa.struct([("c", pa.string()), ("d", pa.float64())]))])),
        "rows": pa.array([maybe(lambda: many(lambda: maybe(lambda: {"k": maybe(lambda: r(9)), "v": maybe(lambda: many(lambda: r(4)))}))) for _ in range(n)],
                         pa.list_(pa.struct([("k", pa.int16()), ("v", pa.list_(pa.int32()))]))),
        "map": pa.array([maybe(lambda: [(random.choice(WORDS[1:7]) + str(i), maybe(lambda: r(1000))) for i in range(r(4))]) for _ in range(n)],
                        pa.map_(pa.string(), pa.decimal128(10, 3))),
        "maps": pa.array([maybe(lambda: [(i, maybe(lambda: many(lambda: maybe(lambda: r(3))))) for i in range(r(3))]) for _ in range(n)],
                         pa.map_(pa.int32(), pa.list_(pa.int64()))),
        "must": pa.array([many(lambda: r(100)) for _ in range(n)], pa.list_(pa.field("element", pa.int32(), nullable=False))),
    })
    for version in ["1.0", "2.0"]:
        save(f"pyarrow_nested+v{version[0]}", t, data_page_version=version, data_page_size=64, write_batch_size=7, row_group_size=90)
    save("pyarrow_nested+plain", t, use_dictionary=False, compression="none")


def indexed():
    n, r = 2000, random.randrange
    t = pa.table({
        "sorted": pa.array(range(0, 3 * n, 3), pa.int64()),
        "steps": pa.array([None if 400 <= i < 900 else i // 100 for i in range(n)], pa.int32()),
        "noise": pa.array([r(1000) for _ in range(n)], pa.int32()),
        "name": pa.array([f"row {i:05d}" for i in range(n)]),
        "payload": pa.array([random.choice(WORDS[:7]) for _ in range(n)]),
        "tags": pa.array([["t"] * (i % 3) for i in range(n)], pa.list_(pa.string())),
    })
    save("pyarrow_indexed", t, write_page_index=True, data_page_size=400, write_batch_size=50, use_dictionary=["payload", "noise"],
         row_group_size=1000, sorting_columns=[pq.SortingColumn(0)])


def duckdb_files():
    con = duckdb.connect()
    con.execute("select setseed(0.5)")
    con.execute("""create table t as select i::integer id, case when i % 5 > 0 then (i * 37 % 100)::bigint end bi, (i % 7 = 0) b,
        (i % 120)::tinyint ti, (i * 3)::smallint si, (i % 200)::utinyint uti, (i * 9)::usmallint usi, (i * 99991)::uinteger ui,
        (i::hugeint * 18446744073709551)::ubigint ubi, (i / 7)::float f, sqrt(i) d, (i * 1.01)::decimal(15, 2) dec15, (i * 12345678901.5)::decimal(30, 3) dec30,
        (i % 9)::decimal(4, 1) dec4, date '1992-01-01' + (i % 2500)::integer dt, timestamp '2001-02-03 04:05:06.789' + to_seconds(i * 777) ts,
        timestamptz '2001-02-03 04:05:06+00' - to_seconds(i * 777) tz, time '00:00:01' + to_seconds(i * 7) tm,
        case when i % 3 > 0 then 'shared ' || (i % 11) end s, 'unique string number ' || i u, encode('blob' || (i % 4)) bl,
        to_months((i % 30)::integer) + to_days((i % 5)::integer) + to_milliseconds(i) iv, md5(i::varchar)::uuid uid,
        case when i % 4 > 0 then range(i % 4) end l, {'x': i, 'y': case when i % 2 = 0 then 'even' end} st,
        map {'k' || (i % 3): i, 'z': null} m, ('color ' || (i % 3))::enum('color 0', 'color 1', 'color 2') en
        from range(900) r(i)""")
    for name, options in {"duckdb+snappy": "compression snappy", "duckdb+zstd_v2": "compression zstd, parquet_version v2", "duckdb+lz4": "compression lz4_raw"}.items():
        path = HERE / f"{name}.parquet"
        con.execute(f"copy (select * exclude (iv, tm) from t) to '{path}' (format parquet, {options}, row_group_size 2048)")
        expect(name)
    con.execute(f"copy (select iv, tm from t limit 50) to '{HERE / 'duckdb_interval'}.parquet' (format parquet)")
    table = con.sql(f"select iv, extract(microsecond from tm)::bigint + extract(minute from tm) * 60000000 + extract(hour from tm) * 3600000000 tm from '{HERE / 'duckdb_interval'}.parquet'").to_arrow_table()
    expect("duckdb_interval", table)


def polars_files():
    r, n = random.randrange, 300
    df = polars.DataFrame({
        "i": holes([r(-1000, 1000) for _ in range(n)]), "s": holes([random.choice(WORDS) for _ in range(n)]),
        "f": [random.random() for _ in range(n)], "b": holes([r(2) == 0 for _ in range(n)]),
        "d": [EPOCH + datetime.timedelta(days=r(20000)) for _ in range(n)],
        "t": [datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=r(10**8)) for _ in range(n)],
        "l": holes([[r(5) for _ in range(r(3))] for _ in range(n)]), "st": [{"a": r(3), "b": random.choice(WORDS[:4])} for _ in range(n)],
    })
    df = df.with_columns(c=polars.col("s").cast(polars.Categorical), dec=polars.col("i").cast(polars.Decimal(12, 2)))
    for codec in ["zstd", "lz4", "uncompressed"]:
        df.write_parquet(HERE / f"polars+{codec}.parquet", compression=codec, row_group_size=170, data_page_size=500, statistics="full")
        expect(f"polars+{codec}")


def tpch_files():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tpchgen-cli", "parquet", "-c", "SNAPPY", "-s", "0.001", "--output-dir", folder], check=True)
        for name in ["nation", "supplier", "part"]:
            os.replace(f"{folder}/{name}.parquet", HERE / f"tpchgen_{name}.parquet")
            expect(f"tpchgen_{name}")


def testing_files():
    """testing_* are files of github.com/apache/parquet-testing (Apache-2.0), commit 1a2a751:
    Impala, Spark, old parquet-mr, and shapes that today's writers do not make."""
    for path in HERE.glob("testing_*.parquet"):
        expect(path.stem)


if __name__ == "__main__":
    for old in [*HERE.glob("*.json"), *HERE.glob("*.parquet")]:
        if not old.name.startswith("testing_"):
            old.unlink()
    testing_files()
    pyarrow_files()
    duckdb_files()
    polars_files()
    tpch_files()
