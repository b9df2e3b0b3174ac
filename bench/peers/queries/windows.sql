-- 1: numbers of rows in partitions
select sum(n) as n
from (select row_number() over (partition by l_suppkey order by l_shipdate) as n from lineitem) as x;

-- 2: running sums
select max(s) as s
from (select sum(l_extendedprice) over (partition by l_suppkey order by l_shipdate, l_orderkey, l_linenumber
                                        rows unbounded preceding) as s
      from lineitem) as x;

-- 3: averages of 100 rows
select max(a) as a
from (select avg(l_extendedprice) over (partition by l_suppkey order by l_shipdate, l_orderkey, l_linenumber
                                        rows between 99 preceding and current row) as a
      from lineitem) as x;

-- 4: the first three ranks of every partition
select count(*) as n, sum(l_orderkey) as k
from (select l_orderkey, rank() over (partition by l_suppkey order by l_extendedprice desc) as r from lineitem) as x
where r <= 3;

-- 5: the first three rows of every partition
select count(*) as n, sum(l_extendedprice) as p
from (select l_extendedprice, row_number() over (partition by l_suppkey order by l_extendedprice desc) as r from lineitem) as x
where r <= 3;

-- 6: differences from the row before
select max(d) as d
from (select l_extendedprice - lag(l_extendedprice) over (partition by l_partkey order by l_shipdate, l_orderkey, l_linenumber) as d
      from lineitem) as x;

-- 7: small partitions, each row's share
select max(share) as share
from (select l_quantity / sum(l_quantity) over (partition by l_orderkey) as share from lineitem) as x;

-- 8: the greatest of 101 rows around
select sum(m) as m
from (select max(l_extendedprice) over (partition by l_suppkey order by l_shipdate, l_orderkey, l_linenumber
                                        rows between 50 preceding and 50 following) as m
      from lineitem) as x;

-- 9: one order of all rows
select max(s) as s
from (select sum(l_quantity) over (order by l_shipdate) as s from lineitem) as x;
