"""Skein beside its peers, on the same files: python bench/peers --help; README.md says how it is measured."""

import argparse
import datetime
import importlib
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import engines
import machine
import measure
import plot
import report
import tables
from process import Engine, Failed

SUITES = "tpch groupby join events layouts windows".split()  # each a module with a SUITE
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INTERRUPTS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def main():
    options = arguments()
    for number in INTERRUPTS:  # SIGINT too: a background job begins with it ignored
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    suite, scale = options.suite, options.scale
    data = options.data / (f"sf{scale}" if suite.name == "tpch" else f"{suite.name}-{suite.unit}{scale}")
    tables.fill(data, lambda folder: suite.generate(folder, scale, options.skein.resolve()))
    tables.warm(data)
    with tempfile.TemporaryDirectory(prefix="peers-") as logs:
        running = {name: Engine(name, data.resolve(), options.threads, options.skein.resolve(), f"{logs}/{name}")
                   for name in options.engines}
        all_engines = list(running.values())
        try:
            outcome = compare(running, options, data)
        finally:
            for number in INTERRUPTS:
                signal.signal(number, signal.SIG_IGN)  # a second one must not leave children behind
            for engine in all_engines:
                engine.stop()
    write(outcome, options)
    bad = [f"q{label} {name}" for label, results in outcome["queries"].items()
           for name, result in results.items() if not measure.ok(result)]
    if bad or outcome["missing"]:
        sys.exit("Without a result, or with another answer: " + ", ".join([*outcome["missing"], *bad]))


def arguments():
    parser = argparse.ArgumentParser(prog="bench/peers", description="Skein beside its peers")
    parser.add_argument("--suite", type=suite, default="tpch", help=" ".join(SUITES))
    parser.add_argument("--sf", help="scale factor, of tpch, layouts and windows")
    parser.add_argument("--rows", help="rows of the largest table, of the other suites")
    parser.add_argument("--runs", type=int, default=5, help="runs of each query; the best counts")
    parser.add_argument("--threads", type=int, default=2, help="threads of each engine")
    parser.add_argument("--queries", type=lambda text: text.split(","), help="such as 1,6,21")
    parser.add_argument("--engines", type=names, default=list(engines.BY_NAME), help="such as duckdb,skein")
    parser.add_argument("--timeout", type=float, default=600, help="seconds after which a query has failed")
    parser.add_argument("--skein", type=pathlib.Path, default=ROOT / "bin" / "skein")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "data" / "peers")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    options.scale = getattr(options, options.suite.unit) or options.suite.scale
    number = r"\d+(\.\d+)?" if options.suite.unit == "sf" else r"\d+"
    if not re.fullmatch(number, options.scale) or float(options.scale) == 0:
        parser.error(f"--{options.suite.unit} {options.scale}: not a size of {options.suite.name}")
    known = options.suite.queries(options.scale)
    unknown = set(options.queries or []) - set(known)
    if unknown:
        parser.error(f"--queries {','.join(sorted(unknown))}: {options.suite.name} has {', '.join(known)}")
    options.queries = {label: query for label, query in known.items() if not options.queries or label in options.queries}
    if options.runs < 1 or options.threads < 1:
        parser.error("--runs and --threads are at least 1")
    return options


def suite(name):
    if name not in SUITES:
        raise argparse.ArgumentTypeError("suites are " + ", ".join(SUITES))
    return importlib.import_module(name).SUITE


def names(text):
    chosen = text.split(",")
    if not set(chosen) <= set(engines.BY_NAME):
        raise argparse.ArgumentTypeError("engines are " + ", ".join(engines.BY_NAME))
    return [name for name in engines.BY_NAME if name in chosen]  # peers first: answers are compared with the first


def compare(running, options, data):
    suite = options.suite
    outcome = {"date": datetime.date.today().isoformat(), "suite": suite.name, "scale": options.scale,
               "title": suite.heading(options.scale), "files": suite.files, "runs": options.runs,
               "threads": options.threads, "machine": machine.describe(), "bytes": tables.size_bytes(data),
               "titles": {label: query.title for label, query in options.queries.items()},
               "dialects": {label: query.reasons for label, query in options.queries.items() if query.reasons}}
    outcome["missing"] = measure.start(running, tables.paths(data), options.timeout)
    if not running:
        sys.exit("No engine is there to measure")
    outcome["versions"] = {name: engine.version for name, engine in running.items()}
    outcome["settings"] = {name: engines.BY_NAME[name].settings.format(threads=options.threads) for name in running}
    outcome["base_bytes"] = {name: engine.base_bytes for name, engine in running.items()}
    if "skein" in running and suite.name == "tpch":
        try:
            outcome["latency"] = measure.latency(running["skein"], options.timeout)
        except Failed as failed:
            print(f"select 1: {failed}", flush=True)
    outcome["queries"] = measure.measure(running, options.queries, options.runs, options.timeout)
    return outcome


def write(outcome, options):
    options.out.mkdir(parents=True, exist_ok=True)
    name = f"{outcome['date']}-{outcome['suite']}-{options.suite.unit}{outcome['scale']}"
    if outcome["threads"] != 2:
        name += f"-threads{outcome['threads']}"
    (options.out / f"{name}.json").write_text(json.dumps(outcome, indent=1) + "\n")
    picture = plot.ratios(outcome)
    if picture:
        (options.out / f"{name}.svg").write_text(picture)
    (options.out / f"{name}.md").write_text(report.text(outcome, f"{name}.svg" if picture else None))
    print(f"\n{options.out / name}.md")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]} ended with exit code {error.returncode}")
