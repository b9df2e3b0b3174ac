"""The joins of db-benchmark (H2O.ai): a table x, and right sides of a millionth, a thousandth and all of its rows. Keys
are unique on the right, nine of ten rows of x find a partner, and strings write the same keys as the numbers."""

import numpy
import pyarrow
import pyarrow.parquet

import random_columns
from suite import Suite, read


def generate(folder, scale, skein):
    rng, rows = numpy.random.default_rng(108), int(scale)
    sizes = {"small": max(rows // 1_000_000, 1), "medium": max(rows // 1_000, 1), "big": rows}
    left, right = {}, {}
    for name, size in sizes.items():
        # Of the size + size / 10 keys either side has size; those at the ends are its own.
        left[name] = numpy.arange(1, size + 1)
        right[name] = left[name] + max(size // 10, 1)
    write(folder / "x.parquet", {**ids(rng, left, rows), "v1": value(rng, rows)})
    names = list(sizes)
    for number, name in enumerate(names, 1):
        known = {n: right[n] for n in names[:number]}
        write(folder / f"{name}.parquet", {**ids(rng, known, sizes[name]), "v2": value(rng, sizes[name])})


def ids(rng, keys, rows):
    """id1 to id3 are the keys as numbers, id4 to id6 the same as text: every key at least once where rows suffice."""
    columns = {}
    for number, name in enumerate(keys, 1):
        drawn = keys[name] if len(keys[name]) == rows else rng.choice(keys[name], rows)
        columns[f"id{number}"] = rng.permutation(drawn)
    texts = {f"id{number + 3}": random_columns.written("id{}", column) for number, column in enumerate(columns.values(), 1)}
    return {**columns, **texts}


def value(rng, rows):
    return numpy.round(rng.random(rows) * 100, 6)


def write(path, columns):
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


SUITE = Suite("join", "Joins of db-benchmark, {scale} rows", "rows", "5000000", "snappy Parquet by pyarrow",
              generate, lambda scale: read("join"))
