"""The group-by questions of db-benchmark (H2O.ai): one table of six keys and three values, K = 100, no NULLs, unsorted."""

import numpy
import pyarrow
import pyarrow.parquet

import random_columns
from suite import Suite, read

GROUPS = 100
CHUNK = 1_000_000


def generate(folder, scale, skein):
    rng, rows = numpy.random.default_rng(108), int(scale)
    many = max(rows // GROUPS, 1)
    writer = None
    for start in range(0, rows, CHUNK):
        table = part(rng, min(CHUNK, rows - start), many)
        writer = writer or pyarrow.parquet.ParquetWriter(folder / "x.parquet", table.schema)
        writer.write_table(table)
    writer.close()


def part(rng, rows, many):
    def keys(distinct):
        return rng.integers(1, distinct + 1, rows, dtype=numpy.int64)

    return pyarrow.table({
        "id1": random_columns.written("id{:03}", keys(GROUPS)),
        "id2": random_columns.written("id{:03}", keys(GROUPS)),
        "id3": random_columns.written("id{:010}", keys(many)),
        "id4": keys(GROUPS),
        "id5": keys(GROUPS),
        "id6": keys(many),
        "v1": keys(5),
        "v2": keys(15),
        "v3": numpy.round(rng.random(rows) * 100, 6),
    })


SUITE = Suite("groupby", "Group-bys of db-benchmark, {scale} rows", "rows", "5000000", "snappy Parquet by pyarrow",
              generate, lambda scale: read("groupby"))
