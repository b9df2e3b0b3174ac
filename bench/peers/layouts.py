"""TPC-H as many writers would write it: the same rows in files of other page versions, codecs, encodings, row groups and
orders, and the same five queries on each. What is fast on one layout only shows here."""

import pathlib
import re
import subprocess
import tempfile

import numpy
import pyarrow
import pyarrow.parquet

import tpch
from suite import Query, Suite

TABLES = "customer orders lineitem".split()
NUMBERS = 1, 3, 6, 13, 18


def tpchgen(tables, folder, scale, skein):
    """snappy, row groups of 7 MiB, decimals in 64 bits, as in the TPC-H suite"""
    for name, path in tables.items():
        (folder / path.name).hardlink_to(path)


def own(tables, folder, scale, skein):
    """`skein tpch generate`"""
    chosen = [argument for name in TABLES for argument in ("--table", name)]
    subprocess.run([skein, "tpch", "generate", "--sf", scale, "--out", folder, *chosen], check=True, stdout=subprocess.DEVNULL)


def duckdb(tables, folder, scale, skein):
    """DuckDB's copy, its defaults: snappy, row groups of 122,880 rows"""
    import duckdb

    for name, path in tables.items():
        duckdb.sql(f"copy (from read_parquet('{path}')) to '{folder / path.name}' (format parquet)")


def polars(tables, folder, scale, skein):
    """Polars' write_parquet, its defaults: zstd"""
    import polars

    for name, path in tables.items():
        polars.read_parquet(path).write_parquet(folder / path.name)


def arrow(tables, folder, scale, skein):
    """pyarrow's defaults: snappy, dictionaries, row groups of 1,048,576 rows, decimals in fixed-length bytes"""
    write(tables, folder)


def plain(tables, folder, scale, skein):
    """pyarrow: data pages v2, zstd, no dictionaries"""
    write(tables, folder, data_page_version="2.0", compression="zstd", use_dictionary=False)


def delta(tables, folder, scale, skein):
    """pyarrow: data pages v2, delta encodings for integers and strings, decimals in integers, lz4, no dictionaries"""
    write(tables, folder, encode=True, data_page_version="2.0", compression="lz4", use_dictionary=False,
          store_decimal_as_integer=True)


def raw(tables, folder, scale, skein):
    """pyarrow: not compressed, row groups of 65,536 rows, pages of 64 KiB"""
    write(tables, folder, compression="none", row_group_size=1 << 16, data_page_size=1 << 16)


def shuffled(tables, folder, scale, skein):
    """pyarrow's defaults, rows in random order"""
    write(tables, folder, rng=numpy.random.default_rng(7))


def write(tables, folder, rng=None, encode=False, **options):
    for path in tables.values():
        table = usual(pyarrow.parquet.read_table(path))
        if rng:
            table = table.take(rng.permutation(len(table)))
        encodings = {field.name: encoding(field.type) for field in table.schema} if encode else {}
        encodings = {name: value for name, value in encodings.items() if value}
        pyarrow.parquet.write_table(table, folder / path.name, column_encoding=encodings or None, **options)


def usual(table):
    """Text as strings, not as the views that the source's schema asks for: few functions and no encoding know these."""
    return table.cast(pyarrow.schema([field.with_type(pyarrow.string()) if pyarrow.types.is_string_view(field.type) else field
                                      for field in table.schema]))


def encoding(type):
    if pyarrow.types.is_integer(type) or pyarrow.types.is_date32(type) or pyarrow.types.is_decimal(type):
        return "DELTA_BINARY_PACKED"
    return "DELTA_BYTE_ARRAY" if pyarrow.types.is_string(type) else None


LAYOUTS = {layout.__name__: layout for layout in (tpchgen, own, duckdb, polars, arrow, plain, delta, raw, shuffled)}


def generate(folder, scale, skein):
    """LAYOUT_TABLE.parquet for every layout and table."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        made = pathlib.Path(made)
        (made / "source").mkdir()
        tpch.generate(made / "source", scale, skein)
        tables = {name: made / "source" / f"{name}.parquet" for name in TABLES}
        for name, layout in LAYOUTS.items():
            (made / name).mkdir()
            layout(tables, made / name, scale, skein)
            for path in (made / name).glob("*.parquet"):
                path.rename(folder / f"{name}_{path.name}")


def queries(scale):
    texts = {number: tpch.text(number, scale) for number in NUMBERS}
    return {f"{name}-{number}": Query("", re.sub(rf"\b({'|'.join(TABLES)})\b", rf"{name}_\1", sql))
            for name in LAYOUTS for number, sql in texts.items()}


SUITE = Suite("layouts", "TPC-H at SF {scale} in the files of many writers", "sf", "0.5",
              "Parquet: " + "; ".join(f"{name} is {layout.__doc__}" for name, layout in LAYOUTS.items()), generate, queries)
