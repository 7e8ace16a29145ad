"""The SQL of runs/search: which runs, in which order, from which page on.  Knows tables and what makes them quick to
ask; runs no statement and knows no document.

Params, tags and metrics lie clustered by (experiment, key, run).  A test that must hold, as most do, is an inner join,
and the order of the joins decides the cost.  If runs are wanted by start time and no test is narrow, the walk along
their index comes first, for it stops when the page is full.  Else the narrowest test comes first, as its key is one
range of a table.  SQLite keeps to the order in which CROSS JOINs are written; PostgreSQL finds its own.
"""

from collections.abc import Sequence

from msgspec import Struct

from trackside.core.filters import keyset
from trackside.core.filters.fields import RUNS
from trackside.core.filters.keyset import Term
from trackside.core.filters.nodes import Aggregate, And, Comparison, Entity, Field, Filter, Operator, Order
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_sql import Binder, Dialect, Place, Query, among, holds, number, where

MAX_JOINS = 16  # SQLite joins 64 tables at most; further tests are subqueries
MAX_BRANCHES = 16

_START_TIME = Field(Entity.ATTRIBUTE, "start_time")
_RUN_ID = Field(Entity.ATTRIBUTE, "run_id")
_NATURAL = (Order(_START_TIME, ascending=False), Order(_RUN_ID))

_TABLES = {Entity.PARAM: "params", Entity.TAG: "tags", Entity.METRIC: "metric_series"}
_DURATION = "(r.end_time - r.start_time)"
_DATASETS = "FROM inputs AS x CROSS JOIN datasets AS d WHERE x.run_seq = r.run_seq AND d.dataset_seq = x.dataset_seq"
_CONTEXTS = "FROM input_tags AS x WHERE x.run_seq = r.run_seq AND x.key = 'mlflow.data.context'"

# A test with one of these is expected to leave few runs; the lower, the fewer.
_NARROW = {Operator.EQ: 0, Operator.IN: 1}
_BREADTH = {**_NARROW, Operator.BETWEEN: 2, Operator.LIKE: 2, Operator.ILIKE: 3}
_WIDE = 4


class Search(Struct, frozen=True):
    """What is asked for, read and checked."""

    tree: Filter | None
    orders: tuple[Order, ...]
    experiments: tuple[int, ...]  # experiment_seq
    stages: tuple[str, ...]
    fingerprint: str


def parse(
    filter_text: str | None, order_by: Sequence[str], experiments: Sequence[int], stages: Sequence[str]
) -> Search:
    """A mistake of the caller is `Invalid`, in MLflow's words."""
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


def query(search: Search, limit: int, page_token: str | None, dialect: Dialect) -> Query:
    """Finds `limit` runs, and one more if there is one: rows for `cut`."""
    return _Statement(search, dialect).page(limit, page_token)


def cut(search: Search, rows: Sequence[Sequence[object]], limit: int) -> tuple[list[int], str | None]:
    """The run_seqs of the page, and the token of the next if there is one."""
    return keyset.cut(rows, limit, search.fingerprint)


class _Statement:
    """A statement in the making: its tables and conditions so far, and its values."""

    def __init__(self, search: Search, dialect: Dialect) -> None:
        self.search = search
        self.dialect = dialect
        self.bind = Binder()
        self.aliases: dict[tuple[Entity, str], str] = {}
        self.tables: list[str] = []
        self.conditions: list[str] = []

    def page(self, limit: int, page_token: str | None) -> Query:
        joined, rest = _split(self.search.tree)
        by_start = self.search.orders[0].field == _START_TIME
        narrow = bool(joined) and min(map(_breadth, joined[0])) < len(_NARROW)
        runs_first = not joined or (by_start and not narrow) or any(map(_names_runs, rest))
        self._join(joined, runs_first=runs_first)
        for part in rest:
            self.conditions.append(f"({where(part, self._place, self.bind, self.dialect)})")
        terms = [self._term(order) for order in self.search.orders]
        start = keyset.start(page_token, self.search.fingerprint, terms)
        if further := keyset.beyond(terms, start, self.bind):
            self.conditions.append(further)

        most = self.bind(limit + 1 + start.offset)
        order = f"ORDER BY {keyset.order_by(terms)} LIMIT {most}"
        select = f"SELECT r.run_seq AS run_seq, {keyset.columns(terms)} FROM {' '.join(self.tables)}"
        scopes = self._scopes("r" if runs_first else "c0", split=runs_first and self.search.orders == _NATURAL)
        branches = [f"{select} WHERE {' AND '.join([scope, *self.conditions])} {order}" for scope in scopes]
        sql = branches[0]
        if len(branches) > 1:
            sql = " UNION ALL ".join(f"SELECT * FROM ({branch}) AS b{i}" for i, branch in enumerate(branches))
            sql = f"{sql} {order}"
        if start.offset:
            sql = f"{sql} OFFSET {self.bind(start.offset)}"
        return Query(sql, self.bind.params)

    def _join(self, tests: list[list[Comparison]], *, runs_first: bool) -> None:
        """One table for each key that is tested, with the runs before or after them."""
        first = "r" if runs_first else "c0"
        self.tables = ["runs AS r"] if runs_first else []
        self.conditions = ["r.workspace_id = :ws"]
        for i, comparisons in enumerate(tests):
            entity, key = comparisons[0].field.entity, comparisons[0].field.key
            alias = self.aliases[entity, key] = f"c{i}"
            self.tables += [*(["CROSS JOIN"] if self.tables else []), f"{_TABLES[entity]} AS {alias}"]
            if alias != first:
                self.conditions.append(_same_run(alias, first))
            self.conditions.append(f"{alias}.key = {self.bind(key)}")
            for comparison in comparisons:
                if comparison.operator is not Operator.IS_NOT_NULL:
                    place = _value(comparison.field, alias, self.dialect)
                    self.conditions.append(holds(comparison, place, self.bind, self.dialect))
        if not runs_first:
            self.tables.append("CROSS JOIN runs AS r")
            self.conditions.append(_same_run("r", first))

    def _place(self, field: Field) -> Place:
        """For a test in a subquery."""
        match field.entity:
            case Entity.ATTRIBUTE:
                return Place(_attribute(field.key), is_nullable=_is_nullable(field.key))
            case Entity.DATASET if field.key == "context":
                return Place("x.value", rows=_CONTEXTS)
            case Entity.DATASET:
                return Place(f"d.{field.key}", rows=_DATASETS)
            case entity:
                rows = f"FROM {_TABLES[entity]} AS x WHERE {_same_run('x', 'r')} AND x.key = {self.bind(field.key)}"
                return _value(field, "x", self.dialect, rows)

    def _term(self, order: Order) -> Term:
        field = order.field
        if field.entity is Entity.ATTRIBUTE:
            value = _attribute(field.key)
            rank = f"CASE WHEN {value} IS NULL THEN 2 ELSE 0 END" if _is_nullable(field.key) else None
            return Term(value, order.ascending, rank, "text" if _is_text(field.key) else "number")
        alias = self.aliases.get((field.entity, field.key))
        missing = ""
        if alias is None:
            alias = self.aliases[field.entity, field.key] = f"o{len(self.aliases)}"
            table = f"{_TABLES[field.entity]} AS {alias}"
            self.tables.append(f"LEFT JOIN {table} ON {_same_run(alias, 'r')} AND {alias}.key = {self.bind(field.key)}")
        if alias.startswith("o"):
            missing = f"WHEN {alias}.run_seq IS NULL THEN 2 "
        place = _value(field, alias, self.dialect)
        nan = f"WHEN {place.nan} THEN 1 " if place.nan else ""
        rank = f"CASE {missing}{nan}ELSE 0 END" if missing or nan else None
        return Term(place.value, order.ascending, rank, "number" if field.entity is Entity.METRIC else "text")

    def _scopes(self, first: str, *, split: bool) -> list[str]:
        """The conditions on experiments and stages; if `split`, one a pair, since the index has its runs in order."""
        search = self.search
        pairs = [(seq, stage) for seq in search.experiments for stage in search.stages]
        if not split or not 1 < len(pairs) <= MAX_BRANCHES:
            experiments = among(f"{first}.experiment_seq", search.experiments, self.bind, self.dialect)
            return [f"{experiments} AND {among('r.lifecycle_stage', search.stages, self.bind, self.dialect)}"]
        return [
            f"{first}.experiment_seq = {self.bind(seq)} AND r.lifecycle_stage = {self.bind(stage)}"
            for seq, stage in pairs
        ]


def _split(tree: Filter | None) -> tuple[list[list[Comparison]], list[Filter]]:
    """What can be joined, by key and the narrowest first, and the rest."""
    by_key: dict[tuple[Entity, str], list[Comparison]] = {}
    rest: list[Filter] = []
    for part in tree.parts if isinstance(tree, And) else [tree] if tree else []:
        if isinstance(part, Comparison) and part.field.entity in _TABLES and part.operator is not Operator.IS_NULL:
            key = (part.field.entity, part.field.key)
            if key in by_key or len(by_key) < MAX_JOINS:
                by_key.setdefault(key, []).append(part)
                continue
        rest.append(part)
    return sorted(by_key.values(), key=lambda tests: min(map(_breadth, tests))), rest


def _breadth(test: Comparison) -> int:
    if test.field.entity is Entity.METRIC:
        return _BREADTH[Operator.IN] + 1
    return _BREADTH.get(test.operator, _WIDE)


def _names_runs(part: Filter) -> bool:
    return isinstance(part, Comparison) and part.field == _RUN_ID and part.operator in _NARROW


def _same_run(alias: str, other: str) -> str:
    return f"{alias}.experiment_seq = {other}.experiment_seq AND {alias}.run_seq = {other}.run_seq"


def _attribute(key: str) -> str:
    return _DURATION if key == "duration" else f"r.{key}"


def _is_nullable(key: str) -> bool:
    return key in ("end_time", "duration")


def _is_text(key: str) -> bool:
    return key not in ("start_time", "end_time", "duration")


def _value(field: Field, alias: str, dialect: Dialect, rows: str | None = None) -> Place:
    """The value of a param, a tag or a metric in its table."""
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
