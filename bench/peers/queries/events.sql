-- 1: count of all rows
select count(*) as n
from hits;

-- 2: count by a rare value
select count(*) as n
from hits
where advert_id = 17;

-- 3: sums and means of all rows
select sum(response_bytes) as total, avg(response_bytes) as mean, avg(load_ms) as mean_load, count(load_ms) as loads
from hits;

-- 4: distinct integers
select count(distinct user_id) as users
from hits;

-- 5: distinct strings, mostly NULL
select count(distinct search_phrase) as phrases
from hits;

-- 6: distinct long strings
select count(distinct url) as urls
from hits;

-- 7: least and greatest of sixteen columns
select min(event_time) as a, max(event_time) as b, min(event_date) as c, max(event_date) as d, min(load_ms) as e, max(load_ms) as f,
    min(latitude) as g, max(longitude) as h, min(price) as i, max(price) as j, min(city) as k, max(city) as l,
    min(age) as m, max(age) as n, max(first_paint_ms) as o, min(experiment_id) as p
from hits;

-- 8: rows that a rare flag keeps
select count(*) as n, sum(response_bytes) as total, max(event_time) as last
from hits
where is_download and not is_bot;

-- 9: groups of few strings
select country, count(*) as n, avg(time_on_page_s) as mean, sum(clicks) as clicks
from hits
group by country
order by n desc, country
limit 10;

-- 10: distinct users by region
select region_id, count(*) as n, count(distinct user_id) as users
from hits
group by region_id
order by users desc, region_id
limit 10;

-- 11: distinct users by a string that is mostly NULL
select phone_model, count(distinct user_id) as users
from hits
where phone_model is not null
group by phone_model
order by users desc, phone_model
limit 10;

-- 12: top search phrases
select search_phrase, count(*) as n
from hits
where search_phrase is not null
group by search_phrase
order by n desc, search_phrase
limit 10;

-- 13: top users
select user_id, count(*) as n
from hits
group by user_id
order by n desc, user_id
limit 10;

-- 14: top pairs of user and search phrase
select user_id, search_phrase, count(*) as n
from hits
where search_phrase is not null
group by user_id, search_phrase
order by n desc, user_id, search_phrase
limit 10;

-- 15: top pages
select url, count(*) as n
from hits
group by url
order by n desc, url
limit 10;

-- 16: top pairs of a number and a page
select site_id, url, count(*) as n
from hits
group by site_id, url
order by n desc, site_id, url
limit 10;

-- 17: events of one user
select event_time, url, country
from hits
where user_id = (select max(user_id) from hits where event_date = date '2026-03-15')
order by event_time, url;

-- 18: count by a part of a string
select count(*) as n
from hits
where url like '%google%';

-- 19: count by a part of long strings
select count(*) as n
from hits
where user_agent like '%Firefox/117%Safari%' and referrer not like '%search.example%';

-- 20: groups of what a part of a string finds
select search_phrase, min(url) as url, count(*) as n, count(distinct user_id) as users
from hits
where title like '%coffee%' and url not like '%.example/news%' and search_phrase is not null
group by search_phrase
order by n desc, search_phrase
limit 10;

-- 21: first whole rows, by time
select *
from hits
where url like '%google%'
order by event_time, event_id
limit 10;

-- 22: first strings, by time
select search_phrase, event_time, event_id
from hits
where search_phrase is not null
order by event_time, event_id
limit 10;

-- 23: mean length of strings by site
select site_id, avg(length(url)) as mean, count(*) as n
from hits
where url is not null
group by site_id
having count(*) > 1000
order by mean desc, site_id
limit 25;

-- 24: thirty sums of one small column
select sum(clicks) as s0, sum(clicks + 1) as s1, sum(clicks + 2) as s2, sum(clicks + 3) as s3, sum(clicks + 4) as s4,
    sum(clicks + 5) as s5, sum(clicks + 6) as s6, sum(clicks + 7) as s7, sum(clicks + 8) as s8, sum(clicks + 9) as s9,
    sum(clicks + 10) as s10, sum(clicks + 11) as s11, sum(clicks + 12) as s12, sum(clicks + 13) as s13, sum(clicks + 14) as s14,
    sum(clicks + 15) as s15, sum(clicks + 16) as s16, sum(clicks + 17) as s17, sum(clicks + 18) as s18, sum(clicks + 19) as s19,
    sum(clicks + 20) as s20, sum(clicks + 21) as s21, sum(clicks + 22) as s22, sum(clicks + 23) as s23, sum(clicks + 24) as s24,
    sum(clicks + 25) as s25, sum(clicks + 26) as s26, sum(clicks + 27) as s27, sum(clicks + 28) as s28, sum(clicks + 29) as s29
from hits;

-- 25: nearly every row its own group
select event_id, client_ip, count(*) as n, sum(clicks) as clicks, avg(screen_width) as width
from hits
group by event_id, client_ip
order by n desc, event_id, client_ip
limit 10;

-- 26: groups of an expression
select client_ip - 1 as before, client_ip - 2 as earlier, count(*) as n
from hits
group by client_ip - 1, client_ip - 2
order by n desc, before
limit 10;

-- 27: hours
select date_trunc('hour', event_time) as hour, count(*) as n, count(distinct user_id) as users
from hits
group by date_trunc('hour', event_time)
order by hour;

-- 28: minutes of two days
select date_trunc('minute', event_time) as minute, count(*) as n, avg(load_ms) as mean
from hits
where event_time >= timestamp '2026-03-14 00:00:00' and event_time < timestamp '2026-03-16 00:00:00' and not is_refresh
group by date_trunc('minute', event_time)
order by minute;

-- 29: user, minute of the hour and phrase
select user_id, extract(minute from event_time) as minute, search_phrase, count(*) as n
from hits
group by user_id, extract(minute from event_time), search_phrase
order by n desc, user_id, minute, search_phrase
limit 10;

-- 30: pages of one site in a week, by page
select url, count(*) as views
from hits
where site_id = 62 and event_date >= date '2026-03-08' and event_date <= date '2026-03-14' and not is_refresh and url <> ''
group by url
order by views desc, url
limit 10;

-- 31: a case as a key, deep in the order
select country, browser, case when search_engine_id = 0 and advert_id = 0 then referrer else '' end as source, url, count(*) as n
from hits
where event_date >= date '2026-03-08' and event_date <= date '2026-03-14'
group by country, browser, case when search_engine_id = 0 and advert_id = 0 then referrer else '' end, url
order by n desc, url, country, browser
limit 10;

-- 32: hosts of referrers by a regular expression
select regexp_replace(referrer, '^https?://([^/]+)/.*$', '\1') as host, avg(length(referrer)) as mean, count(*) as n
from hits
where referrer is not null
group by regexp_replace(referrer, '^https?://([^/]+)/.*$', '\1')
having count(*) > 100
order by mean desc, host
limit 25;
-- polars: its regexp_replace knows no groups of the expression, so the host is split off
select split_part(referrer, '/', 3) as host, avg(length(referrer)) as mean, count(*) as n
from hits
where referrer is not null
group by split_part(referrer, '/', 3)
having count(*) > 100
order by mean desc, host
limit 25;

-- 33: money by currency and campaign, mostly NULL
select currency, utm_source, sum(price) as total, sum(items) as items, count(order_id) as orders
from hits
where order_id is not null
group by currency, utm_source
order by total desc, currency
limit 20;

-- 34: a list of values and a range of floats
select http_status, is_mobile, count(*) as n, avg(latitude) as latitude, max(load_ms) as slowest
from hits
where country in ('DE', 'FR', 'IT', 'PL') and latitude between -10 and 35 and http_status <> 200
group by http_status, is_mobile;

-- 35: counts that NULLs and conditions make
select count(age) as ages, count(first_paint_ms) as paints, sum(case when is_mobile then 1 else 0 end) as mobiles,
    count(case when gender = 'f' then user_id end) as women, sum(coalesce(dns_ms, 0) + coalesce(connect_ms, 0)) as wait_ms
from hits;
