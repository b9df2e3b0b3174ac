"""Columns of random values for the generated tables. The same generator gives the same columns on every machine, as
long as the pinned numpy stays the same."""

import numpy
import pyarrow
import pyarrow.compute


def zipf(rng, distinct, rows, exponent=1.0):
    """Ranks below distinct, rank r as often as 1 / (r + 1) ** exponent."""
    weights = numpy.cumsum(1.0 / numpy.arange(1, distinct + 1) ** exponent)
    ranks = numpy.searchsorted(weights, rng.random(rows) * weights[-1], side="right")
    return numpy.minimum(ranks, distinct - 1)


def chosen(pool, indexes):
    """pool[i] for every index."""
    return pyarrow.array(pool).take(pyarrow.array(indexes))


def some(rng, values, share_of_nulls):
    """The values, a share of them replaced by NULL."""
    values = values if isinstance(values, pyarrow.Array) else pyarrow.array(values)
    kept = pyarrow.array(rng.random(len(values)) >= share_of_nulls)
    return pyarrow.compute.if_else(kept, values, pyarrow.scalar(None, values.type))


def written(pattern, numbers):
    """Every number as text, as "id{:03}".format writes it; each distinct one is formatted once."""
    distinct, indexes = numpy.unique(numbers, return_inverse=True)
    return chosen([pattern.format(n) for n in distinct.tolist()], indexes)
