"""The engines, as their users call them. Each is a class of

    settings      what was set and why, for the report; {threads} is filled in
    version       after construction
    pid           the process whose memory counts
    run(sql)      the whole result, in memory: this is what is timed
    arrow(result) the result as a pyarrow.Table, not timed
    close()

An engine is imported when it is constructed, so that one that is not installed stops no other and environment
variables act in time. Tables are registered before the clock starts, as Skein's are: parsed footers may be kept,
decoded values may not.
"""

import os
import pathlib
import subprocess
import tempfile
import time
import warnings

import tables


class DuckDB:
    settings = "threads={threads}; views over read_parquet; parquet_metadata_cache=true; cache_local_files=false (its default)"

    def __init__(self, data, threads, skein):
        import duckdb

        # It advises to fetch Arrow through con.sql, which plans the query twice.
        warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
        self.pid, self.version = os.getpid(), duckdb.__version__
        self.connection = duckdb.connect(config={"threads": threads, "cache_local_files": False})
        for name, path in tables.paths(pathlib.Path(data)).items():
            self.connection.execute(f"create view {name} as from read_parquet('{path}')")
        self.connection.execute("set parquet_metadata_cache = true")  # of the extension that read_parquet loaded

    def run(self, sql):
        return self.connection.execute(sql).to_arrow_table()

    def arrow(self, result):
        return result

    def close(self):
        self.connection.close()


class Polars:
    settings = "POLARS_MAX_THREADS={threads}; SQLContext over scan_parquet; collect(engine=\"streaming\")"

    def __init__(self, data, threads, skein):
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars

        self.pid, self.version = os.getpid(), polars.__version__
        files = tables.paths(pathlib.Path(data))
        self.context = polars.SQLContext({name: polars.scan_parquet(path) for name, path in files.items()})

    def run(self, sql):
        return self.context.execute(sql).collect(engine="streaming")

    def arrow(self, result):
        return result.to_arrow()

    def close(self):
        pass


class DataFusion:
    settings = "target_partitions={threads}, TOKIO_WORKER_THREADS={threads}; register_parquet; else its defaults"

    def __init__(self, data, threads, skein):
        os.environ["TOKIO_WORKER_THREADS"] = str(threads)
        import datafusion

        self.pid, self.version = os.getpid(), datafusion.__version__
        self.context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(threads))
        for name, path in tables.paths(pathlib.Path(data)).items():
            self.context.register_parquet(name, path)

    def run(self, sql):
        return self.context.sql(sql).to_arrow_table()

    def arrow(self, result):
        return result

    def close(self):
        pass


class Skein:
    settings = ("serve --threads {threads} --workers 2 --column-cache 0, its own process; queries through ADBC Flight SQL "
                "over TCP")
    options = ["--column-cache", "0"]
    start_timeout_s = 60

    def __init__(self, data, threads, skein):
        import adbc_driver_flightsql.dbapi as flightsql

        self.version = subprocess.run([skein, "version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        with tempfile.TemporaryDirectory() as folder:
            said = pathlib.Path(folder) / "said"  # a file, not a pipe: nobody reads on after the first line
            command = [skein, "serve", "--listen", "127.0.0.1:0", "--threads", str(threads), "--workers", "2",
                       "--tables", data, *self.options]
            with open(said, "w") as out:
                self.server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out)
            self.pid = self.server.pid
            self.connection = None
            try:
                self.connection = flightsql.connect(self.address(said), autocommit=True)
            except BaseException:
                self.close()
                raise

    def address(self, said):
        deadline = time.monotonic() + self.start_timeout_s
        while time.monotonic() < deadline and self.server.poll() is None:
            line = said.read_text()
            if line.startswith("skein ready ") and line.endswith("\n"):
                return line.split()[2]
            time.sleep(0.01)
        raise RuntimeError(f"skein serve is not ready (exit code {self.server.poll()})")

    def run(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetch_arrow_table()

    def run_again(self, sql, count):
        """The seconds of each of count executions of one prepared statement."""
        seconds = []
        with self.connection.cursor() as cursor:
            for _ in range(count):
                start = time.perf_counter()
                cursor.execute(sql)
                cursor.fetch_arrow_table()
                seconds.append(time.perf_counter() - start)
        return seconds

    def arrow(self, result):
        return result

    def close(self):
        if self.connection:
            self.connection.close()
        self.server.terminate()
        try:
            self.server.wait(10)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()


class Warm(Skein):
    settings = "the same with its default column cache: from the second run on, decoded values are there. No part of any ratio"
    options = []


BY_NAME = {"duckdb": DuckDB, "polars": Polars, "datafusion": DataFusion, "skein": Skein, "warm": Warm}
TITLES = {"duckdb": "DuckDB", "polars": "Polars", "datafusion": "DataFusion", "skein": "Skein", "warm": "Skein, warm"}
PEERS = ["duckdb", "polars", "datafusion"]
