"""Events of web sites in one wide table, hits, in the order of their time, as a log has them: few and many distinct values,
zipf-skewed users, sites and pages, long strings, NULLs at rates from none to nearly all."""

import datetime

import numpy
import pyarrow
import pyarrow.parquet

from random_columns import chosen, some, zipf
from suite import Suite, read

CHUNK = 250_000  # rows of one row group
FIRST = datetime.datetime(2026, 3, 1)
DAYS = 31
COUNTRIES = "US IN BR DE GB FR JP ID TR MX RU IT ES CA KR PL NL AU SE VN AR ZA NG EG CH".split()
LANGUAGES = "en-US en-GB es-ES pt-BR de-DE fr-FR ja-JP tr-TR ru-RU it-IT ko-KR pl-PL".split()
WORDS = """news price best buy cheap review online free video music photo recipe travel hotel flight weather sport football
health garden house car engine phone laptop camera game movie book school learn language history science map city train
river mountain coffee bread winter summer blue green night light""".split()
BROWSERS = "Chrome Safari Firefox Edge Opera Samsung Vivaldi Brave".split()
SYSTEMS = ["Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 14_5", "X11; Linux x86_64", "Linux; Android 15; SM-S928B",
           "iPhone; CPU iPhone OS 18_2 like Mac OS X", "iPad; CPU OS 17_6 like Mac OS X", "Linux; Android 13; Pixel 7"]
PHONES = ["iPhone 16", "Galaxy S24", "Pixel 9", "Redmi Note 13", "Moto G84", "Nord 4", "Xperia 10", "Zenfone 11"]
METHODS, STATUSES = "GET POST HEAD PUT".split(), [200, 304, 301, 404, 500, 403, 502]


def generate(folder, scale, skein):
    rng, rows = numpy.random.default_rng(1968), int(scale)
    pools = Pools(rng, rows)
    writer = None
    for start in range(0, rows, CHUNK):
        table = part(rng, pools, start, min(CHUNK, rows - start), rows)
        writer = writer or pyarrow.parquet.ParquetWriter(folder / "hits.parquet", table.schema)
        writer.write_table(table)
    writer.close()


class Pools:
    """The values that strings and ids are taken from; rank 0 is the most frequent."""

    def __init__(self, rng, rows):
        self.users = rng.integers(1, 1 << 62, max(rows // 6, 1))
        self.sites = [f"www.{word}-{n}.example" for n in range(100) for word in WORDS]
        self.words = WORDS
        self.urls = self.pages(rng, max(rows // 10, 1))
        self.referrers = [f"https://search.example/?q={'+'.join(self.phrase(rng))}" for _ in range(max(rows // 60, 1))]
        self.referrers += self.pages(rng, max(rows // 60, 1))
        self.phrases = [" ".join(self.phrase(rng)) for _ in range(max(rows // 40, 1))]
        self.titles = [" ".join(self.phrase(rng)).capitalize() + " – the magazine" for _ in range(max(rows // 100, 1))]
        self.agents = [self.agent(rng) for _ in range(4000)]
        self.cities = [f"{a}{b}" for a in "North South East West New Old Upper Lower".split() for b in WORDS]
        self.errors = [f"TypeError: cannot read {word} of undefined at line {n}" for n in range(40) for word in WORDS]

    def phrase(self, rng):
        return [self.words[i] for i in rng.integers(0, len(self.words), rng.integers(2, 6))]

    def pages(self, rng, count):
        site = zipf(rng, len(self.sites), count)
        odd = rng.random(count)
        paths = ("/".join(self.phrase(rng)) for _ in range(count))
        return [f"{'https' if odd[n] < 0.9 else 'http'}://{self.sites[site[n]]}/{path}/{n}"
                + ("?from=google" if odd[n] < 0.003 else "?page=2" if odd[n] > 0.8 else "") for n, path in enumerate(paths)]

    def agent(self, rng):
        system, browser = SYSTEMS[rng.integers(len(SYSTEMS))], BROWSERS[rng.integers(len(BROWSERS))]
        major, build = rng.integers(90, 140), rng.integers(1000, 7000)
        return (f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) {browser}/{major}.0.{build}.{rng.integers(200)} "
                f"Safari/537.36")


def part(rng, pools, start, rows, total):
    columns = {}
    for group in (identity, visitor, page, origin, timing, shop):
        columns.update(group(rng, pools, start, rows, total))
    return pyarrow.table(columns)


def identity(rng, pools, start, rows, total):
    span_us = DAYS * 86_400_000_000
    late_us = rng.integers(0, 30_000_000, rows)
    offset_us = (numpy.arange(start, start + rows) * (span_us / total)).astype(numpy.int64) + late_us
    time = numpy.datetime64(FIRST, "us") + offset_us.astype("timedelta64[us]")
    user = pools.users[zipf(rng, len(pools.users), rows, 0.8)]
    return {
        "event_id": rng.integers(1, 1 << 62, rows),
        "event_time": pyarrow.array(time),
        "event_date": pyarrow.array(time.astype("datetime64[D]")),
        "user_id": user,
        "session_id": user % 1_000_003 * 64 + offset_us // 86_400_000_000,
        "visit_number": zipf(rng, 500, rows).astype(numpy.int32),
        "client_ip": user % 4_294_967_291,
        "site_id": zipf(rng, 6000, rows, 1.1).astype(numpy.int32),
        "is_bot": pyarrow.array(rng.random(rows) < 0.03),
        "logged_in": pyarrow.array(rng.random(rows) < 0.2),
        "age": some(rng, rng.integers(14, 90, rows).astype(numpy.int16), 0.6),
        "gender": some(rng, chosen(["f", "m", "d"], rng.integers(0, 3, rows)), 0.6),
        "interest": rng.random(rows).astype(numpy.float32),
    }


def visitor(rng, pools, start, rows, total):
    width = numpy.array([1920, 1366, 390, 412, 1536, 2560, 768], numpy.int16)[zipf(rng, 7, rows, 0.7)]
    return {
        "country": chosen(COUNTRIES, zipf(rng, len(COUNTRIES), rows)),
        "region_id": zipf(rng, 1500, rows).astype(numpy.int32),
        "city": some(rng, chosen(pools.cities, zipf(rng, len(pools.cities), rows)), 0.1),
        "latitude": some(rng, rng.random(rows) * 180 - 90, 0.08),
        "longitude": some(rng, rng.random(rows) * 360 - 180, 0.08),
        "language": chosen(LANGUAGES, zipf(rng, len(LANGUAGES), rows)),
        "time_zone": rng.integers(-12, 13, rows).astype(numpy.int16),
        "user_agent": chosen(pools.agents, zipf(rng, len(pools.agents), rows, 0.7)),
        "browser": chosen(BROWSERS, zipf(rng, len(BROWSERS), rows)),
        "system": chosen(SYSTEMS, zipf(rng, len(SYSTEMS), rows, 0.6)),
        "phone_model": some(rng, chosen(PHONES, zipf(rng, len(PHONES), rows)), 0.8),
        "screen_width": width,
        "screen_height": (width // 16 * 9).astype(numpy.int16),
        "window_width": (width - rng.integers(0, 200, rows)).astype(numpy.int16),
        "color_depth": numpy.array([24, 30, 32], numpy.int16)[zipf(rng, 3, rows)],
        "is_mobile": pyarrow.array(width < 1000),
        "has_cookies": some(rng, rng.random(rows) < 0.95, 0.02),
        "has_script": pyarrow.array(rng.random(rows) < 0.99),
    }


def page(rng, pools, start, rows, total):
    url = zipf(rng, len(pools.urls), rows, 0.9)
    return {
        "url": chosen(pools.urls, url),
        "title": chosen(pools.titles, url % len(pools.titles)),
        "is_refresh": pyarrow.array(rng.random(rows) < 0.1),
        "is_download": pyarrow.array(rng.random(rows) < 0.002),
        "http_method": chosen(METHODS, zipf(rng, len(METHODS), rows, 3)),
        "http_status": numpy.array(STATUSES, numpy.int16)[zipf(rng, len(STATUSES), rows, 2.5)],
        "error_message": some(rng, chosen(pools.errors, rng.integers(0, len(pools.errors), rows)), 0.98),
    }


def origin(rng, pools, start, rows, total):
    campaign = rng.random(rows) < 0.15
    tagged = pyarrow.array(numpy.where(campaign, zipf(rng, 300, rows), -1))
    tagged = pyarrow.compute.if_else(pyarrow.array(campaign), tagged, pyarrow.scalar(None, pyarrow.int64()))
    engine = (rng.random(rows) < 0.12) * (1 + zipf(rng, 12, rows))
    phrase = pyarrow.compute.if_else(pyarrow.array(engine > 0), chosen(pools.phrases, zipf(rng, len(pools.phrases), rows, 0.8)),
                                     pyarrow.scalar(None, pyarrow.string()))
    return {
        "referrer": some(rng, chosen(pools.referrers, zipf(rng, len(pools.referrers), rows, 0.9)), 0.35),
        "search_engine_id": engine.astype(numpy.int16),
        "search_phrase": phrase,
        "advert_id": ((rng.random(rows) < 0.02) * (1 + zipf(rng, 40, rows))).astype(numpy.int16),
        "utm_source": pyarrow.array([f"source-{n}" for n in range(300)]).take(tagged),
        "utm_medium": pyarrow.array(["mail", "social", "banner"] * 100).take(tagged),
        "utm_campaign": pyarrow.array([f"campaign {WORDS[n % len(WORDS)]} {n // 10}" for n in range(300)]).take(tagged),
        "experiment_id": some(rng, rng.integers(1, 60, rows).astype(numpy.int32), 0.7),
        "experiment_arm": some(rng, chosen(["a", "b"], rng.integers(0, 2, rows)), 0.7),
    }


def timing(rng, pools, start, rows, total):
    return {
        "response_ms": (20 + rng.exponential(80, rows)).astype(numpy.int32),
        "response_bytes": (500 + rng.exponential(40_000, rows)).astype(numpy.int64),
        "dns_ms": some(rng, rng.exponential(12, rows).astype(numpy.int32), 0.3),
        "connect_ms": some(rng, rng.exponential(25, rows).astype(numpy.int32), 0.3),
        "first_paint_ms": some(rng, rng.exponential(600, rows).astype(numpy.float32), 0.5),
        "load_ms": some(rng, numpy.round(rng.exponential(1500, rows), 2), 0.2),
        "time_on_page_s": some(rng, numpy.round(rng.exponential(45, rows), 3), 0.15),
        "scroll_depth": some(rng, numpy.round(rng.random(rows), 2), 0.4),
        "clicks": zipf(rng, 50, rows, 1.5).astype(numpy.int16),
    }


def shop(rng, pools, start, rows, total):
    bought = rng.random(rows) < 0.04
    return {name: pyarrow.compute.if_else(pyarrow.array(bought), values, pyarrow.scalar(None, values.type)) for name, values in {
        "order_id": pyarrow.array(numpy.arange(start, start + rows) + 1),
        "price": pyarrow.array(rng.integers(100, 50_000, rows)).cast(pyarrow.decimal128(19, 0)).cast(pyarrow.decimal128(12, 2)),
        "currency": chosen(["USD", "EUR", "JPY", "BRL"], zipf(rng, 4, rows)),
        "items": pyarrow.array(1 + zipf(rng, 20, rows, 1.3)),
    }.items()}


SUITE = Suite("events", "Web events in the manner of ClickBench, {scale} rows", "rows", "3000000", "snappy Parquet by pyarrow",
              generate, lambda scale: read("events"))
