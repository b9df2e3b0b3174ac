"""The time of `select 1` through Python's ADBC driver: python3 select_one.py grpc://HOST:PORT SECONDS

A line for each way: its name, a tab, and the seconds of every run.
"""

import sys
import time

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager


def new_statement(connection):
    def once():
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            assert cursor.fetchone() == (1,)
    return once


def same_cursor(connection):
    cursor = connection.cursor()

    def once():
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)
    return once


def prepared_once(connection):
    statement = adbc_driver_manager.AdbcStatement(connection.adbc_connection)
    statement.set_sql_query("select 1")
    statement.prepare()
    import pyarrow

    def once():
        stream, _ = statement.execute_query()
        assert pyarrow.RecordBatchReader._import_from_c(stream.address).read_all().num_rows == 1
    return once


WAYS = {
    "select 1, a new statement each time": new_statement,
    "select 1, executed anew by one cursor": same_cursor,
    "select 1, prepared once": prepared_once,
}


def main(address, seconds):
    with flightsql.connect(address, autocommit=True) as connection:
        for name, way in WAYS.items():
            once, times = way(connection), []
            for _ in range(100):  # what is made once is made now
                once()
            end = time.perf_counter() + float(seconds)
            while (start := time.perf_counter()) < end:
                once()
                times.append(time.perf_counter() - start)
            print(name, " ".join(f"{t:.7f}" for t in times), sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
