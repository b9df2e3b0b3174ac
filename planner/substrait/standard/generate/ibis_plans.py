"""Writes plans of Ibis: expressions over TPC-H's tables, each with the SQL that it means.

usage: ibis_plans.py TPCH_FOLDER OUT.zip
"""
import pathlib
import sys
import zipfile

import ibis
import pyarrow.parquet as pq
from ibis import _
from ibis_substrait.compiler.core import SubstraitCompiler

tables, out = map(pathlib.Path, sys.argv[1:])


def table(name):
    return ibis.table(ibis.Schema.from_pyarrow(pq.read_schema(tables / f"{name}.parquet")), name=name)


nation, region, orders, lineitem, customer = map(table, ("nation", "region", "orders", "lineitem", "customer"))
cases = {
    "project": (nation.select(x=nation.n_nationkey + 1, n=nation.n_name),
                "select n_nationkey + 1 as x, n_name as n from nation"),
    "filter": (orders.filter(orders.o_totalprice > 300000).select("o_orderkey", "o_totalprice"),
               "select o_orderkey, o_totalprice from orders where o_totalprice > 300000"),
    "filter_in": (nation.filter(nation.n_regionkey.isin([1, 3])).select("n_name"),
                  "select n_name from nation where n_regionkey in (1, 3)"),
    "filter_text": (customer.filter(customer.c_mktsegment == "BUILDING").select("c_custkey"),
                    "select c_custkey from customer where c_mktsegment = 'BUILDING'"),
    "aggregate": (lineitem.group_by("l_returnflag").aggregate(n=lineitem.count(), q=lineitem.l_quantity.sum()),
                  "select l_returnflag, count(*) as n, sum(l_quantity) as q from lineitem group by l_returnflag"),
    "aggregate_all": (orders.aggregate(hi=orders.o_totalprice.max(), lo=orders.o_orderdate.min()),
                      "select max(o_totalprice) as hi, min(o_orderdate) as lo from orders"),
    "join": (nation.join(region, nation.n_regionkey == region.r_regionkey).select("n_name", "r_name"),
             "select n_name, r_name from nation join region on n_regionkey = r_regionkey"),
    "left_join": (region.left_join(nation, (nation.n_regionkey == region.r_regionkey) & (nation.n_name < "G")).select("r_name", "n_name"),
                  "select r_name, n_name from region left join nation on n_regionkey = r_regionkey and n_name < 'G'"),
    "order_limit": (orders.order_by([ibis.desc("o_totalprice"), "o_orderkey"]).limit(7).select("o_orderkey"),
                    "select o_orderkey from orders order by o_totalprice desc, o_orderkey limit 7"),
    "case": (nation.select("n_name", c=ibis.ifelse(nation.n_regionkey == 1, "one", "other")),
             "select n_name, case when n_regionkey = 1 then 'one' else 'other' end as c from nation"),
    "cast": (nation.select(x=nation.n_nationkey.cast("float64"), y=nation.n_regionkey.cast("int32")),
             "select cast(n_nationkey as double precision) as x, cast(n_regionkey as integer) as y from nation"),
    "strings": (customer.filter(customer.c_custkey < 30).select(u=customer.c_name.upper(), n=customer.c_name.length()),
                "select upper(c_name) as u, char_length(c_name) as n from customer where c_custkey < 30"),
    "extract": (orders.filter(orders.o_orderkey < 100).select("o_orderkey", y=orders.o_orderdate.year()),
                "select o_orderkey, extract(year from o_orderdate) as y from orders where o_orderkey < 100"),
    "union": (nation.select(x=nation.n_name).union(region.select(x=region.r_name)),
              "select n_name as x from nation union all select r_name from region"),
    "is_null": (orders.filter(orders.o_comment.notnull()).aggregate(n=_.count()),
                "select count(*) as n from orders where o_comment is not null"),
    "between": (lineitem.filter(lineitem.l_quantity.between(10, 11)).aggregate(n=_.count()),
                "select count(*) as n from lineitem where l_quantity between 10 and 11"),
}
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
    for name, (expression, sql) in cases.items():
        try:
            data = SubstraitCompiler().compile(expression).SerializeToString(deterministic=True)
        except BaseException as e:
            print(f"{name}: {str(e).splitlines()[0][:160]}")
            continue
        z.writestr(zipfile.ZipInfo(f"{name}.pb"), data, zipfile.ZIP_DEFLATED, 9)
        z.writestr(zipfile.ZipInfo(f"{name}.sql"), sql, zipfile.ZIP_DEFLATED, 9)
