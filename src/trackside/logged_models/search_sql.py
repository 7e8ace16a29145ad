"""The SQL of `logged-models/search`: filter, order and page.  Builds statements and runs none.

A test of a metric is true if any point of the model passes it, as in MLflow.  An order by a metric uses the newest point, which
`logged_model_latest` has.
"""

from msgspec import Struct

from trackside.core.filters import keyset
from trackside.core.filters.keyset import Term
from trackside.core.filters.nodes import And, Comparison, Entity, Field, Filter, Not, Operator, Or
from trackside.core.filters.to_sql import Binder, Dialect, Place, Query, among, holds, number, where

ALL_POINTS = 0  # the dataset_key of the newest of all points

_TABLES = {Entity.PARAM: "logged_model_params", Entity.TAG: "logged_model_tags"}
_CREATED = Field(Entity.ATTRIBUTE, "creation_timestamp_ms")
_MODEL_ID = Field(Entity.ATTRIBUTE, "model_id")
_NUMBERS = ("creation_timestamp_ms", "last_updated_timestamp_ms", "experiment_id")


class ModelOrder(Struct, frozen=True):
    """`datasets`: the keys of those whose points count; None for all points."""

    field: Field
    ascending: bool = True
    datasets: tuple[int, ...] | None = None


class Search(Struct, frozen=True):
    """A parsed and checked search.  `says` is included in the page tokens."""

    tree: Filter | None
    orders: tuple[ModelOrder, ...]
    experiments: tuple[int, ...]  # experiment_seq
    datasets: tuple[int, ...] | None  # as in an order, for the filter
    says: str


_NATURAL = (ModelOrder(_CREATED, ascending=False), ModelOrder(_MODEL_ID))


def query(search: Search, limit: int, page_token: str | None, dialect: Dialect) -> Query:
    """Return the query for `limit` models, and one more if there is one: rows for `keyset.cut`."""
    return _Statement(search, dialect).page(limit, page_token)


class _Statement:
    """A statement in the making: its tables and conditions so far, and its values."""

    def __init__(self, search: Search, dialect: Dialect) -> None:
        self.search = search
        self.dialect = dialect
        self.bind = Binder()
        self.tables = ["logged_models AS l"]
        self.conditions: list[str] = []

    def page(self, limit: int, page_token: str | None) -> Query:
        search = self.search
        self.conditions = [
            among("l.experiment_seq", search.experiments, self.bind),
            "l.lifecycle_stage = 'active'",
        ]
        tree = search.tree
        for part in tree.parts if isinstance(tree, And) else [tree] if tree else []:
            self.conditions.append(self._narrow(part) or f"({where(part, self._place, self.bind, self.dialect)})")
        if search.datasets is not None and not _names_metric(tree):
            on_datasets = among("x.dataset_key", search.datasets, self.bind)
            self.conditions.append(
                f"EXISTS (SELECT 1 {_rows('logged_model_latest')} AND {on_datasets})" if search.datasets else "1 = 0"
            )
        orders = search.orders + tuple(
            natural for natural in _NATURAL if all(order.field != natural.field for order in search.orders)
        )
        terms = [self._term(order) for order in orders]
        start = keyset.start(page_token, search.says, [term.kind for term in terms])
        if further := keyset.beyond(terms, start.after, self.bind):
            self.conditions.append(further)
        sql = (
            f"SELECT l.model_seq AS model_seq, {keyset.columns(terms)} FROM {' '.join(self.tables)} "
            f"WHERE l.workspace_id = :ws AND {' AND '.join(self.conditions)} "
            f"ORDER BY {keyset.order_by(terms)} LIMIT {self.bind(limit + 1 + start.offset)}"
        )
        if start.offset:
            sql = f"{sql} OFFSET {self.bind(start.offset)}"
        return Query(sql, self.bind.params)

    def _narrow(self, part: Filter) -> str | None:
        """A test that leaves few models, as a list of them that the database may begin with."""
        match part:
            case Comparison(field, Operator.EQ | Operator.IN) if field.entity in _TABLES:
                table = _TABLES[field.entity]
                scope = among("x.experiment_seq", self.search.experiments, self.bind)
                holding = holds(part, _value(field, self.dialect), self.bind, self.dialect)
                key = self.bind(field.key)
                return (
                    f"l.model_seq IN (SELECT x.model_seq FROM {table} AS x "
                    f"WHERE x.workspace_id = :ws AND {scope} AND x.key = {key} AND {holding})"
                )
        return None

    def _place(self, field: Field) -> Place:
        """Return the place of a field for a test in a subquery."""
        match field.entity:
            case Entity.ATTRIBUTE:
                return Place(_attribute(field.key))
            case Entity.METRIC:
                rows = f"{_rows('logged_model_points')} AND x.key = {self.bind(field.key)}"
                if self.search.datasets is not None:
                    rows = f"{rows} AND {among('x.dataset_key', self.search.datasets, self.bind)}"
                return Place("x.value", rows, nan="x.is_nan = 1")
            case entity:
                rows = f"{_rows(_TABLES[entity])} AND x.key = {self.bind(field.key)}"
                return _value(field, self.dialect, rows)

    def _term(self, order: ModelOrder) -> Term:
        field = order.field
        if field.entity is Entity.ATTRIBUTE:
            return Term(_attribute(field.key), order.ascending, kind="number" if field.key in _NUMBERS else "text")
        alias = f"o{len(self.tables)}"
        key = self.bind(field.key)
        same = f"{alias}.experiment_seq = l.experiment_seq AND {alias}.model_seq = l.model_seq"
        on = f"{alias}.workspace_id = :ws AND {same} AND {alias}.key = {key} AND {alias}.dataset_key"
        if order.datasets is None:
            on = f"{on} = {ALL_POINTS}"
        elif len(order.datasets) == 1:
            on = f"{on} = {self.bind(order.datasets[0])}"
        else:
            newest = (
                f"SELECT x.dataset_key {_rows('logged_model_latest')} AND x.key = {key} "
                f"AND {among('x.dataset_key', order.datasets, self.bind)} "
                "ORDER BY x.logged_at DESC, x.step DESC, x.run_seq, x.value DESC LIMIT 1"
            )
            on = f"{on} = ({newest})"
        self.tables.append(f"LEFT JOIN logged_model_latest AS {alias} ON {on}")
        rank = f"CASE WHEN {alias}.model_seq IS NULL THEN 2 WHEN {alias}.is_nan = 1 THEN 1 ELSE 0 END"
        return Term(f"{alias}.value", order.ascending, rank, "number")


def _rows(table: str) -> str:
    """Return a subquery of a model's rows in a table."""
    same = "x.experiment_seq = l.experiment_seq AND x.model_seq = l.model_seq"
    return f"FROM {table} AS x WHERE x.workspace_id = :ws AND {same}"


_EXPERIMENT_ID = """(SELECT e.experiment_id FROM experiments AS e
    WHERE e.workspace_id = :ws AND e.experiment_seq = l.experiment_seq)"""


def _attribute(key: str) -> str:
    return _EXPERIMENT_ID if key == "experiment_id" else f"l.{key}"


def _value(field: Field, dialect: Dialect, rows: str | None = None) -> Place:
    """The value of a param or a tag in its table."""
    return Place("x.value", rows, number=number("x.value", dialect) if field.entity is Entity.PARAM else None)


def _names_metric(tree: Filter | None) -> bool:
    match tree:
        case And(parts) | Or(parts):
            return any(map(_names_metric, parts))
        case Not(part):
            return _names_metric(part)
        case Comparison(field):
            return field.entity is Entity.METRIC
        case _:
            return False
