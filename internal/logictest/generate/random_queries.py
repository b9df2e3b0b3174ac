"""Random queries over the fixture tables, for joins and subqueries nobody would write.

A query is kept when PostgreSQL expects it to be cheap and answers it without an
error, with few rows, and the same in both databases. Expressions are typed; nothing in them
can overflow or divide by zero, so that every engine has an answer. Floats are
left out: their sums depend on the order of rows.
"""

import re

import expect
import fixtures

SEED, QUERIES, MAX_ROWS = 2024, 250, 40
MAX_COST = 20_000  # the planner's, because time differs from run to run
KEEP_EMPTY = 12  # one empty answer in so many queries

USED = {
    "departments": ["dept_id", "name", "location", "budget"],
    "employees": ["emp_id", "name", "dept_id", "manager_id", "salary", "hired", "active"],
    "left_pairs": ["k", "v", "g"],
    "right_pairs": ["k", "v", "g"],
    "numbers": ["n", "quarter", "word", "third"],
    "customers": ["cust_id", "name", "region", "balance", "since"],
    "products": ["prod_id", "name", "kind", "price"],
    "sales": ["sale_id", "cust_id", "sold", "status"],
    "sale_items": ["sale_id", "line", "prod_id", "quantity", "price", "discount"],
    "events": ["id", "kind", "amount", "flag"],
    "alltypes": ["id", "b", "n", "t", "d"],
    "truth": ["a", "b"],
    "one_row": ["a", "b"],
    "empty_table": ["a", "b", "c", "d"],
}

# Columns that mean the same thing; joins mostly follow them.
KEYS = [{"dept_id"}, {"emp_id", "manager_id", "n", "id"}, {"k", "g", "a", "line"}, {"cust_id"}, {"sale_id", "n"}, {"prod_id", "n"}]


class Column:
    def __init__(self, name, kind, source, values=()):
        self.name, self.kind, self.source, self.values = name, kind, source, values


def kind_of(typ):
    return "int" if typ.startswith("int") else typ.partition("(")[0]


class Writer(fixtures.Generator):
    """Writes one query after another; scope is the list of visible columns."""

    def __init__(self, seed):
        super().__init__(seed)
        self.tables, self.aliases = {}, 0
        for name, table in fixtures.tables().items():
            if name in USED:
                at = {c: i for i, c in enumerate(table.columns)}
                self.tables[name] = [
                    (c, kind_of(table.columns[c]), [r[at[c]] for r in table.rows if r[at[c]] is not None]) for c in USED[name]]

    def chance(self, percent):
        return self.below(100) < percent

    def alias(self):
        self.aliases += 1
        return f"t{self.aliases}"

    # Relations

    def relation(self, depth):
        """A FROM item and its columns."""
        alias = self.alias()
        if depth > 0 and self.chance(20):
            sql, columns = self.grouped(depth - 1)
            return f"({sql}) {alias}", [Column(f"{alias}.{c.name}", c.kind, c.source, c.values) for c in columns]
        name = self.pick(list(self.tables))
        if self.chance(50):
            name = self.pick(["employees", "departments", "left_pairs", "right_pairs", "sales", "sale_items", "customers"])
        return f"{name} {alias}", [Column(f"{alias}.{c}", k, c, v) for c, k, v in self.tables[name]]

    def source(self, depth, most):
        """A FROM clause of up to so many relations and its columns."""
        sql, scope = self.relation(depth)
        for _ in range(self.below(most)):
            right, columns = self.relation(depth)
            on = self.join_condition(scope, columns)
            if on is None:
                if len(columns) > 2 and not self.chance(10):
                    continue
                sql += f" cross join {right}"
            else:
                kind = self.pick(["join", "join", "join", "left join", "left join", "right join", "full join"])
                extra = f" and {self.predicate(scope + columns, 0)}" if kind != "full join" and self.chance(25) else ""
                sql += f" {kind} {right} on {on}{extra}"
            scope = scope + columns
        return sql, scope

    def join_condition(self, left, right):
        def related(a, b):
            return a.kind == b.kind and (a.source == b.source != "name" or any({a.source, b.source} <= k for k in KEYS))
        pairs = [(a, b) for a in left for b in right if related(a, b) and a.kind in ("int", "text", "date")]
        if not pairs:
            return None
        keys = [p for p in pairs if p[0].source.endswith("_id") or p[0].source == "k"]
        a, b = self.pick(keys or pairs)
        return f"{a.name} = {b.name}"

    # Expressions

    def columns(self, scope, kind):
        return [c for c in scope if c.kind == kind]

    def literal(self, kind, column=None):
        if column and column.values and self.chance(85):
            value = self.pick(column.values)
        else:
            value = {"int": self.below(50), "numeric": self.below(5000) / 4, "text": self.pick(["north", "paid", "l3", "Ada Stone", ""]),
                     "date": "2023-06-15", "bool": self.chance(50)}[kind]
        if kind == "bool":
            return str(bool(value)).lower()
        if kind in ("int", "numeric"):
            return str(value)
        text = str(value).replace("'", "''")
        if any(ord(c) < 32 or c == "\\" for c in text):
            text = "x"
        return f"date '{text}'" if kind == "date" else f"'{text}'"

    def expression(self, scope, kind, depth):
        """A value of a kind; a literal when no column has it."""
        found = self.columns(scope, kind)
        if not found or self.chance(10):
            return self.literal(kind)
        c = self.pick(found).name
        if depth <= 0 or self.chance(45):
            return c
        other = self.expression(scope, kind, depth - 1)
        if self.chance(25):
            return self.pick([f"coalesce({c}, {other})", f"case when {self.predicate(scope, 0)} then {c} else {other} end",
                              f"nullif({c}, {other})", f"greatest({c}, {other})"])
        return {
            "int": lambda: self.pick([f"({c} + {other})", f"({c} - {other})", f"{c} % 7", f"{c} / 3", f"abs({c})", f"-{c}"]),
            "numeric": lambda: self.pick([f"({c} + {other})", f"({c} - {other})", f"{c} * 2", f"round({c}, 1)", f"floor({c})"]),
            "text": lambda: self.pick([f"upper({c})", f"{c} || {other}", f"substring({c} from 2 for 3)", f"left({c}, 4)", f"replace({c}, 'o', '0')"]),
            "date": lambda: self.pick([f"({c} + {self.below(60)})", f"({c} - 7)", f"(date_trunc('month', {c}))::date"]),
            "bool": lambda: self.pick([f"(not {c})", f"({c} and {other})", f"({c} or {other})", f"({c} is true)"]),
        }[kind]()

    def kind(self, scope):
        return self.pick(scope).kind

    def predicate(self, scope, depth):
        if depth > 0 and self.chance(35):
            a, b = self.predicate(scope, depth - 1), self.predicate(scope, depth - 1)
            return self.pick([f"({a} and {b})", f"({a} or {b})", f"not ({a})"])
        if depth > 0 and self.chance(40):
            return self.subquery_predicate(scope, depth - 1)
        c = self.pick(scope)
        if c.kind == "bool" and self.chance(60):
            return self.pick([c.name, f"not {c.name}", f"{c.name} is not true", f"{c.name} is not null"])
        value = self.literal(c.kind, c)
        if self.chance(25):
            value = self.expression([x for x in scope if x is not c] or scope, c.kind, 1)
        op = self.pick(["=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from"])
        choices = [f"{c.name} {op} {value}", f"{self.expression(scope, c.kind, 1)} {op} {value}", f"{c.name} is null", f"{c.name} is not null",
                   f"{c.name} in ({self.literal(c.kind, c)}, {self.literal(c.kind, c)}, {self.literal(c.kind, c)})",
                   f"{c.name} between {self.literal(c.kind, c)} and {self.literal(c.kind, c)}"]
        if c.kind == "text":
            choices += [f"{c.name} like '%{self.pick('aeor1')}%'", f"{c.name} like '{self.pick('lrACc')}%'", f"{c.name} ilike '%{self.pick('STE')}_%'"]
        return self.pick(choices)

    def subquery_predicate(self, scope, depth):
        """EXISTS, IN, a quantifier or a scalar, mostly correlated."""
        inner, columns = self.source(0, 2)
        link = self.join_condition(scope, columns)
        where = [p for p in [link if self.chance(70) else None, self.predicate(columns, depth) if self.chance(60) else None] if p]
        tail = f" from {inner}" + (f" where {' and '.join(where)}" if where else "")
        if self.chance(30):
            return f"{self.pick(['', 'not '])}exists (select 1{tail})"
        kind = self.kind([c for c in scope if c.kind != "bool"] or scope)
        if kind == "bool" or not self.columns(columns, kind):
            return f"(select count(*){tail}) {self.pick(['<', '>', '='])} {self.below(4)}"
        outer, column = self.expression(scope, kind, 0), self.pick(self.columns(columns, kind)).name
        return self.pick([
            f"{outer} in (select {column}{tail})", f"{outer} not in (select {column}{tail})",
            f"{outer} {self.pick(['<', '>=', '='])} any (select {column}{tail})", f"{outer} {self.pick(['<', '>=', '<>'])} all (select {column}{tail})",
            f"{outer} {self.pick(['<', '>=', '='])} (select {self.pick(['max', 'min'])}({column}){tail})"])

    # Queries

    def where(self, scope, depth):
        return f" where {self.predicate(scope, depth)}" if self.chance(70) else ""

    def plain(self, depth, kinds=None):
        sql, scope = self.source(depth, 4)
        kinds = kinds or [self.kind(scope) for _ in range(1 + self.below(4))]
        items = [self.expression(scope, k, 2) for k in kinds]
        if depth > 0 and self.chance(20):
            inner, columns = self.source(0, 2)
            link = self.join_condition(scope, columns)
            if link:
                items.append(f"(select {self.pick(['count(*)', 'max(' + self.pick(self.columns(columns, 'int') or columns).name + '::text)'])} from {inner} where {link})")
                kinds = kinds + ["?"]
        distinct = "distinct " if self.chance(35) else ""
        return f"select {distinct}{', '.join(items)} from {sql}{self.where(scope, depth)}", kinds

    def aggregate(self, scope):
        kind = self.kind(scope)
        value = self.expression(scope, kind, 1)
        calls = ["count(*)", f"count({value})", f"count(distinct {value})"]
        if kind != "bool":
            calls += [f"min({value})", f"max({value})"]
        if kind in ("int", "numeric"):
            calls += [f"sum({value})", f"sum({value})"]
        if kind == "bool":
            calls += [f"bool_and({value})", f"bool_or({value})"]
        i = self.below(len(calls))
        result = "int" if i < 3 else kind
        tail = f" filter (where {self.predicate(scope, 0)})" if self.chance(15) else ""
        return calls[i] + tail, "numeric" if calls[i].startswith("sum") else result

    def grouped(self, depth):
        """A grouped query and the columns it gives."""
        sql, scope = self.source(depth, 4)
        keys = []
        for _ in range(self.below(3)):
            kind = self.kind(scope)
            keys.append((self.expression(scope, kind, 1 if self.chance(30) else 0), kind))
        keys = [k for k in keys if not k[0].startswith(("'", "date '")) and not k[0].isdigit() and k[0] not in ("true", "false")]
        calls = [self.aggregate(scope) for _ in range(1 + self.below(3))]
        items = keys + calls
        text = ", ".join(f"{e} as c{i}" for i, (e, _) in enumerate(items))
        group = f" group by {', '.join(str(i + 1) for i in range(len(keys)))}" if keys else ""
        having = f" having {self.pick(['count(*) > 1', 'count(*) between 1 and 5', 'count(*) % 2 = 1'])}" if keys and self.chance(25) else ""
        columns = [Column(f"c{i}", k, f"c{i}") for i, (_, k) in enumerate(items)]
        return f"select {text} from {sql}{self.where(scope, depth)}{group}{having}", columns

    def query(self):
        """One statement and its sort mode."""
        self.aliases = 0
        form = self.below(10)
        if form < 4:
            sql, _ = self.grouped(2)
        elif form < 8:
            sql, kinds = self.plain(2)
            if self.chance(25):
                order = ", ".join(f"{i + 1}{self.pick(['', ' desc', ' nulls first', ' desc nulls last'])}" for i in range(len(kinds)))
                return f"{sql} order by {order} limit {1 + self.below(20)}", "nosort"
        else:
            kinds = [self.pick(["int", "text", "numeric", "date", "bool"]) for _ in range(1 + self.below(2))]
            parts = [self.plain(0, kinds)[0] for _ in range(2 + self.below(2))]
            ops = ["union", "union all", "intersect", "except", "except all", "intersect all"]
            sql = f" {self.pick(ops)} ".join(parts[:2]) + "".join(f" {self.pick(ops)} {p}" for p in parts[2:])
        return sql, "rowsort"


def cheap(conn, names, sql):
    plan = expect.Answer(conn.pgconn, names, f"explain {sql}")
    return plan.code is None and float(re.search(r"\.\.([0-9.]+) rows", plan.rows[0][0])[1]) < MAX_COST


def write(path, pg):
    """Write the file of kept queries, without answers."""
    forward, reverse = pg.connect("forward"), pg.connect("reverse")
    names = dict(forward.execute("select oid, typname from pg_type").fetchall())
    writer, kept, empty = Writer(SEED), [], 0
    with forward, reverse:
        while len(kept) < QUERIES:
            sql, sort = writer.query()
            if len(sql) > 900 or not cheap(forward, names, sql):
                continue
            answer = expect.Answer(forward.pgconn, names, sql)
            if answer.code or len(answer.rows) > MAX_ROWS:
                continue
            hollow = all(v is None for row in answer.rows for v in row)
            if hollow and empty * KEEP_EMPTY >= len(kept):
                continue
            if not answer.same(expect.Answer(reverse.pgconn, names, sql), sort):
                continue
            empty += hollow
            kept.append(f"query {sort}\n{sql}")
    head = "# Written by generate/random_queries.py; the answers are PostgreSQL's."
    path.write_text("\n\n".join([head, *kept]) + "\n")
