"""The time of `select 1` through Python's ADBC driver: python3 select_one.py grpc://HOST:PORT SECONDS

A line for each way: its name, a tab, and the seconds of every run.
"""

import sys
import time

import adbc_driver_flightsql.dbapi as flightsql


def new_statement(connection):
    def once():
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            assert cursor.fetchone() == (1,)
    return once


def same_cursor(connection):
    cursor = connection.cursor()  # it prepares a text when that is another one than the last

    def once():
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)
    return once


def nothing(connection):
    def once():  # the driver collects its garbage at every release
        connection.cursor().close()
    return once


WAYS = {
    "a cursor that executes nothing": nothing,
    "select 1, a new statement each time": new_statement,
    "select 1, prepared once": same_cursor,
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
