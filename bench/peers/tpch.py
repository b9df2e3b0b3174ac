"""TPC-H with its validation parameters, on the files of tpchgen-cli, the writer of none of the engines."""

import decimal
import json
import pathlib
import re
import subprocess
import sys

from suite import Query, Suite

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tpch" / "queries"
NUMBERS = range(1, 23)


def generate(folder, scale, skein):
    command = pathlib.Path(sys.executable).parent / "tpchgen-cli"
    if not command.exists():
        sys.exit(f"{folder} is missing and tpchgen-cli, which generates it, is not installed")
    subprocess.run([command, "parquet", "-c", "SNAPPY", "-s", scale, "-o", folder, "--quiet"], check=True)


def text(number, scale):
    sql = (FOLDER / f"q{number:02}.sql").read_text()
    params = json.loads((FOLDER / "validation.json").read_text())[str(number)]
    if number == 11:  # clause 2.4.11.3
        params["fraction"] = f"{decimal.Decimal('0.0001') / decimal.Decimal(scale):.10f}".rstrip("0")
    return re.sub(r"\{(\w+)\}", lambda match: params[match[1]], sql)


def queries(scale):
    return {str(number): Query("", text(number, scale)) for number in NUMBERS}


SUITE = Suite("tpch", "TPC-H at SF {scale}", "sf", "1", "snappy Parquet by tpchgen-cli", generate, queries)
