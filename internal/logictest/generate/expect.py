"""Write PostgreSQL's answers into a .slt file."""

import math
import re

from psycopg.pq import DiagnosticField, ExecStatus

SORTS = ("nosort", "rowsort", "valuesort")
OWN = "# skein:"


class Answer:
    """What one database says to one statement."""

    def __init__(self, pgconn, type_names, sql):
        result = pgconn.exec_(sql.encode())
        self.code = self.message = None
        self.names, self.types, self.rows = [], [], []
        if result.status == ExecStatus.FATAL_ERROR:
            self.code = result.error_field(DiagnosticField.SQLSTATE).decode()
            self.message = result.error_field(DiagnosticField.MESSAGE_PRIMARY).decode()
            return
        for i in range(result.nfields):
            self.names.append(result.fname(i).decode())
            self.types.append(type_names[result.ftype(i)])
        for r in range(result.ntuples):
            values = (result.get_value(r, i) for i in range(result.nfields))
            self.rows.append([None if v is None else v.decode() for v in values])

    def lines(self):
        return ["\t".join(encode(v, t) for v, t in zip(row, self.types)) for row in self.rows]

    def same(self, other, sort):
        if (self.code, self.types, len(self.rows)) != (other.code, other.types, len(other.rows)):
            return False
        pairs = zip(self.ordered(sort), other.ordered(sort))
        return all(equal(a, b, t) for x, y in pairs for a, b, t in zip(x, y, self.types))

    def ordered(self, sort):
        if sort == "nosort":
            return self.rows
        if sort == "valuesort":
            return sorted(([v] for row in self.rows for v in row), key=str)
        inexact = [t in ("float4", "float8") for t in self.types]
        return sorted(self.rows, key=lambda row: (
            [str(v) for v, i in zip(row, inexact) if not i],
            [f"{float(v):.6g}" if v is not None else "" for v, i in zip(row, inexact) if i]))


def equal(a, b, typ):
    if a == b or a is None or b is None:
        return a == b
    return typ in ("float4", "float8") and math.isclose(float(a), float(b), rel_tol=1e-12 if typ == "float8" else 1e-5)


def encode(value, typ):
    """The written form of a value; value.go reads it."""
    if value is None:
        return "NULL"
    if value == "":
        return "(empty)"
    if value in ("NULL", "(empty)"):
        return "\\" + value
    if typ == "bytea":
        return value
    value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    value = re.sub("^ ", r"\\s", value)
    return re.sub(" $", r"\\s", value)


class File:
    def __init__(self, path, pg):
        self.path, self.faults = path, 0
        self.forward, self.reverse = pg.connect("forward"), pg.connect("reverse")
        self.type_names = dict(self.forward.execute("select oid, typname from pg_type").fetchall())

    def ask(self, sql):
        return [Answer(c.pgconn, self.type_names, sql) for c in (self.forward, self.reverse)]

    def fault(self, line, text, sql):
        self.faults += 1
        print(f"{self.path}:{line}: {text}\n    " + "\n    ".join(sql))

    def record(self, line, head, sql):
        """The new lines of one record, without the empty one after it."""
        words = head.split()
        answer, again = self.ask("\n".join(sql))
        if words[0] == "query" and answer.code is None:
            return self.query(line, words[1:], sql, answer, again)
        if words[:2] == ["statement", "error"] and answer.code is not None:
            pattern = " ".join(words[3:])
            if pattern and not re.search(pattern, answer.message):
                self.fault(line, f"message does not match: {answer.message}", sql)
            if not answer.same(again, "nosort"):
                self.fault(line, f"error depends on the order of rows: {again.code}", sql)
            return [" ".join(["statement error", answer.code, *words[3:]]), *sql]
        if words[:2] == ["statement", "ok"] and answer.code is None:
            return [head, *sql]
        self.fault(line, f"PostgreSQL says {answer.code or 'ok'}: {answer.message or ''}", sql)
        return [head, *sql] + (["----"] if words[0] == "query" else [])

    def query(self, line, words, sql, answer, again):
        if not words or words[0] in (*SORTS, "colnames"):
            words = ["", *words]
        words[0] = ",".join(answer.types)
        sort = next((w for w in words if w in SORTS), "nosort")
        if not answer.same(again, sort):
            self.fault(line, "answer depends on the order of rows", sql)
        if len(answer.rows) > 1 and sort == "rowsort":
            rows = sorted(answer.lines())
        else:
            rows = answer.lines()
        names = ["\t".join(answer.names)] if "colnames" in words else []
        return [" ".join(["query", *words]), *sql, "----", *names, *rows]

    def rewrite(self):
        old = self.path.read_text().split("\n")
        new, at, own = [], 0, False
        while at < len(old):
            line = old[at]
            at += 1
            if not re.match("(statement|query)( |$)", line):
                new.append(line)
                own = line.startswith(OWN) or own and line != ""
                if line == "halt":
                    new.extend(old[at:])
                    break
                continue
            start = at - 1
            while at < len(old) and old[at] != "":
                at += 1
            if own:
                new.extend(old[start:at])
                own = False
                continue
            body = old[start + 1:at]
            if "----" in body:
                body = body[:body.index("----")]
            new.extend(self.record(start + 1, line, body))
        text = "\n".join(new)
        if text != "\n".join(old):
            self.path.write_text(text)


def rewrite(path, pg):
    """Rewrite one file; the number of records that have no good expectation."""
    file = File(path, pg)
    with file.forward, file.reverse:
        file.rewrite()
    return file.faults
