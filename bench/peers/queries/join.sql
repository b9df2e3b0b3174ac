-- 1: small, inner, integer
select count(*) as n, sum(x.v1) as v1, sum(small.v2) as v2
from x
join small on x.id1 = small.id1;

-- 2: medium, inner, integer
select count(*) as n, sum(x.v1) as v1, sum(medium.v2) as v2
from x
join medium on x.id2 = medium.id2;

-- 3: medium, left, integer
select count(*) as n, sum(x.v1) as v1, sum(medium.v2) as v2
from x
left join medium on x.id2 = medium.id2;

-- 4: medium, inner, string
select count(*) as n, sum(x.v1) as v1, sum(medium.v2) as v2
from x
join medium on x.id5 = medium.id5;

-- 5: big, inner, integer
select count(*) as n, sum(x.v1) as v1, sum(big.v2) as v2
from x
join big on x.id3 = big.id3;

-- 6: big, left, integer
select count(*) as n, sum(x.v1) as v1, sum(big.v2) as v2
from x
left join big on x.id3 = big.id3;

-- 7: big, inner, string
select count(*) as n, sum(x.v1) as v1, sum(big.v2) as v2
from x
join big on x.id6 = big.id6;

-- 8: big, left, string
select count(*) as n, sum(x.v1) as v1, sum(big.v2) as v2
from x
left join big on x.id6 = big.id6;

-- 9: big, inner, three integers
select count(*) as n, sum(x.v1) as v1, sum(big.v2) as v2
from x
join big on x.id1 = big.id1 and x.id2 = big.id2 and x.id3 = big.id3;

-- 10: medium, inner, integer, all columns come along
select count(*) as n, max(x.id1) as a, max(x.id3) as b, max(x.id4) as c, max(x.id5) as d, max(x.id6) as e, sum(x.v1) as v1,
    max(medium.id1) as f, max(medium.id4) as g, max(medium.id5) as h, sum(medium.v2) as v2
from x
join medium on x.id2 = medium.id2;

-- 11: big, inner, integer, all columns come along
select count(*) as n, max(x.id1) as a, max(x.id2) as b, max(x.id4) as c, max(x.id5) as d, max(x.id6) as e, sum(x.v1) as v1,
    max(big.id1) as f, max(big.id2) as g, max(big.id4) as h, max(big.id5) as i, max(big.id6) as j, sum(big.v2) as v2
from x
join big on x.id3 = big.id3;

-- 12: rows without a partner, integer
select count(*) as n, sum(v1) as v1
from x
where not exists (select 1 from big where big.id3 = x.id3);
