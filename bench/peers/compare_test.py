"""python -m unittest discover -s bench/peers -p '*_test.py', in the environment of the comparison."""

import datetime
import unittest
from decimal import Decimal

import pyarrow

import compare
import tpch


def table(*rows, names="k v".split()):
    columns = zip(*rows) if rows else [[] for _ in names]
    return pyarrow.table([pyarrow.array(list(c)) for c in columns], names=names)


class Values(unittest.TestCase):
    def test_same(self):
        for a, b in [(1, 1), (1, Decimal("1")), (1, Decimal("1.00")), (Decimal("0.0286487413"), Decimal("0.02864874")),
                     (Decimal("0.050144"), 0.05014459706), (1e9, 1e9 + 0.5), (None, None), ("a", "a"),
                     (float("inf"), float("inf"))]:
            with self.subTest(a=a, b=b):
                self.assertTrue(compare.same(a, b) and compare.same(b, a))

    def test_different(self):
        for a, b in [(1, 2), (1, Decimal("1.01")), (Decimal("1.00"), Decimal("1.01")), (Decimal("0.0286"), Decimal("0.02884")),
                     (Decimal("0.050144"), 0.050146), (1.0, 1.0 + 1e-8), (None, 0), ("a", "a "), ("1", 1), (1.0, float("nan")),
                     (datetime.date(1995, 1, 1), datetime.date(1995, 1, 2))]:
            with self.subTest(a=a, b=b):
                self.assertFalse(compare.same(a, b) or compare.same(b, a))


class Tables(unittest.TestCase):
    def test_rows_of_equal_keys_may_change_places(self):
        self.assertIsNone(compare.difference(table((2, "a"), (2, "b"), (1, "c")), table((2, "b"), (2, "a"), (1, "c")), ["k"]))

    def test_without_order_all_rows_may_change_places(self):
        self.assertIsNone(compare.difference(table((1, "a"), (2, "b")), table((2, "b"), (1, "a")), []))
        self.assertIn("row 2, v", compare.difference(table((1, "a"), (2, "b")), table((2, "c"), (1, "a")), []))

    def test_order_counts(self):
        self.assertIn("row 1, k", compare.difference(table((2, "a"), (1, "b")), table((1, "b"), (2, "a")), ["k"]))
        self.assertIn("row 1, v", compare.difference(table((2, "a"), (2, "b")), table((2, "b"), (2, "a")), ["k", "v"]))

    def test_every_column_counts(self):
        self.assertEqual("row 2, v: c instead of b",
                         compare.difference(table((1, "a"), (2, "b")), table((1, "a"), (2, "c")), ["k"]))

    def test_shape_counts(self):
        self.assertIn("1 rows", compare.difference(table((1, "a"), (1, "a")), table((1, "a")), []))
        self.assertIn("1 columns", compare.difference(table((1, "a")), table((1,), names=["k"]), []))

    def test_names_are_each_engines_own(self):
        self.assertIsNone(compare.difference(table((1, "a")), table((1, "a"), names=["k", "sum(v)"]), ["k"]))


class Queries(unittest.TestCase):
    def test_order_by_of_the_query_not_of_a_subquery(self):
        self.assertEqual("s_acctbal n_name s_name p_partkey".split(), tpch.queries("1")["2"].order())
        self.assertEqual([], tpch.queries("1")["6"].order())

    def test_fraction_follows_the_scale(self):
        self.assertIn("* 0.00001\n", tpch.text(11, "10"))


if __name__ == "__main__":
    unittest.main()
