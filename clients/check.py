"""Runs the suites of clients against a server, and says what passed: python3 clients/check.py [--write] SUITE…

Suites are python, pyarrow, superset, go, jdbc, node, conformance, validation; none named: all. A server over TPC-H at scale
factor 0.01 is started for each. What a suite needs is installed under data/clients and data/bin, and in Maven's own
folder. A suite prints a line for each check: passed, failed or skipped, a tab, the check's name, a tab and the reason.

With --write the table goes into docs/clients/README.md.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "data" / "clients"
PAGE = ROOT / "docs" / "clients" / "README.md"
PYTHON = DATA / "venv" / "bin" / "python"
ARROW = "v18.8.0"
JDBC = "18.3.0"


class Missing(Exception):
    """What a suite needs and cannot be had."""


def call(*command, **more):
    done = subprocess.run([str(c) for c in command], cwd=ROOT, **more)
    if done.returncode != 0:
        raise Missing(f"{' '.join(str(c) for c in command[:4])} … ended with {done.returncode}")
    return done


def environment():
    want = ROOT / "clients" / "python" / "requirements.txt"
    have = DATA / "venv" / want.name
    if have.is_file() and have.read_text() == want.read_text():
        return
    print("installing the clients of Python", flush=True)
    if not PYTHON.exists():
        call(sys.executable, "-m", "venv", DATA / "venv")
    call(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", want)
    shutil.copyfile(want, have)


class Server:
    """bin/skein over TPC-H's tables, on a free port, as long as the block lasts."""

    def __enter__(self):
        tables = DATA / "tpch"
        if not (tables / "supplier.parquet").is_file():
            call("bin/skein", "tpch", "generate", "--sf", "0.01", "--out", tables, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(["bin/skein", "serve", "--listen", "127.0.0.1:0", "--tables", str(tables)], cwd=ROOT,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if line.startswith("skein ready "):
                return line.removeprefix("skein ready ").strip()
        raise Missing("the server does not become ready")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)


def lines(command, timeout=900):
    done = subprocess.run([str(c) for c in command], cwd=ROOT, capture_output=True, text=True, timeout=timeout)
    found = [line.split("\t") for line in done.stdout.splitlines() if line.split("\t")[0] in ("passed", "failed", "skipped")]
    if not found:
        found.append(["failed", "the suite itself", " ".join((done.stderr or done.stdout)[-400:].split())])
    return found


def of_python(script):
    def run():
        environment()
        with Server() as address:
            return lines([PYTHON, "-B", ROOT / "clients" / "python" / script, address])
    return run


def jdbc():
    for tool in ("java", "javac", "mvn"):
        if not shutil.which(tool):
            raise Missing(f"{tool} is not installed")
    home, path = DATA / "jdbc", DATA / "jdbc" / "classpath"
    home.mkdir(parents=True, exist_ok=True)
    call("mvn", "-q", "-B", "-f", "clients/jdbc/pom.xml", "dependency:build-classpath", f"-Dmdep.outputFile={path}",
         stdout=subprocess.DEVNULL)
    jars = path.read_text().strip()
    call("javac", "-d", home, "-cp", jars, *sorted((ROOT / "clients" / "jdbc" / "src").glob("*.java")))
    with Server() as address:
        return lines(["java", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", f"{jars}:{home}", "Suite", address])


def golang():
    done = subprocess.run(["go", "test", "-count=1", "-json", "-timeout", "10m", "-run", "TestGoClient|TestDatabaseSQLDriver",
                           "./internal/node", "./flight"], cwd=ROOT, capture_output=True, text=True)
    words = {"pass": "passed", "fail": "failed", "skip": "skipped"}
    out = []
    for line in done.stdout.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("Action") in words and "Test" in event:
            out.append([words[event["Action"]], event["Test"], ""])
    return out or [["failed", "the suite itself", " ".join(done.stderr[-400:].split())]]


def node():
    if not shutil.which("npm"):
        raise Missing("npm is not installed")
    home = DATA / "node"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "clients" / "node" / "package.json", home / "package.json")
    call("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", home)
    with Server() as address:
        return lines(["env", f"MODULES={home}", "node", "clients/node/suite.mjs", address])


def conformance():
    client = ROOT / "data" / "bin" / "arrow-flight-integration-client"
    if not client.exists():
        package = "github.com/apache/arrow-go/v18/arrow/internal/flight_integration/cmd/arrow-flight-integration-client@" + ARROW
        call("go", "install", package, env={**os.environ, "GOBIN": str(client.parent)})
    server = DATA / "conformance-server"
    call("go", "build", "-o", server, "./clients/conformance/server")
    return lines([sys.executable, "-B", "clients/conformance/run.py", server, client])


def validation():
    checkout = os.environ.get("VALIDATION", "")
    if not checkout:
        raise Missing("adbc-drivers/validation is in no package index; VALIDATION names a folder that has it")
    python = os.environ.get("VALIDATION_PYTHON", "")
    if not python:
        raise Missing("the suite wants Python 3.13 with its own libraries; VALIDATION_PYTHON names one")
    with Server() as address:
        call("bin/skein", "sql", "--addr", address, "-c", "create schema other", stdout=subprocess.DEVNULL)
        return lines([python, "-B", "clients/validation/run.py", address, checkout])


SUITES = {
    "python": ("Python: ADBC, pandas, Polars", of_python("adbc_dbapi.py")),
    "pyarrow": ("Python: pyarrow.flight", of_python("arrow_flight.py")),
    "superset": ("Python: flightsql-dbapi and its SQLAlchemy dialect (Superset)", of_python("superset.py")),
    "go": ("Go: ADBC and database/sql", golang),
    "jdbc": (f"JDBC: flight-sql-jdbc-driver {JDBC}", jdbc),
    "node": ("Node.js: @lakehouse-rs/flight-sql-client 0.0.10", node),
    "conformance": (f"Arrow's integration client {ARROW}", conformance),
    "validation": ("adbc-drivers/validation", validation),
}


def table(results):
    out = ["| suite | passed | failed | skipped |", "|---|---:|---:|---:|"]
    notes = []
    for name, found in results.items():
        counts = [sum(f[0] == outcome for f in found) for outcome in ("passed", "failed", "skipped")]
        out.append(f"| `{name}`: {SUITES[name][0]} | {counts[0]} | {counts[1]} | {counts[2]} |")
        reasons = {}
        for f in found:
            if f[0] != "passed":
                reasons.setdefault((f[0], (f[2:] or [""])[0]), []).append(f[1])
        for (outcome, reason), checks in reasons.items():
            what = checks[0] if len(checks) == 1 else f"{len(checks)} checks, {checks[0]} the first"
            notes.append(f"| `{name}` | {what.replace('|', '&#124;')} | {outcome}: {reason.replace('|', '&#124;')} |")
    if notes:
        out += ["", "| suite | not passed | why |", "|---|---|---|", *notes]
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("suites", nargs="*")
    arguments = parser.parse_args()
    if arguments.write and arguments.suites:
        parser.error("the table has all suites: --write goes without names")
    results = {}
    for name in arguments.suites or SUITES:
        try:
            results[name] = SUITES[name][1]()
        except Missing as reason:
            results[name] = [["skipped", "the suite", str(reason)]]
        for f in results[name]:
            print(name, *f, sep="\t", flush=True)
    text = table(results)
    print("\n" + text)
    if arguments.write:
        begin, end = "<!-- made by clients/check.py -->", "<!-- end -->"
        page = PAGE.read_text()
        PAGE.write_text(page[:page.index(begin) + len(begin)] + "\n" + text + "\n" + page[page.index(end):])
    sys.exit(any(f[0] == "failed" for found in results.values() for f in found))


if __name__ == "__main__":
    main()
