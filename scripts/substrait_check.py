"""Asks DataFusion, DuckDB, Acero and the official validator about plans of Skein.

usage: substrait_check.py TPCH_FOLDER QUERIES_FOLDER PLANS_FOLDER

Every plan must give an engine the answer that DuckDB gives to the SQL, but for those that
it refuses or that end its process, and DuckDB's FetchRels, which it takes to be of no rows:
its extension is of a version that has no count_expr. What the validator says beyond what
its version does not know is printed.
"""
import multiprocessing
import pathlib
import sys

ENGINES = ("DataFusion", "DuckDB", "Acero")
KNOWN_WRONG = {("DuckDB", q) for q in ("q02", "q03", "q10", "q18")}


def rows(table):
    def text(v):
        return f"{float(v):.2f}" if type(v).__name__ in ("Decimal", "float", "int") else str(v)

    return [[text(v) for v in row] for row in table]


def of_arrow(table):
    return [list(row.values()) for row in table.to_pylist()]


def duckdb_with(tables):
    import duckdb

    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for f in sorted(tables.glob("*.parquet")):
        connection.execute(f"create table {f.stem} as select * from '{f}'")
    return connection


def by_datafusion(tables, plan):
    from datafusion import SessionContext
    from datafusion.substrait import Consumer, Serde

    ctx = SessionContext()
    for f in sorted(tables.glob("*.parquet")):
        ctx.register_parquet(f.stem, str(f))
    logical = Consumer.from_substrait_plan(ctx, Serde.deserialize_bytes(plan))
    return of_arrow(ctx.create_dataframe_from_logical_plan(logical))


def by_duckdb(tables, plan):
    import duckdb_extension_substrait

    connection = duckdb_with(tables)
    extension = next(pathlib.Path(duckdb_extension_substrait.__path__[0]).rglob("*.duckdb_extension"))
    connection.execute(f"load '{extension}'")
    return connection.execute("call from_substrait(?)", [plan]).fetchall()


def by_acero(tables, plan):
    import pyarrow
    import pyarrow.parquet
    import pyarrow.substrait

    def table(names, schema):
        return pyarrow.parquet.read_table(tables / f"{names[-1]}.parquet")

    return of_arrow(pyarrow.substrait.run_query(pyarrow.py_buffer(plan), table_provider=table).read_all())


def ask(engine, tables, plan, answer):
    try:
        answer.put(("rows", rows({"DataFusion": by_datafusion, "DuckDB": by_duckdb, "Acero": by_acero}[engine](tables, plan))))
    except Exception as e:
        answer.put(("refused", " ".join(str(e).split())[:140]))


def answer_of(engine, tables, plan):
    """What an engine answers in a process of its own, which it may end."""
    answer = multiprocessing.Queue()
    process = multiprocessing.Process(target=ask, args=(engine, tables, plan, answer))
    process.start()
    while process.is_alive() and answer.empty():
        process.join(0.05)
    result = ("crashed", "the process ended") if answer.empty() else answer.get()
    process.join()
    return result


def validate(plans):
    import substrait_validator

    # What version 0.57 of the specification does not know of 0.87.
    unknown = ("EXPERIMENTAL", "cannot automatically determine", "URI anchor", "not yet implemented", "extension_urn")
    said = {}
    for f in plans:
        handle = substrait_validator.plan_to_result_handle(f.read_bytes())
        for line in handle.export_diagnostics().splitlines():
            if not any(u in line for u in unknown):
                said.setdefault(line.split(": ", 1)[-1][:120], []).append(f.stem)
    for what, where in sorted(said.items()):
        print(f"validator: {what} ({', '.join(where[:5])})")


def main():
    tables, queries, folder = map(pathlib.Path, sys.argv[1:])
    plans = sorted(folder.glob("*.pb"))
    oracle = duckdb_with(tables)
    want = {f.stem: rows(oracle.execute((queries / f"{f.stem}.sql").read_text()).fetchall()) for f in plans}
    bad = False
    for engine in ENGINES:
        count = {"right": [], "refused": [], "crashed": [], "wrong": []}
        for f in plans:
            kind, got = answer_of(engine, tables, f.read_bytes())
            if kind == "rows":
                kind = "right" if got == want[f.stem] else "wrong"
            elif kind == "refused":
                print(f"{f.stem}: {engine}: {got}")
            count[kind].append(f.stem)
        bad = bad or any((engine, q) not in KNOWN_WRONG for q in count["wrong"])
        print(f"{engine}: " + ", ".join(f"{len(q)} {kind}" + (f" ({' '.join(q)})" if q and kind != "right" else "") for kind, q in count.items()))
    validate(plans)
    return 1 if bad else 0


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.exit(main())
