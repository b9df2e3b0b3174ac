"""The client that comes with Rust's arrow-flight against a server: python3 run.py grpc://HOST:PORT CLIENT

CLIENT is flight_sql_client. Every check prints a line: passed or failed, a tab, its name, and for the last a tab and the reason.
"""

import subprocess
import sys
from urllib.parse import urlsplit


def main(address, client):
    where = urlsplit(address)

    def ask(*arguments, before=()):
        command = [client, "--host", where.hostname, "--port", str(where.port), *before, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def rows(*arguments, before=()):
        code, text = ask(*arguments, before=before)
        if code != 0:
            raise AssertionError(text)
        lines = [line for line in text.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    def equal(got, want):
        assert got == want, f"{got}, not {want}"

    def statement():
        equal(rows("statement-query", "select n_nationkey, n_name from nation where n_regionkey = 3 order by 1 limit 2"),
              [["n_nationkey", "n_name"], ["6", "FRANCE"], ["7", "GERMANY"]])

    def prepared():
        equal(rows("prepared-statement-query", "select n_name from nation where n_nationkey = $1 and n_name <> $2", "-p", "$1=7", "-p", "$2=x"),
              [["n_name"], ["GERMANY"]])

    def types():
        sql = ("select 1::smallint a, 1.50::numeric(10,2) b, true c, null::text d, date '2024-02-29' e, timestamp(0) '2024-02-29 12:00:00.6' f, "
               "timestamp(3) '2024-02-29 12:00:00.1234' g, timestamptz '2024-02-29 12:00+02' h, time(3) '01:02:03.4567' i, array_agg(n_regionkey) j "
               "from nation where n_nationkey = 7")
        equal(rows("statement-query", sql)[1], ["1", "1.50", "true", "", "2024-02-29", "2024-02-29T12:00:01", "2024-02-29T12:00:00.123",
                                               "2024-02-29T10:00:00Z", "01:02:03.457", "[3]"])

    def many():
        equal(len(rows("statement-query", "select o_orderkey, o_comment from orders")), 15001)

    def lists():
        equal(rows("catalogs")[1:], [["skein"]])
        assert ["skein", "public"] in rows("db-schemas", "skein"), rows("db-schemas", "skein")
        assert any("nation" in row for row in rows("tables", "skein", "--table-filter", "nat%")), rows("tables", "skein")
        assert ["TABLE"] in rows("table-types")

    def changes():
        ask("statement-query", "drop table if exists from_rust")
        for sql in ("create table from_rust (id int primary key)", "insert into from_rust values (1), (2)"):
            code, text = ask("statement-query", sql)
            assert code == 0, text
        code, text = ask("statement-query", "insert into from_rust values (2)")
        assert code != 0 and "[23505]" in text, text
        equal(rows("statement-query", "select count(*) as n from from_rust"), [["n"], ["2"]])
        ask("statement-query", "drop table from_rust")

    def errors():
        code, text = ask("statement-query", "select * from ordres")
        assert code != 0 and '[42P01] relation "ordres" does not exist' in text and "skein-sqlstate" in text, text

    def login():
        equal(rows("statement-query", "select current_user as u", before=("--username", "somebody", "--password", "x")), [["u"], ["somebody"]])

    checks = {"a statement": statement, "a prepared statement with parameters": prepared, "types": types, "all rows of a large result come": many,
              "lists of the metadata": lists, "statements that change something": changes, "an error says its code": errors, "a login": login}
    failed = False
    for name, check in checks.items():
        try:
            check()
            print(f"passed\t{name}", flush=True)
        except (AssertionError, IndexError, subprocess.TimeoutExpired) as error:
            failed = True
            print(f"failed\t{name}\t{' '.join(str(error).split())[:300]}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
