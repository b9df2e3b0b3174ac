"""Window functions over TPC-H's lineitem: each query takes one number of all rows, so that what is measured is sorting and
the functions."""

import tpch
from suite import Suite, read


SUITE = Suite("windows", "Window functions over lineitem of TPC-H at SF {scale}", "sf", "1", "snappy Parquet by tpchgen-cli",
              tpch.generate, lambda scale: read("windows"))
