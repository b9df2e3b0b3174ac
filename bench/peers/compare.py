"""Whether two engines gave the same answer.

Whole numbers, text and dates must be equal. Decimals of one scale must be equal; of two scales, equal within one unit
of the coarser, because engines round or cut the digits beyond. Where one of two numbers is a float: within one unit of
the decimal's last place, or a relative 1e-9. The order of rows must be the same, save that rows which are equal in
every ORDER BY column may stand in any order; without ORDER BY all may, so their first columns should be a key.
"""

import decimal
import math

RELATIVE = 1e-9


def difference(expected, got, order):
    """None, or in one line what differs. Both are pyarrow.Tables; order has the names of the ORDER BY columns, which
    are looked up in expected: engines name other columns as they like."""
    if expected.num_columns != got.num_columns:
        return f"{got.num_columns} columns instead of {expected.num_columns}"
    if expected.num_rows != got.num_rows:
        return f"{got.num_rows} rows instead of {expected.num_rows}"
    keys = [expected.column_names.index(name) for name in order]
    a, b = rows(expected), rows(got)
    for number, (x, y) in enumerate(zip(a, b), 1):
        for column in keys:
            if not same(x[column], y[column]):
                return where(number, expected.column_names[column], x[column], y[column])
    start = 0
    while start < len(a):
        end = start + 1
        while end < len(a) and all(a[end][k] == a[start][k] for k in keys):
            end += 1
        difference = tied(a[start:end], b[start:end], start, expected.column_names)
        if difference:
            return difference
        start = end
    return None


def tied(a, b, start, names):
    """The first difference between rows whose order is open."""
    if len(a) > 1:
        a, b = sorted(a, key=repr), sorted(b, key=repr)
    for number, (x, y) in enumerate(zip(a, b), start + 1):
        for name, p, q in zip(names, x, y):
            if not same(p, q):
                return where(number, name, p, q)
    return None


def where(number, name, expected, got):
    return f"row {number}, {name}: {got} instead of {expected}"


def rows(table):
    return list(zip(*(column.to_pylist() for column in table.columns)))


def same(a, b):
    if not (number(a) and number(b)):
        return a == b
    if not (isinstance(a, float) or isinstance(b, float)):
        units = [unit(a), unit(b)]
        if units[0] == units[1] or isinstance(a, int) or isinstance(b, int):
            return a == b
        return abs(a - b) <= max(units)
    exact = [unit(x) for x in (a, b) if isinstance(x, decimal.Decimal)]
    a, b = float(a), float(b)
    return math.isclose(a, b, rel_tol=RELATIVE, abs_tol=float(exact[0]) if exact else 0.0)


def number(value):
    return isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool)


def unit(value):
    return decimal.Decimal(1).scaleb(value.as_tuple().exponent) if isinstance(value, decimal.Decimal) else decimal.Decimal(1)
