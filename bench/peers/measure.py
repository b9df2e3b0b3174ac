"""Runs the queries on the engines in turn and compares the answers."""

import os
import pathlib
import tempfile

import pyarrow

import compare
from process import Failed

LATENCY_RUNS = 1000


def start(engines, tables, timeout_s):
    """Starts every engine and asks it something small, so that the first query measured does not pay for what a
    process does once. The reasons of those that cannot, by name; they are taken out of engines."""
    missing = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, engine in list(engines.items()):
            try:
                engine.start()
                for table in tables:
                    engine.ask(timeout_s, sql=f"select count(*) from {table}", answer=f"{folder}/warm")
            except Failed as failed:
                missing[name] = str(failed)
                del engines[name]
                print(f"{name} is left out: {failed}", flush=True)
    return missing


def latency(engine, timeout_s):
    """Seconds for select 1: as a statement of its own each time, and as one prepared statement."""
    engine.ask(timeout_s, latency="select 1", count=100)
    reply, _ = engine.ask(timeout_s, latency="select 1", count=LATENCY_RUNS)
    return {how: dict(zip(("best", "median", "p99"), quantiles(seconds))) for how, seconds in reply.items()}


def quantiles(seconds):
    ordered = sorted(seconds)
    return [ordered[int(q * len(ordered))] for q in (0, 0.5, 0.99)]


def measure(engines, queries, runs, timeout_s):
    """By the label of the query and engine: {"seconds": [...], "cpu_seconds": [...], "peak_bytes": n, "rows": n}, or what came
    before "failed" or "differs"."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (label, query) in enumerate(queries.items()):
            results[label] = one(engines, query, number, runs, timeout_s, pathlib.Path(folder))
            best = {name: f"{min(r['seconds']):.4f}" if ok(r) else "failed" for name, r in results[label].items()}
            print(f"q{label} " + "  ".join(f"{name} {text}" for name, text in best.items()), flush=True)
    return results


def ok(result):
    return "failed" not in result and "differs" not in result


def one(engines, query, number, runs, timeout_s, folder):
    """One query, the number says the how manieth: in each run all engines, the next one first."""
    names = list(engines)
    results = {name: {"seconds": [], "cpu_seconds": [], "peak_bytes": 0, "rows": None} for name in names}
    for run in range(runs):
        first = (number + run) % len(names)
        for name in names[first:] + names[:first]:
            if ok(results[name]):
                ask(engines[name], query.text(name), results[name], folder / name, timeout_s)
        check(query, {name: folder / name for name in names if ok(results[name])}, results)
    return results


def ask(engine, sql, result, answer, timeout_s):
    try:
        reply, peak = engine.ask(timeout_s, sql=sql, answer=str(answer))
    except Failed as failed:
        result["failed"] = str(failed)
        print(f"{engine.name}: {failed}", flush=True)
        return
    result["seconds"].append(reply["seconds"])
    result["cpu_seconds"].append(reply["cpu_seconds"])
    result["peak_bytes"] = max(result["peak_bytes"], peak)
    result["rows"] = reply["rows"]


def check(query, answers, results):
    """Compares every answer with that of the first engine, a peer where there is one."""
    expected = None
    for name, path in answers.items():
        with pyarrow.OSFile(str(path)) as file:
            answer = pyarrow.ipc.open_file(file).read_all()
        os.remove(path)
        if expected is None:
            reference, expected = name, answer
            continue
        difference = compare.difference(expected, answer, query.order())
        if difference:
            results[name]["differs"] = f"from {reference}: {difference}"
            print(f"{name} differs from {reference}: {difference}", flush=True)
