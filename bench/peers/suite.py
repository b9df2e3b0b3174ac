"""What a suite is: tables that it generates, and queries over them."""

import dataclasses
import pathlib
import re
import typing

FOLDER = pathlib.Path(__file__).resolve().parent / "queries"


@dataclasses.dataclass(frozen=True)
class Query:
    title: str
    sql: str
    dialects: dict = dataclasses.field(default_factory=dict)  # engine → its own text, where the one for all will not do
    reasons: dict = dataclasses.field(default_factory=dict)  # engine → why

    def text(self, engine):
        return self.dialects.get(engine, self.sql)

    def order(self):
        """The names of the columns that the rows are ordered by."""
        clause = self.sql.rpartition("order by")[2] if re.search(r"^order by", self.sql, re.MULTILINE) else ""
        clause = re.sub(r"\blimit\s+\d+", "", clause)
        return [key.split()[0] for key in clause.split(",") if key.strip()]


@dataclasses.dataclass(frozen=True)
class Suite:
    name: str
    title: str  # {scale} is filled in
    unit: str  # what the scale counts: "sf" or "rows"
    scale: str  # where none is given
    files: str  # by whom the files were written, for the report
    generate: typing.Callable  # (folder, scale, skein): writes NAME.parquet for every table
    queries: typing.Callable  # (scale): Query by label

    def heading(self, scale):
        return self.title.format(scale=f"{int(scale):,}" if self.unit == "rows" else scale)


def read(name):
    """The queries of a file, by label. A comment `-- LABEL: title` begins one; `-- ENGINE: reason` begins the text that
    this engine gets instead of the one above."""
    return parse((FOLDER / f"{name}.sql").read_text())


def parse(text):
    queries, label = {}, None
    for part in re.split(r"^(?=-- \w+: )", text, flags=re.MULTILINE)[1:]:
        head, _, sql = part.partition("\n")
        name, title = re.fullmatch(r"-- (\w+): (.+)", head).groups()
        sql = sql.strip().removesuffix(";")
        if name.isdigit():
            label = name
            if label in queries:
                raise ValueError(f"query {label} is there twice")
            queries[label] = Query(title, sql)
        else:
            queries[label].dialects[name] = sql
            queries[label].reasons[name] = title
    return queries
