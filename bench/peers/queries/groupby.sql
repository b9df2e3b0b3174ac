-- 1: sum by few strings
select id1, sum(v1) as v1
from x
group by id1;

-- 2: sum by two columns of few strings
select id1, id2, sum(v1) as v1
from x
group by id1, id2;

-- 3: sum and mean by many strings
select id3, sum(v1) as v1, avg(v3) as v3
from x
group by id3;

-- 4: means by few integers
select id4, avg(v1) as v1, avg(v2) as v2, avg(v3) as v3
from x
group by id4;

-- 5: sums by many integers
select id6, sum(v1) as v1, sum(v2) as v2, sum(v3) as v3
from x
group by id6;

-- 6: mean and deviation by two columns of integers
-- The question is for the median, too, an aggregate that not all four have.
select id4, id5, avg(v3) as mean_v3, stddev(v3) as sd_v3
from x
group by id4, id5;

-- 7: range of two columns by many strings
select id3, max(v1) - min(v2) as range_v1_v2
from x
group by id3;

-- The eighth question, the largest two of each group, is left out: not all four have window functions.

-- 9: correlation by a string and an integer
-- The question is for the square itself, of which next to 0 no two engines agree in more than the first digits.
select id2, id4, 1 - power(corr(v1, v2), 2) as unexplained
from x
group by id2, id4;

-- 10: sum and count by all six keys, nearly every row its own group
select count(*) as answers, sum(v3) as v3, sum(n) as n
from (
    select id1, id2, id3, id4, id5, id6, sum(v3) as v3, count(*) as n
    from x
    group by id1, id2, id3, id4, id5, id6
) as answer;
