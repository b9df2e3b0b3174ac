"""The texts of TPC-H with their validation parameters: the same text for every engine."""

import decimal
import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tpch" / "queries"
NUMBERS = range(1, 23)


def text(number, scale):
    sql = (FOLDER / f"q{number:02}.sql").read_text()
    params = json.loads((FOLDER / "validation.json").read_text())[str(number)]
    if number == 11:  # clause 2.4.11.3
        params["fraction"] = f"{decimal.Decimal('0.0001') / decimal.Decimal(scale):.10f}".rstrip("0")
    return re.sub(r"\{(\w+)\}", lambda match: params[match[1]], sql)


def order(sql):
    """The names of the columns that the rows are ordered by."""
    clause = sql.rpartition("order by")[2] if re.search(r"^order by", sql, re.MULTILINE) else ""
    clause = re.sub(r"\blimit\s+\d+", "", clause)
    return [key.split()[0] for key in clause.split(",") if key.strip()]
