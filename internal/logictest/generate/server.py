"""A PostgreSQL 15 for the length of a with block."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import psycopg

BIN = pathlib.Path(os.environ.get("PG_BIN", "/usr/lib/postgresql/15/bin"))

# What the runner's documentation promises of the text form, and of the time
# zone and collation (initdb --locale=C).
SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "statement_timeout": "60s",
}

# The second database answers by other algorithms, see expect.py.
OTHER_PLANS = {"enable_hashjoin": "off", "enable_hashagg": "off", "enable_material": "off"}


class Temporary:
    """Listens on a socket in its own directory only, so that nothing else on
    the machine meets it. PostgreSQL refuses to run as root: root starts it as
    the user postgres, or nobody."""

    def __enter__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="skein-slt-"))
        self.account = {}
        if os.getuid() == 0:
            names = {u.pw_name: u for u in pwd.getpwall()}
            user = names.get("postgres") or names["nobody"]
            os.chown(self.root, user.pw_uid, user.pw_gid)
            self.account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.run = {**self.account, "cwd": self.root, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}}
        version = subprocess.run([BIN / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
        if " 15." not in version:
            raise SystemExit(f"the corpus is written by PostgreSQL 15, not by {version.strip()}")
        subprocess.run(
            [BIN / "initdb", "-D", "data", "-U", "slt", "-A", "trust", "--locale=C", "--encoding=UTF8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, **self.run)
        self.log = open(self.root / "log", "w")
        self.process = subprocess.Popen(
            [BIN / "postgres", "-D", "data", "-k", self.root, "-c", "listen_addresses=", "-c", "fsync=off"],
            stdout=self.log, stderr=self.log, **self.run)
        self.wait()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.root)

    def wait(self):
        for _ in range(200):
            try:
                self.connect("postgres").close()
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise SystemExit((self.root / "log").read_text())

    def connect(self, name):
        return psycopg.connect(host=str(self.root), user="slt", dbname=name, autocommit=True)

    def create(self, name, load):
        """Make a database and fill it."""
        with self.connect("postgres") as conn:
            conn.execute(f"create database {name} template template0")
            for key, value in {**SETTINGS, **(OTHER_PLANS if name == "reverse" else {})}.items():
                conn.execute(f"alter database {name} set {key} = '{value}'")
        with self.connect(name) as conn:
            load(conn)
