"""Write the fixture tables and the expectations of the .slt corpus.

    python3 internal/logictest/generate [FILE.slt …]

A PostgreSQL 15 started for the purpose answers every statement; its answers
replace the expectations in place. Needs Python 3.9 and PostgreSQL's binaries
(PG_BIN, by default Debian's); the libraries of requirements.txt go into a
virtual environment of their own. Without arguments the random queries are made
anew too, from a fixed seed.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
TESTDATA = HERE.parent / "testdata"


def in_environment():
    """Run again under the environment that requirements.txt describes."""
    want = HERE / "requirements.txt"
    key = hashlib.sha256(want.read_bytes() + sys.version.encode()).hexdigest()[:16]
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    home = cache / "skein" / f"slt-{key}"
    done = home / "complete"
    if not done.exists():
        print(f"making {home}")
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([home / "bin/pip", "install", "--quiet", "-r", want], check=True)
        done.touch()
    python = home / "bin/python"
    os.execve(python, [str(python), str(HERE), *sys.argv[1:]], {**os.environ, "SKEIN_SLT_ENV": key, "PYTHONDONTWRITEBYTECODE": "1"})


def main():
    import expect
    import fixtures
    import random_queries
    import server

    files = [pathlib.Path(a) for a in sys.argv[1:]]
    fixtures.write(TESTDATA / "tables")
    with server.Temporary() as pg:
        pg.create("forward", lambda conn: fixtures.load(conn, reverse=False))
        pg.create("reverse", lambda conn: fixtures.load(conn, reverse=True))
        if not files:
            random_queries.write(TESTDATA / "random_queries.slt", pg)
            files = sorted(TESTDATA.glob("*.slt"))
        faults = sum(expect.rewrite(f, pg) for f in files)
    if faults:
        sys.exit(f"{faults} records without an expectation")


if __name__ == "__main__":
    if "SKEIN_SLT_ENV" in os.environ:
        main()
    else:
        in_environment()
