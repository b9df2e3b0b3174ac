# %% [markdown]
# # Skein from Python
# Start a server first: `skein tpch generate --sf 0.01 --out data && skein serve --tables data`

# %%
import os

import adbc_driver_flightsql.dbapi as flightsql
import polars as pl

conn = flightsql.connect(os.environ.get("SKEIN", "grpc://127.0.0.1:32010"), autocommit=True)

# %% Which tables are there?
print(pl.read_database("show tables", connection=conn))

# %% Revenue by ship mode, as an Arrow table
with conn.cursor() as cur:
    cur.execute(
        """
        select l_shipmode, extract(year from l_shipdate) as year,
               sum(l_extendedprice * (1 - l_discount)) as revenue
        from lineitem
        group by 1, 2
        order by 1, 2
        """
    )
    revenue = cur.fetch_arrow_table()
print(revenue.schema)

# %% The same as a Polars frame, pivoted
frame = pl.from_arrow(revenue)
print(frame.pivot("year", index="l_shipmode", values="revenue"))

# %% Parameters
with conn.cursor() as cur:
    cur.execute("select count(*) from orders where o_orderdate >= ? and o_orderpriority like ?", ("1995-01-01", "1%"))
    print(cur.fetchone())

# %% What the engine does with a query
with conn.cursor() as cur:
    cur.execute("explain analyze select n_name, count(*) from customer join nation on c_nationkey = n_nationkey group by 1")
    print("\n".join(row[0] for row in cur.fetchall()))

# %%
conn.close()
