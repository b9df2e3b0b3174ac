"""Writes plans of DataFusion: TPC-H and features, optimized and as parsed.

usage: datafusion_plans.py TPCH_FOLDER QUERIES_FOLDER OUT.zip
"""
import pathlib
import sys
import zipfile

from datafusion import SessionContext
from datafusion.substrait import Producer

tables, queries, out = map(pathlib.Path, sys.argv[1:])
ctx = SessionContext()
for f in sorted(tables.glob("*.parquet")):
    ctx.register_parquet(f.stem, str(f))
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
    for f in sorted(queries.glob("*.sql")):
        for kind in ("optimized", "parsed"):
            try:
                df = ctx.sql(f.read_text())
                plan = df.optimized_logical_plan() if kind == "optimized" else df.logical_plan()
                data = Producer.to_substrait_plan(plan, ctx).encode()
            except BaseException as e:  # a panic of the producer is none of ours
                print(f"{f.stem} {kind}: {str(e).splitlines()[0][:160]}")
                continue
            z.writestr(zipfile.ZipInfo(f"{f.stem}.{kind}.pb"), data, zipfile.ZIP_DEFLATED, 9)
