"""python -m unittest discover -s bench/peers -p '*_test.py', in the environment of the comparison."""

import pathlib
import tempfile
import unittest

import pyarrow
import pyarrow.parquet

import engines
import events
import groupby
import join
import layouts
import report
import suite
import tables
import tpch

SUITES = [tpch.SUITE, groupby.SUITE, join.SUITE, events.SUITE, layouts.SUITE]


class Texts(unittest.TestCase):
    FILE = "-- 1: first\nselect 1;\n\n-- 2: second\n-- A note.\nselect 2\norder by a, b desc\nlimit 3;\n-- polars: why\nselect 3;\n"

    def test_labels_begin_queries(self):
        queries = suite.parse(self.FILE)
        self.assertEqual(["1", "2"], list(queries))
        self.assertEqual("second", queries["2"].title)
        self.assertEqual("select 1", queries["1"].text("polars"))

    def test_dialects_are_one_engines_and_say_why(self):
        query = suite.parse(self.FILE)["2"]
        self.assertEqual(("select 3", {"polars": "why"}), (query.text("polars"), query.reasons))
        self.assertTrue(query.text("duckdb").startswith("-- A note.\nselect 2"))

    def test_order_by_of_the_text_for_all(self):
        self.assertEqual(["a", "b"], suite.parse(self.FILE)["2"].order())

    def test_labels_are_not_taken_twice(self):
        with self.assertRaises(ValueError):
            suite.parse("-- 1: a\nselect 1;\n-- 1: b\nselect 2;\n")


class Suites(unittest.TestCase):
    def test_dialects_are_of_engines(self):
        for one in SUITES:
            for label, query in one.queries(one.scale).items():
                with self.subTest(suite=one.name, query=label):
                    self.assertLessEqual(set(query.dialects), set(engines.BY_NAME))

    def test_scales_are_shown(self):
        self.assertEqual("TPC-H at SF 0.5", tpch.SUITE.heading("0.5"))
        self.assertIn(" 5,000,000 rows", join.SUITE.heading("5000000"))

    def test_queries_of_layouts_read_their_own_files(self):
        text = layouts.queries("1")["delta-18"].sql
        self.assertIn("    delta_customer,\n    delta_orders,\n    delta_lineitem\n", text)
        self.assertIn("c_custkey = o_custkey", text)

    def test_titles_of_queries(self):
        self.assertEqual(["Q7", "delta-18"], [report.name("7"), report.name("delta-18")])


class Generated(unittest.TestCase):
    ROWS = "1200"

    def generated(self, one):
        with tempfile.TemporaryDirectory() as folder:
            one.generate(pathlib.Path(folder), self.ROWS, None)
            return {name: pyarrow.parquet.read_table(path) for name, path in tables.paths(pathlib.Path(folder)).items()}

    def test_same_every_time(self):
        for one in (groupby.SUITE, join.SUITE, events.SUITE):
            with self.subTest(suite=one.name):
                self.assertEqual(self.generated(one), self.generated(one))

    def test_group_by_keys(self):
        x = self.generated(groupby.SUITE)["x"]
        self.assertEqual(1200, x.num_rows)
        self.assertEqual([100, 12, 5], [len(x[name].unique()) for name in ("id1", "id3", "v1")])

    def test_nine_of_ten_rows_find_a_partner(self):
        made = self.generated(join.SUITE)
        self.assertEqual({"big": 1200, "medium": 1, "small": 1, "x": 1200}, {name: len(t) for name, t in made.items()})
        for number, text in (("id3", False), ("id6", True)):
            right = made["big"][number].to_pylist()
            self.assertEqual(1200, len(set(right)))
            self.assertEqual(1080, len(set(right) & set(made["x"][number].to_pylist())))

    def test_strings_write_the_numbers(self):
        big = self.generated(join.SUITE)["big"]
        self.assertEqual([f"id{n}" for n in big["id3"].to_pylist()], big["id6"].to_pylist())

    def test_events_have_nulls_at_many_rates_and_order_by_time(self):
        hits = self.generated(events.SUITE)["hits"]
        self.assertEqual((1200, 60), hits.shape)
        nulls = {name: hits[name].null_count / 1200 for name in ("url", "latitude", "age", "error_message")}
        for name, least, most in (("url", 0, 0), ("latitude", 0.04, 0.12), ("age", 0.55, 0.65), ("error_message", 0.95, 1)):
            self.assertTrue(least <= nulls[name] <= most, (name, nulls[name]))
        days = hits["event_date"].to_pylist()
        self.assertEqual(sorted(days), days)


if __name__ == "__main__":
    unittest.main()
