"""flightsql-dbapi, by which Superset speaks Flight SQL, and its dialect of SQLAlchemy: python3 superset.py grpc://HOST:PORT"""

import sys

import flightsql.sqlalchemy  # registers the dialect
from flightsql import FlightSQLClient, connect
from sqlalchemy import create_engine, inspect, text

from suite import Suite, equal, raises

suite = Suite()


def client(address):
    host, _, port = address.removeprefix("grpc://").partition(":")
    return FlightSQLClient(host=host, port=int(port), insecure=True, features={"metadata-reflection": "true"})


@suite.check
def dbapi(address):
    """a query through its DBAPI"""
    cursor = connect(client(address)).cursor()
    cursor.execute("select n_nationkey, n_name from nation order by 1")
    equal(list(cursor.fetchall()[7]), [7, "GERMANY"])


@suite.check
def dbapi_error(address):
    """an error carries its SQLSTATE"""
    cursor = connect(client(address)).cursor()
    raises(Exception, "[42P01]", lambda: cursor.execute("select * from nowhere"))


def engine(address):
    return create_engine(address.replace("grpc://", "datafusion+flightsql://") + "?insecure=True")


@suite.check
def dialect(address):
    """a query through SQLAlchemy"""
    with engine(address).connect() as connection:
        row = connection.execute(text("select count(*) as n from lineitem")).fetchone()
    equal(row[0], 60_175)


@suite.check
def reflection(address):
    """schemas, tables and columns as the dialect asks for them"""
    inspector = inspect(engine(address))
    equal("public" in inspector.get_schema_names(), True)
    equal("nation" in inspector.get_table_names(schema="public"), True)
    columns = inspector.get_columns("nation", schema="public")
    equal([c["name"] for c in columns], ["n_nationkey", "n_name", "n_regionkey", "n_comment"])


@suite.check
def explore(address):
    """the queries of a chart: a time grain, a derived table, LIMIT"""
    sql = """select date_trunc('month', o_orderdate) as __timestamp, sum(o_totalprice) as "SUM(o_totalprice)"
        from (select * from orders) as virtual_table
        where o_orderdate >= timestamp '1995-01-01 00:00:00' and o_orderdate < timestamp '1996-01-01 00:00:00'
        group by date_trunc('month', o_orderdate) order by "SUM(o_totalprice)" desc limit 1000"""
    with engine(address).connect() as connection:
        equal(len(connection.execute(text(sql)).fetchall()), 12)


if __name__ == "__main__":
    suite.run(sys.argv[1])
