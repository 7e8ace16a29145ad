"""The SQL of `runs/search`.  Builds statements and runs none.

Params, tags and metrics are clustered by (experiment, key, run).  Most tests must be true for every result, and become inner
joins, whose order decides the cost.  If runs are ordered by start time and no test is selective, the scan of that index comes
first, since it stops when the page is full.  Otherwise the most selective test comes first, as its key is one range of a table.
SQLite keeps the written order of CROSS JOINs; PostgreSQL chooses an order itself.
"""

from collections.abc import Sequence

from msgspec import Struct, structs

from trackside.core.filters import keyset
from trackside.core.filters.fields import RUNS
from trackside.core.filters.keyset import MISSING, NAN, Term
from trackside.core.filters.nodes import Aggregate, And, Comparison, Entity, Field, Filter, Operator, Order
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_sql import Binder, Dialect, Place, Query, among, holds, number, where

MAX_JOINS = 16  # SQLite joins at most 64 tables; further tests become subqueries
MAX_BRANCHES = 16
INDEXED = 64  # characters of a param's value that are in the index `params_by_value`

_START_TIME = Field(Entity.ATTRIBUTE, "start_time")
_RUN_ID = Field(Entity.ATTRIBUTE, "run_id")
_NATURAL = (Order(_START_TIME, ascending=False), Order(_RUN_ID))

_TABLES = {Entity.PARAM: "params", Entity.TAG: "tags", Entity.METRIC: "metric_series"}
_DURATION = "(r.end_time - r.start_time)"
_DATASETS = "FROM inputs AS x CROSS JOIN datasets AS d WHERE x.run_seq = r.run_seq AND d.dataset_seq = x.dataset_seq"
_CONTEXTS = "FROM input_tags AS x WHERE x.run_seq = r.run_seq AND x.key = 'mlflow.data.context'"

# A lower number means that fewer runs are expected to pass.  Below _WIDE, the test's whole range is read first.
_BREADTH = {Operator.EQ: 0, Operator.IN: 1, Operator.BETWEEN: 2, Operator.LIKE: 2, Operator.ILIKE: 3}
_WIDE = 2


class Search(Struct, frozen=True):
    """A parsed and checked search."""

    tree: Filter | None
    orders: tuple[Order, ...]
    experiments: tuple[int, ...]  # experiment_seq
    stages: tuple[str, ...]
    fingerprint: str


def parse(
    filter_text: str | None, order_by: Sequence[str], experiments: Sequence[int], stages: Sequence[str]
) -> Search:
    """Return the parsed search.  Raise Invalid, with MLflow's messages."""
    tree = parse_filter(filter_text, RUNS)
    orders = parse_order_by(order_by, RUNS)
    fields = [order.field for order in orders]
    seqs = sorted(set(experiments))
    return Search(
        tree=tree,
        orders=orders + tuple(order for order in _NATURAL if order.field not in fields),
        experiments=tuple(seqs),
        stages=tuple(stages),
        fingerprint=keyset.fingerprint("runs", filter_text or "", list(order_by), seqs, list(stages)),
    )


def query(
    search: Search, limit: int, page_token: str | None, dialect: Dialect, runs: Sequence[int] | None = None
) -> Query:
    """Return the query for `limit` + 1 runs, whose rows are for `cut`.  With `runs`, only these are searched."""
    start = _start(search, page_token)
    bind = Binder()
    if runs is None:
        parts = _parts(search, start.after, dialect)
    else:
        parts = [_Part(*_split(search.tree), search.orders, start.after, runs_first=True, runs=runs)]
    scopes: list[tuple[tuple[int, ...], tuple[str, ...]]] = [(search.experiments, search.stages)]
    is_walk = runs is None and parts[0].runs_first and search.orders == _NATURAL
    if is_walk and 1 < len(search.experiments) * len(search.stages) <= MAX_BRANCHES:
        # The index has the runs of each experiment in order.
        scopes = [((seq,), (stage,)) for seq in search.experiments for stage in search.stages]
    selects = [_Select(part, *scope, bind, dialect) for part in parts for scope in scopes]
    end = f"LIMIT {bind(limit + 1)} OFFSET {bind(start.offset)}"
    if len(selects) == 1:
        return Query(f"{selects[0].text} {end}", bind.params)
    most = f"LIMIT {bind(limit + 1 + start.offset)}"
    union = " UNION ALL ".join(f"SELECT * FROM ({select.text} {most}) AS b{i}" for i, select in enumerate(selects))
    # Scopes are merged.  SQLite evaluates parts one after the other, and may not need the second.
    return Query(f"{union} {selects[0].order if len(scopes) > 1 else ''} {end}", bind.params)


def listing(search: Search, dialect: Dialect) -> list[Query]:
    """Return statements that list the run_seq of every matching run; their rows, in the order of the statements, are sorted."""
    queries = []
    for part in _parts(search, (), dialect):
        bind = Binder()
        queries.append(
            Query(_Select(_whole(part), search.experiments, search.stages, bind, dialect).listing, bind.params)
        )
    return queries


def count(search: Search, dialect: Dialect) -> Query:
    """Return the statement that counts the matching runs."""
    tests, rest = _split(search.tree)
    bind = Binder()
    part = _whole(_Part(tests, rest, (), (), runs_first=True))
    return Query(_Select(part, search.experiments, search.stages, bind, dialect).count, bind.params)


def sorts_all(search: Search) -> bool:
    """Return whether every matching run is found and sorted before the first can be returned."""
    return search.orders != _NATURAL and not any(map(_names_runs, _split(search.tree)[1]))


def check_token(search: Search, page_token: str | None) -> None:
    """Raise Invalid for a page token of another search."""
    _start(search, page_token)


def last_run(search: Search, page_token: str) -> str | None:
    """Return the id of the last run of the previous page; None if the token does not contain it."""
    after = _start(search, page_token).after
    for order, (_, value) in zip(search.orders, after, strict=False):
        if order.field == _RUN_ID and isinstance(value, str):
            return value
    return None


def is_costly(search: Search) -> bool:
    """Return whether one page costs as much as all pages, because a subquery tests every run before the first one can be
    returned."""
    return search.orders != _NATURAL and bool(_split(search.tree)[1])


def cut(search: Search, rows: Sequence[Sequence[object]], limit: int) -> tuple[list[int], str | None]:
    """Return the run_seqs of the page, and the token of the next page if there is one."""
    return keyset.cut(rows, limit, search.fingerprint)


class _Part(Struct, frozen=True):
    """A part of the searched runs, with its plan."""

    tests: list[list[Comparison]]  # grouped by key; unless `runs_first`, the first group is read first
    rest: list[Filter]
    orders: tuple[Order, ...]
    after: keyset.Pairs
    runs_first: bool
    lacks_first: bool = False  # `orders` and `after` omit the first order, for which none of these runs has a value
    reads_all: bool = False  # `rest` tests every run, so each of its ranges is read once
    runs: Sequence[int] | None = None  # search only these runs


def _start(search: Search, page_token: str | None) -> keyset.Start:
    return keyset.start(page_token, search.fingerprint, [_kind(order.field) for order in search.orders])


def _parts(search: Search, after: keyset.Pairs, dialect: Dialect) -> list[_Part]:
    tests, rest = _split(search.tree)
    first = search.orders[0].field
    if tests or first.entity not in _TABLES or dialect != "sqlite" or any(map(_names_runs, rest)):
        narrow = bool(tests) and min(map(_breadth, tests[0])) < _WIDE
        runs_first = not tests or any(map(_names_runs, rest)) or (first == _START_TIME and not narrow)
        return [_Part(tests, rest, search.orders, after, runs_first)]
    # Only the order has a range of a table, and a scan of it is faster than one look-up per run.
    parts = []
    begins: keyset.Pairs = ()
    if after and after[0][0] == MISSING:
        begins = after[1:]
    else:
        parts.append(_Part([[Comparison(first, Operator.IS_NOT_NULL)]], rest, search.orders, after, runs_first=False))
    without = [Comparison(first, Operator.IS_NULL), *rest]  # in most experiments every run has the value
    parts.append(_Part([], without, search.orders[1:], begins, runs_first=True, lacks_first=True))
    return parts


class _Select:
    """Builds a SELECT.  `text` has no LIMIT and selects the columns that a page token needs; `listing` selects only run_seq, in
    the same order; `count` selects the number of rows."""

    def __init__(
        self, part: _Part, experiments: Sequence[int], stages: Sequence[str], bind: Binder, dialect: Dialect
    ) -> None:
        self.bind = bind
        self.dialect = dialect
        self.part = part
        self.experiments = experiments
        self.aliases: dict[tuple[Entity, str], str] = {}
        self.tables: list[str] = []
        first = "r" if part.runs_first else "c0"
        self.conditions = [
            among(f"{first}.experiment_seq", experiments, bind),
            among("r.lifecycle_stage", stages, bind),
        ]
        if part.runs is not None:
            self.conditions.append(among("r.run_seq", part.runs, bind))
        self._join(part.tests, first)
        for filter_ in part.rest:
            self.conditions.append(f"({where(filter_, self._place, bind, dialect)})")
        counted = " AND ".join(self.conditions)
        self.count = f"SELECT COUNT(*) FROM {' '.join(self.tables)} WHERE r.workspace_id = :ws AND {counted}"
        terms = [self._term(order) for order in part.orders]
        if further := keyset.beyond(terms, part.after, bind):
            self.conditions.append(further)
        tables, conditions = " ".join(self.tables), " AND ".join(self.conditions)
        self.listing = (
            f"SELECT r.run_seq FROM {tables} WHERE r.workspace_id = :ws AND {conditions} "
            f"ORDER BY {keyset.order_by_values(terms)}"
        )
        if part.lacks_first:
            terms.insert(0, Term("NULL", rank=str(MISSING), is_constant=True))
        self.order = f"ORDER BY {keyset.order_by(terms)}"
        self.text = (
            f"SELECT r.run_seq AS run_seq, {keyset.columns(terms)} FROM {tables} "
            f"WHERE r.workspace_id = :ws AND {conditions} {self.order}"
        )

    def _join(self, tests: list[list[Comparison]], first: str) -> None:
        """Join one table for each tested key, before or after the runs."""
        if first == "r":
            # Without statistics, SQLite would use the index by start time instead of the given run keys.
            by_key = " NOT INDEXED" if self.part.runs is not None and self.dialect == "sqlite" else ""
            self.tables.append(f"runs AS r{by_key}")
        for i, comparisons in enumerate(tests):
            entity, key = _key(comparisons[0])
            alias = self.aliases[entity, key] = f"c{i}"
            self.tables.append(f"{'CROSS JOIN ' if self.tables else ''}{self._keyed(entity, alias)}")
            if alias != first:
                self.conditions.append(_same_run(alias, first))
            self.conditions.append(f"{alias}.key = {self.bind(key)}")
            for comparison in comparisons:
                if comparison.operator is not Operator.IS_NOT_NULL:
                    self.conditions += self._tested(comparison, alias)
        if first != "r":
            self.tables.append("CROSS JOIN runs AS r")
            self.conditions.append(_same_run("r", first))

    def _tested(self, comparison: Comparison, alias: str) -> list[str]:
        """Return the conditions of a test.  PostgreSQL has an index by the first characters of a param.  For shorter values, the
        condition on these characters is sufficient, and a second, redundant one would mislead the planner."""
        place = _value(comparison.field, alias, self.dialect)
        is_text = comparison.field.entity is Entity.PARAM and not comparison.is_numeric
        is_exact = comparison.operator in (Operator.EQ, Operator.IN)
        if self.dialect == "sqlite" or not is_text or not is_exact:
            return [holds(comparison, place, self.bind, self.dialect)]
        values = [str(value) for value in comparison.values]
        first = among(f"left({alias}.value, {INDEXED})", sorted({value[:INDEXED] for value in values}), self.bind)
        if all(len(value) < INDEXED for value in values):
            return [first]
        return [first, holds(comparison, place, self.bind, self.dialect)]

    def _keyed(self, entity: Entity, alias: str) -> str:
        """Return a table with the hint that makes SQLite use the primary key.  Without statistics, SQLite may use the index on
        runs, and then look up each row."""
        by = f" INDEXED BY sqlite_autoindex_{_TABLES[entity]}_1" if self.dialect == "sqlite" else ""
        return f"{_TABLES[entity]} AS {alias}{by}"

    def _place(self, field: Field) -> Place:
        """Return the place of a field for a test in a subquery."""
        match field.entity:
            case Entity.ATTRIBUTE:
                return Place(_attribute(field.key), is_nullable=_is_nullable(field.key))
            case Entity.DATASET if field.key == "context":
                return Place("x.value", rows=_CONTEXTS)
            case Entity.DATASET:
                return Place(f"d.{field.key}", rows=_DATASETS)
            case entity if self.part.reads_all and self.dialect == "sqlite":  # PostgreSQL would not hash a long list
                own = f"{among('x.experiment_seq', self.experiments, self.bind)} AND x.key = {self.bind(field.key)}"
                place = _value(field, "x", self.dialect, f"FROM {self._keyed(entity, 'x')} WHERE {own}")
                return structs.replace(place, link=("r.run_seq", "x.run_seq"))
            case entity:
                rows = f"FROM {_TABLES[entity]} AS x WHERE {_same_run('x', 'r')} AND x.key = {self.bind(field.key)}"
                return _value(field, "x", self.dialect, rows)

    def _term(self, order: Order) -> Term:
        field, kind = order.field, _kind(order.field)
        if field.entity is Entity.ATTRIBUTE:
            value = _attribute(field.key)
            rank = f"CASE WHEN {value} IS NULL THEN {MISSING} ELSE 0 END" if _is_nullable(field.key) else None
            return Term(value, order.ascending, rank, kind)
        alias = self.aliases.get((field.entity, field.key))
        if alias is None:
            alias = self.aliases[field.entity, field.key] = f"o{len(self.aliases)}"
            key = f"{alias}.key = {self.bind(field.key)}"
            self.tables.append(f"LEFT JOIN {self._keyed(field.entity, alias)} ON {_same_run(alias, 'r')} AND {key}")
        place = _value(field, alias, self.dialect)
        missing = f" WHEN {alias}.run_seq IS NULL THEN {MISSING}" if alias.startswith("o") else ""
        nan = f" WHEN {place.nan} THEN {NAN}" if place.nan else ""
        return Term(place.value, order.ascending, f"CASE{missing}{nan} ELSE 0 END" if missing or nan else None, kind)


def _whole(part: _Part) -> _Part:
    """Return the FROM clause to read every run of the part, where stopping early has no benefit."""
    names_runs = any(map(_names_runs, part.rest))
    is_narrow = bool(part.tests) and min(map(_breadth, part.tests[0])) < _WIDE
    return structs.replace(part, runs_first=not part.tests or names_runs, reads_all=not names_runs and not is_narrow)


def _split(tree: Filter | None) -> tuple[list[list[Comparison]], list[Filter]]:
    """Split a filter into tests that can be joined, grouped by key with the most selective first, and the rest."""
    by_key: dict[tuple[Entity, str], list[Comparison]] = {}
    rest: list[Filter] = []
    for part in tree.parts if isinstance(tree, And) else [tree] if tree else []:
        if isinstance(part, Comparison) and part.field.entity in _TABLES and part.operator is not Operator.IS_NULL:
            key = _key(part)
            if key in by_key or len(by_key) < MAX_JOINS:
                by_key.setdefault(key, []).append(part)
                continue
        rest.append(part)
    return sorted(by_key.values(), key=lambda tests: min(map(_breadth, tests))), rest


def _key(test: Comparison) -> tuple[Entity, str]:
    return test.field.entity, test.field.key


def _breadth(test: Comparison) -> int:
    return _BREADTH.get(test.operator, max(_BREADTH.values()) + 1)


def _names_runs(part: Filter) -> bool:
    return isinstance(part, Comparison) and part.field == _RUN_ID and _breadth(part) < _WIDE


def _same_run(alias: str, other: str) -> str:
    return f"{alias}.experiment_seq = {other}.experiment_seq AND {alias}.run_seq = {other}.run_seq"


def _attribute(key: str) -> str:
    return _DURATION if key == "duration" else f"r.{key}"


def _is_nullable(key: str) -> bool:
    return key in ("end_time", "duration")


def _kind(field: Field) -> keyset.Kind:
    match field:
        case Field(Entity.METRIC, _, Aggregate.COUNT):
            return "whole number"
        case Field(Entity.METRIC) | Field(is_number=True):
            return "number"
        case Field(Entity.ATTRIBUTE, "start_time" | "end_time" | "duration"):
            return "whole number"
        case _:
            return "text"


def _value(field: Field, alias: str, dialect: Dialect, rows: str | None = None) -> Place:
    """Return the value of a param, a tag or a metric in its table."""
    if field.is_number:
        said = f"({number(f'{alias}.value', dialect)})"
        return Place(said, rows, nan=f"{said} IS NULL")
    if field.entity is Entity.TAG:
        return Place(f"{alias}.value", rows)
    if field.entity is Entity.PARAM:
        return Place(f"{alias}.value", rows, number=number(f"{alias}.value", dialect))
    match field.aggregate:
        case Aggregate.LAST | Aggregate.FIRST:
            return Place(f"{alias}.{field.aggregate}_value", rows, nan=f"{alias}.{field.aggregate}_is_nan = 1")
        case Aggregate.MIN | Aggregate.MAX:
            value = f"{alias}.{field.aggregate}_value"
            return Place(value, rows, nan=f"{value} IS NULL")
        case Aggregate.MEAN:
            value = f"({alias}.sum_value / NULLIF({alias}.value_count, 0))"
            return Place(value, rows, nan=f"{alias}.value_count = 0")
        case _:
            return Place(f"{alias}.point_count", rows)
