"""The SQL of datasets/search: which, in what order, from which page on.  Builds statements; runs none."""

from collections.abc import Sequence

from msgspec import Struct

from trackside.core.db.tx import EVERYTHING, Condition
from trackside.core.filters import keyset
from trackside.core.filters.fields import EVALUATION_DATASETS
from trackside.core.filters.keyset import Term
from trackside.core.filters.nodes import Entity, Field, Filter, Order
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_sql import Binder, Dialect, Place, Query, where

_NATURAL = (Order(Field(Entity.ATTRIBUTE, "created_time"), ascending=False),)
_NULLABLE = ("created_by", "last_updated_by")


class Wanted(Struct, frozen=True):
    """A parsed and checked search.  `experiments` are internal keys; None: any or none."""

    tree: Filter | None
    orders: tuple[Order, ...]
    experiments: tuple[int, ...] | None
    fingerprint: str


def read(
    filter_text: str | None, order_by: Sequence[str], experiment_ids: Sequence[str], experiments: Sequence[int]
) -> Wanted:
    """A mistake of the caller is `Invalid`, in MLflow's words."""
    return Wanted(
        tree=parse_filter(filter_text, EVALUATION_DATASETS),
        orders=parse_order_by(order_by, EVALUATION_DATASETS) or _NATURAL,
        experiments=tuple(experiments) if experiment_ids else None,
        fingerprint=keyset.fingerprint(
            "evaluation_datasets", filter_text or "", list(order_by), sorted(set(experiment_ids))
        ),
    )


def query(
    wanted: Wanted, limit: int, page_token: str | None, dialect: Dialect, readable: Condition = EVERYTHING
) -> Query:
    """Return the query for `limit` datasets, and one more if there is one: rows for `keyset.cut`.  `readable` excludes hidden
    ones."""
    bind = Binder()

    def place(field: Field) -> Place:
        if field.entity is Entity.ATTRIBUTE:
            return Place(f"d.{field.key}", is_nullable=field.key in _NULLABLE)
        rows = (
            "FROM evaluation_dataset_tags AS x WHERE x.workspace_id = :ws "
            f"AND x.evaluation_dataset_seq = d.evaluation_dataset_seq AND x.key = {bind(field.key)}"
        )
        return Place("x.value", rows)

    terms = [
        Term(f"d.{order.field.key}", order.ascending, kind="text" if order.field.key == "name" else "whole number")
        for order in wanted.orders
    ]
    terms.append(Term("d.dataset_id", ascending=False))  # the tie-breaker of stock
    conditions = []
    if wanted.experiments is not None:
        conditions.append(
            "d.evaluation_dataset_seq IN (SELECT x.evaluation_dataset_seq FROM evaluation_dataset_experiments AS x "
            f"WHERE x.workspace_id = :ws AND x.experiment_seq IN {bind(list(wanted.experiments))})"
        )
    if wanted.tree is not None:
        conditions.append(f"({where(wanted.tree, place, bind, dialect)})")
    start = keyset.start(page_token, wanted.fingerprint, [term.kind for term in terms])
    if further := keyset.beyond(terms, start.after, bind):
        conditions.append(further)
    sql = (
        f"SELECT d.evaluation_dataset_seq, {keyset.columns(terms)} FROM evaluation_datasets AS d "
        f"WHERE d.workspace_id = :ws {''.join(f'AND {condition} ' for condition in conditions)}{readable.sql} "
        f"ORDER BY {keyset.order_by(terms)} LIMIT {bind(limit + 1)} OFFSET {bind(start.offset)}"
    )
    return Query(sql, {**bind.params, **readable.params})
