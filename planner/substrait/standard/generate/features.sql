-- What producers are asked for beside TPC-H: one query a name, over the tables of TPC-H.
-- A query has one answer whatever the order, but for ties: sorts are total.

-- filter_comparisons
select l_orderkey, l_linenumber from lineitem where l_quantity > 48 and l_discount <= 0.02 and l_shipdate <> date '1995-01-01' and l_tax between 0.01 and 0.03

-- filter_or_not
select o_orderkey from orders where not (o_orderstatus = 'F' or o_totalprice < 200000) and (o_orderpriority = '1-URGENT' or o_shippriority <> 0)

-- filter_like
select p_partkey from part where p_name like '%green%' and p_type not like 'STANDARD%' and p_comment like '_%'

-- filter_in
select c_custkey from customer where c_mktsegment in ('BUILDING', 'MACHINERY') and c_nationkey not in (1, 2, 3)

-- filter_is_null
select count(*) from orders where o_comment is not null

-- project_arithmetic
select l_orderkey, l_linenumber, l_extendedprice * (1 - l_discount) as net, l_quantity + 1 as plus, -l_tax as less from lineitem where l_orderkey < 40

-- project_integers
select n_nationkey + 1 as a, n_nationkey * 2 as b, n_nationkey - n_regionkey as c, n_nationkey / 2 as d from nation

-- project_case
select o_orderkey, case when o_totalprice > 300000 then 'high' when o_totalprice > 100000 then 'middle' else 'low' end as class from orders where o_orderkey < 500

-- project_case_value
select n_name, case n_regionkey when 0 then 'a' when 1 then 'b' end as letter from nation

-- project_cast
select cast(l_quantity as double precision) as q, cast(l_orderkey as integer) as k, cast(l_shipdate as varchar(10)) as d from lineitem where l_orderkey < 20

-- project_coalesce
select coalesce(nullif(n_regionkey, 1), -1) as r, n_nationkey from nation

-- project_strings
select upper(c_name) as u, lower(c_mktsegment) as l, substring(c_phone from 1 for 2) as code, char_length(c_name) as n from customer where c_custkey < 50

-- project_concat
select c_name || '/' || c_phone as x from customer where c_custkey < 50

-- project_trim
select trim(n_name) as x from nation

-- project_extract
select o_orderkey, extract(year from o_orderdate) as y, extract(month from o_orderdate) as m from orders where o_orderkey < 200

-- date_arithmetic
select count(*) from lineitem where l_shipdate < date '1998-12-01' - interval '90' day and l_receiptdate >= date '1994-01-01' + interval '1' month

-- aggregate_all
select count(*) as n, sum(l_quantity) as s, min(l_shipdate) as lo, max(l_shipdate) as hi, avg(l_extendedprice) as a from lineitem

-- aggregate_groups
select l_returnflag, l_linestatus, count(*) as n, sum(l_quantity) as q from lineitem group by l_returnflag, l_linestatus

-- aggregate_distinct
select count(distinct o_custkey) as c, count(o_custkey) as n from orders

-- aggregate_filter
select count(*) filter (where o_orderstatus = 'F') as f, sum(o_totalprice) filter (where o_orderstatus = 'O') as s from orders

-- aggregate_having
select o_custkey, count(*) as n from orders group by o_custkey having count(*) > 25

-- aggregate_nothing
select count(*) as n, sum(o_totalprice) as s from orders where o_orderkey < 0

-- grouping_sets
select l_returnflag, l_linestatus, count(*) as n from lineitem group by grouping sets ((l_returnflag, l_linestatus), (l_returnflag), ())

-- rollup
select n_regionkey, n_name, count(*) as n from nation group by rollup (n_regionkey, n_name)

-- cube
select l_returnflag, l_shipmode, sum(l_quantity) as q from lineitem group by cube (l_returnflag, l_shipmode)

-- distinct
select distinct l_shipmode, l_shipinstruct from lineitem

-- order_limit
select o_orderkey, o_totalprice from orders order by o_totalprice desc, o_orderkey limit 10

-- order_limit_offset
select o_orderkey from orders order by o_orderkey limit 5 offset 7

-- order_nulls
select n_name, nullif(n_regionkey, 2) as r from nation order by nullif(n_regionkey, 2) desc nulls last, n_name

-- join_inner
select c_name, o_orderkey from customer join orders on c_custkey = o_custkey where o_totalprice > 350000

-- join_comma
select count(*) from customer, orders, lineitem, nation where c_custkey = o_custkey and o_orderkey = l_orderkey and c_nationkey = n_nationkey and n_name = 'CANADA'

-- join_left
select c_custkey, count(o_orderkey) as n from customer left join orders on c_custkey = o_custkey and o_totalprice > 100000 where c_custkey < 100 group by c_custkey

-- join_right
select c_custkey, o_orderkey from orders right join customer on c_custkey = o_custkey where c_custkey < 20

-- join_full
select r_name, n_name from region full join nation on r_regionkey = n_regionkey and n_name < 'G'

-- join_cross
select a.r_name as a, b.r_name as b from region a cross join region b

-- join_inequality
select count(*) from nation a join nation b on a.n_nationkey < b.n_nationkey and a.n_regionkey <> b.n_regionkey

-- join_self
select a.n_name, b.n_name from nation a join nation b on a.n_regionkey = b.n_regionkey and a.n_nationkey < b.n_nationkey

-- scalar_subquery
select count(*) from lineitem where l_quantity > (select avg(l_quantity) from lineitem)

-- scalar_subquery_correlated
select p_partkey from part where p_retailprice > (select 2 * min(ps_supplycost) from partsupp where ps_partkey = p_partkey) and p_partkey < 200

-- scalar_subquery_in_select
select n_name, (select count(*) from supplier where s_nationkey = n_nationkey) as suppliers from nation

-- in_subquery
select count(*) from orders where o_custkey in (select c_custkey from customer where c_acctbal > 9000)

-- not_in_subquery
select count(*) from customer where c_custkey not in (select o_custkey from orders)

-- exists
select count(*) from orders where exists (select * from lineitem where l_orderkey = o_orderkey and l_quantity = 50)

-- not_exists
select count(*) from customer where not exists (select * from orders where o_custkey = c_custkey)

-- exists_twice_over_one_table
select l1.l_suppkey, count(*) as n from lineitem l1 where exists (select * from lineitem l2 where l2.l_orderkey = l1.l_orderkey and l2.l_suppkey <> l1.l_suppkey) and not exists (select * from lineitem l3 where l3.l_orderkey = l1.l_orderkey and l3.l_suppkey <> l1.l_suppkey and l3.l_receiptdate > l3.l_commitdate) group by l1.l_suppkey

-- exists_or
select count(*) from orders where o_totalprice > 400000 or exists (select * from lineitem where l_orderkey = o_orderkey and l_quantity > 49)

-- compare_all
select count(*) from part where p_retailprice >= all (select p_retailprice from part where p_size < 10)

-- compare_any
select count(*) from part where p_retailprice < any (select ps_supplycost from partsupp)

-- union_all
select n_name as x from nation union all select r_name from region

-- union_distinct
select n_regionkey as x from nation union select r_regionkey from region

-- intersect
select c_nationkey from customer intersect select s_nationkey from supplier

-- intersect_all
select n_regionkey from nation intersect all select n_regionkey from nation where n_nationkey < 10

-- except
select c_custkey from customer except select o_custkey from orders

-- except_all
select n_regionkey from nation except all select n_regionkey from nation where n_nationkey < 10

-- values
select v.a, v.b from (values (1, 'x'), (2, 'y'), (3, null)) as v (a, b)

-- common_table
with big as (select o_custkey, sum(o_totalprice) as total from orders group by o_custkey) select count(*) from big a join big b on a.total < b.total where a.o_custkey < 50 and b.o_custkey < 50

-- fixed_chars
select count(*) from customer where c_mktsegment = 'BUILDING' and c_phone <> '25'

-- boolean_column
select n_name, n_regionkey = 1 as one, n_nationkey > 10 and n_regionkey < 3 as both_of from nation

-- deep_expression
select ((((n_nationkey + 1) * 2) - 3) * 4) as x from nation where ((n_nationkey > 1 and n_nationkey < 20) or (n_nationkey = 24)) and not (n_regionkey = 3)

-- window_row_number
select n_name, row_number() over (partition by n_regionkey order by n_name) as r from nation

-- window_sum
select n_name, sum(n_nationkey) over (partition by n_regionkey) as s from nation
-- try_cast
select n_name, try_cast(n_name as int) as x, try_cast(substring(n_name, 1, 0) as date) as y from nation order by n_name
-- median
select n_regionkey, median(n_nationkey) as m from nation group by n_regionkey order by n_regionkey
-- percentile
select l_linenumber, percentile_cont(0.3) within group (order by l_orderkey desc) as p from lineitem group by l_linenumber order by l_linenumber
-- array
select n_nationkey, array[n_nationkey, n_regionkey] as a from nation order by n_nationkey
