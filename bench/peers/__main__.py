"""Skein beside its peers on TPC-H, on the same files: python bench/peers --help; README.md says how it is measured."""

import argparse
import datetime
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
import queries
import report
import tables
from process import Engine, Failed

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INTERRUPTS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def main():
    options = arguments()
    for number in INTERRUPTS:  # SIGINT too: a background job begins with it ignored
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    data = options.data / f"sf{options.sf}"
    tables.generate(data, options.sf)
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
    bad = [f"q{number:02} {name}" for number, results in outcome["queries"].items()
           for name, result in results.items() if not measure.ok(result)]
    if bad or outcome["missing"]:
        sys.exit("Without a result, or with another answer: " + ", ".join([*outcome["missing"], *bad]))


def arguments():
    parser = argparse.ArgumentParser(prog="bench/peers", description="Skein beside its peers on TPC-H")
    parser.add_argument("--sf", default="1", help="scale factor")
    parser.add_argument("--runs", type=int, default=5, help="runs of each query; the best counts")
    parser.add_argument("--threads", type=int, default=2, help="threads of each engine")
    parser.add_argument("--queries", type=numbers, default=list(queries.NUMBERS), help="such as 1,6,21")
    parser.add_argument("--engines", type=names, default=list(engines.BY_NAME), help="such as duckdb,skein")
    parser.add_argument("--timeout", type=float, default=600, help="seconds after which a query has failed")
    parser.add_argument("--skein", type=pathlib.Path, default=ROOT / "bin" / "skein")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "data" / "peers")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    if not re.fullmatch(r"\d+(\.\d+)?", options.sf) or float(options.sf) == 0:
        parser.error(f"--sf {options.sf}: not a scale factor")
    if options.runs < 1 or options.threads < 1:
        parser.error("--runs and --threads are at least 1")
    return options


def numbers(text):
    chosen = [int(part) for part in text.split(",")]
    if not set(chosen) <= set(queries.NUMBERS):
        raise argparse.ArgumentTypeError("queries are 1 to 22")
    return chosen


def names(text):
    chosen = text.split(",")
    if not set(chosen) <= set(engines.BY_NAME):
        raise argparse.ArgumentTypeError("engines are " + ", ".join(engines.BY_NAME))
    return [name for name in engines.BY_NAME if name in chosen]  # peers first: answers are compared with the first


def compare(running, options, data):
    outcome = {"date": datetime.date.today().isoformat(), "scale": options.sf, "runs": options.runs,
               "threads": options.threads, "machine": machine.describe(), "bytes": tables.size_bytes(data)}
    outcome["missing"] = measure.start(running, options.timeout)
    if not running:
        sys.exit("No engine is there to measure")
    outcome["versions"] = {name: engine.version for name, engine in running.items()}
    outcome["settings"] = {name: engines.BY_NAME[name].settings.format(threads=options.threads) for name in running}
    outcome["base_bytes"] = {name: engine.base_bytes for name, engine in running.items()}
    if "skein" in running:
        try:
            outcome["latency"] = measure.latency(running["skein"], options.timeout)
        except Failed as failed:
            print(f"select 1: {failed}", flush=True)
    outcome["queries"] = measure.measure(running, options.queries, options.sf, options.runs, options.timeout)
    return outcome


def write(outcome, options):
    options.out.mkdir(parents=True, exist_ok=True)
    name = f"{outcome['date']}-tpch-sf{outcome['scale']}"
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
