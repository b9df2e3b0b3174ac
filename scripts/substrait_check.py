"""Asks DataFusion, and the official validator, about plans of Skein.

usage: substrait_check.py TPCH_FOLDER QUERIES_FOLDER PLANS_FOLDER

Every plan must give DataFusion the answer of the SQL, but for those that it refuses; what
the validator says beyond what its version does not know is printed.
"""
import pathlib
import sys

import substrait_validator
from datafusion import SessionContext
from datafusion.substrait import Consumer, Serde

tables, queries, plans = map(pathlib.Path, sys.argv[1:])
ctx = SessionContext()
for f in sorted(tables.glob("*.parquet")):
    ctx.register_parquet(f.stem, str(f))


def rows(df):
    def text(v):
        return f"{float(v):.2f}" if type(v).__name__ in ("Decimal", "float", "int") else str(v)

    return [[text(v) for v in row.values()] for row in df.to_pylist()]


right, refused, wrong = [], [], []
for f in sorted(plans.glob("*.pb")):
    want = rows(ctx.sql((queries / f"{f.stem}.sql").read_text()))
    try:
        plan = Consumer.from_substrait_plan(ctx, Serde.deserialize_bytes(f.read_bytes()))
        got = rows(ctx.create_dataframe_from_logical_plan(plan))
    except Exception as e:
        refused.append(f.stem)
        print(f"{f.stem}: DataFusion: {str(e)[:140]}")
        continue
    (right if got == want else wrong).append(f.stem)
print(f"DataFusion: {len(right)} right, {len(refused)} refused, {len(wrong)} wrong {wrong}")

# What version 0.57 of the specification does not know of 0.87.
unknown = ("EXPERIMENTAL", "cannot automatically determine", "URI anchor", "not yet implemented", "extension_urn")
said = {}
for f in sorted(plans.glob("*.pb")):
    handle = substrait_validator.plan_to_result_handle(f.read_bytes())
    for line in handle.export_diagnostics().splitlines():
        if not any(u in line for u in unknown):
            said.setdefault(line.split(": ", 1)[-1][:120], []).append(f.stem)
for what, where in sorted(said.items()):
    print(f"validator: {what} ({', '.join(where[:5])})")
sys.exit(1 if wrong else 0)
