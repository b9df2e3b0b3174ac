#!/usr/bin/env python3
"""Makes the stored answers: runs the 22 queries with their validation parameters on DuckDB and on PostgreSQL and
writes them down where both agree.

    skein tpch generate --sf 0.01 --out DIR
    python make.py 0.01 DIR

Needs: pip install duckdb==2.0.0; PostgreSQL 15 in PG_BIN (default /usr/lib/postgresql/15/bin); and, because the
PostgreSQL server does not run as root, an unprivileged user to run it as when called by root (PG_USER, default
"nobody"). The server is a throw-away one: a directory under /tmp, a unix socket, no port.

Answers are CSV: a header, then the rows in the order of the query, NULL as the empty string. Numbers are
PostgreSQL's, with all their digits; DuckDB's must be equal to them after rounding to the smaller number of decimals,
one unit in the last place either way; its averages and quotients, which are doubles, to 12 significant digits.
"""

import csv
import datetime
import decimal
import io
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
TABLES = "region nation supplier customer part partsupp orders lineitem".split()
INDEXES = """
region(r_regionkey) nation(n_nationkey) supplier(s_suppkey) customer(c_custkey) part(p_partkey)
partsupp(ps_partkey,ps_suppkey) orders(o_orderkey) orders(o_custkey)
lineitem(l_orderkey) lineitem(l_partkey,l_suppkey)
""".split()
PG_TYPES = {"VARCHAR": "text", "BIGINT": "bigint", "INTEGER": "integer", "DATE": "date", "DECIMAL(15,2)": "numeric(15,2)"}


def main(scale, data):
    queries = {n: query(n, scale) for n in range(1, 23)}
    duck = duckdb.connect()
    for table in TABLES:
        files = f"{data}/{table}.parquet" if os.path.exists(f"{data}/{table}.parquet") else f"{data}/{table}/*.parquet"
        duck.sql(f"create view {table} as select * from read_parquet('{files}')")
    out = HERE / f"sf{scale}"
    out.mkdir(exist_ok=True)
    with Postgres() as postgres:
        load(duck, postgres)
        for n, sql in queries.items():
            start = time.time()
            header, rows = postgres.rows(sql)
            middle = time.time()
            other = duck.sql(sql).fetchall()
            print(f"q{n:02}: {len(rows)} rows, PostgreSQL {middle - start:.1f} s, DuckDB {time.time() - middle:.1f} s",
                  flush=True)
            compare(n, rows, other)
            with open(out / f"q{n:02}.csv", "w", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([header] + rows)


def query(n, scale):
    sql = (HERE.parent / "queries" / f"q{n:02}.sql").read_text()
    params = json.loads((HERE.parent / "queries" / "validation.json").read_text())[str(n)]
    if n == 11:
        params["fraction"] = f"{decimal.Decimal('0.0001') / decimal.Decimal(scale):.10f}".rstrip("0")
    return re.sub(r"\{(\w+)\}", lambda match: params[match[1]], sql)


def compare(n, rows, other):
    if len(rows) != len(other):
        sys.exit(f"q{n:02}: {len(rows)} rows in PostgreSQL, {len(other)} in DuckDB")
    for number, (a, b) in enumerate(zip(rows, other), 1):
        if len(a) != len(b) or not all(map(same, a, b)):
            sys.exit(f"q{n:02}: row {number}: PostgreSQL {a}, DuckDB {b}")


def same(a, b):
    """Whether the text a of PostgreSQL and the value b of DuckDB are the same."""
    if b is None or isinstance(b, str):
        return a == (b or "")
    if isinstance(b, datetime.date):
        return a == b.isoformat()
    x, y = decimal.Decimal(a), decimal.Decimal(b)
    if isinstance(b, float):
        return abs(x - y) <= decimal.Decimal("1e-12") * abs(x)
    unit = decimal.Decimal(1).scaleb(max(x.as_tuple().exponent, y.as_tuple().exponent))
    return abs(x.quantize(unit) - y.quantize(unit)) <= unit


def load(duck, postgres):
    with tempfile.TemporaryDirectory(prefix="tpch-load-") as folder:
        os.chmod(folder, 0o755)
        for table in TABLES:
            columns = duck.sql(f"describe {table}").fetchall()
            postgres.run(f"create table {table} ({', '.join(f'{c[0]} {PG_TYPES[c[1]]} not null' for c in columns)})")
            file = f"{folder}/{table}.csv"
            duck.sql(f"copy {table} to '{file}' (format csv, header false)")
            postgres.run(f"copy {table} from '{file}' (format csv)")
            os.remove(file)
    for index in INDEXES:
        postgres.run(f"create index on {index.replace('(', ' (')}")
    postgres.run("vacuum analyze")


class Postgres:
    """A throw-away server that lives as long as the with block."""

    def __enter__(self):
        self.bin = os.environ.get("PG_BIN", "/usr/lib/postgresql/15/bin")
        self.home = tempfile.mkdtemp(prefix="tpch-pg-")
        self.user = None
        if os.geteuid() == 0:
            self.user = os.environ.get("PG_USER", "nobody")
            entry = pwd.getpwnam(self.user)
            os.chown(self.home, entry.pw_uid, entry.pw_gid)
        data = self.home + "/data"
        subprocess.run([f"{self.bin}/initdb", "-D", data, "-U", "tpch", "--locale=C", "-E", "UTF8", "--no-sync"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self.user, cwd=self.home)
        settings = {"listen_addresses": "", "unix_socket_directories": self.home, "fsync": "off", "full_page_writes": "off",
                    "shared_buffers": "1GB", "work_mem": "512MB", "maintenance_work_mem": "512MB", "max_wal_size": "4GB",
                    "max_parallel_workers_per_gather": "1", "jit": "off"}
        self.log = open(self.home + "/log", "w")
        self.server = subprocess.Popen(
            [f"{self.bin}/postgres", "-D", data] + [a for k, v in settings.items() for a in ("-c", f"{k}={v}")],
            user=self.user, cwd=self.home, stdout=self.log, stderr=self.log)
        for _ in range(100):
            if subprocess.run([f"{self.bin}/pg_isready", "-q", "-h", self.home]).returncode == 0:
                return self
            time.sleep(0.1)
        sys.exit(f"PostgreSQL does not start, see {self.home}/log")

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.log.close()
        shutil.rmtree(self.home)

    def run(self, sql, *options):
        command = [f"{self.bin}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.home, "-U", "tpch", "-d", "postgres"]
        return subprocess.run(command + list(options) + ["-c", sql], check=True, stdout=subprocess.PIPE, text=True).stdout

    def rows(self, sql):
        lines = list(csv.reader(io.StringIO(self.run(sql, "--csv"))))
        return lines[0], [line or [""] for line in lines[1:]]  # a NULL alone on its line reads as no field


if __name__ == "__main__":
    main(*sys.argv[1:])
