"""The SQL of `experiments/search`: filter, order and page.  Builds statements and runs none."""

from collections.abc import Sequence

from msgspec import Struct

from trackside.core.db.tx import EVERYTHING, Condition
from trackside.core.filters import keyset
from trackside.core.filters.fields import EXPERIMENTS
from trackside.core.filters.keyset import Term
from trackside.core.filters.nodes import Entity, Field, Filter, Order
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_sql import Binder, Dialect, Place, Query, among, where

_ID = Field(Entity.ATTRIBUTE, "experiment_id")
_NATURAL = (Order(Field(Entity.ATTRIBUTE, "creation_time"), ascending=False), Order(_ID))
_TIE_BREAKER = Order(_ID, ascending=False)
# Of the runs in the lifecycle stage of the experiment, read from the index `runs_by_start`.
_OF_RUNS = {"run_count": "COUNT(*)", "last_run_time": "COALESCE(MAX(r.start_time), 0)"}


class Search(Struct, frozen=True):
    """The parsed parameters of a search."""

    tree: Filter | None
    orders: tuple[Order, ...]
    stages: tuple[str, ...]
    fingerprint: str

    @property
    def is_by_runs(self) -> bool:
        return any(order.field.key in _OF_RUNS for order in self.orders)


def parse(filter_text: str | None, order_by: Sequence[str], stages: Sequence[str]) -> Search:
    """Return the parsed search.  Raise Invalid, with MLflow's messages."""
    tree = parse_filter(filter_text, EXPERIMENTS)
    orders = parse_order_by(order_by, EXPERIMENTS) or _NATURAL
    if all(order.field != _ID for order in orders):
        orders += (_TIE_BREAKER,)
    fingerprint = keyset.fingerprint("experiments", filter_text or "", list(order_by), list(stages))
    return Search(tree, orders, tuple(stages), fingerprint)


def query(
    search: Search,
    limit: int,
    page_token: str | None,
    dialect: Dialect,
    readable: Condition = EVERYTHING,
    runs_readable: Condition = EVERYTHING,
) -> Query:
    """Return the query for `limit` + 1 experiments, whose rows are for `cut`.  `readable` is the condition on hidden
    experiments.  An experiment without `runs_readable` is ordered as one without runs."""
    bind = Binder()

    def place(field: Field) -> Place:
        if field.entity is Entity.ATTRIBUTE:
            return Place(f"e.{field.key}")
        rows = f"FROM experiment_tags AS x WHERE x.experiment_seq = e.experiment_seq AND x.key = {bind(field.key)}"
        return Place("x.value", rows)

    terms = [
        Term(
            _ordered(order.field.key, runs_readable),
            order.ascending,
            kind="text" if order.field.key == "name" else "whole number",
        )
        for order in search.orders
    ]
    conditions = [among("e.lifecycle_stage", search.stages, bind)]
    if search.tree is not None:
        conditions.append(f"({where(search.tree, place, bind, dialect)})")
    start = keyset.start(page_token, search.fingerprint, [term.kind for term in terms])
    if further := keyset.beyond(terms, start.after, bind):
        conditions.append(further)
    # The `+` keeps SQLite from scanning an index of all experiments.
    free = "+" if "e.experiment_seq IN" in readable.sql else ""
    sql = (
        f"SELECT e.experiment_seq, {keyset.columns(terms)} FROM experiments AS e "
        f"WHERE {free}e.workspace_id = :ws AND {' AND '.join(conditions)}{readable.sql} "
        f"ORDER BY {keyset.order_by(terms)} LIMIT {bind(limit + 1)} OFFSET {bind(start.offset)}"
    )
    limits = {**readable.params, **(runs_readable.params if search.is_by_runs else {})}
    return Query(sql, {**bind.params, **limits})


def cut(search: Search, rows: Sequence[Sequence[object]], limit: int) -> tuple[list[int], str | None]:
    """Return the experiment_seqs of the page, and the token of the next page if there is one."""
    return keyset.cut(rows, limit, search.fingerprint)


def _ordered(key: str, readable: Condition) -> str:
    if key not in _OF_RUNS:
        return f"e.{key}"
    found = (
        f"(SELECT {_OF_RUNS[key]} FROM runs r WHERE e.workspace_id = :ws "
        f"AND r.experiment_seq = e.experiment_seq AND r.lifecycle_stage = e.lifecycle_stage)"
    )
    # Outside of the inner SELECT, where SQLite would read the list of ids again for each experiment.
    return f"CASE WHEN 1 = 1{readable.sql} THEN {found} ELSE 0 END" if readable.sql else found
