"""The call that searches logged models: parses the parameters and returns a page.  `search_sql` has the SQL."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.core.filters.fields import LOGGED_MODELS, resolve
from trackside.core.filters.nodes import And, Comparison, Entity, Field, Filter, Not, Operator, Or
from trackside.core.filters.parse import MAX_ORDERS, parse_filter
from trackside.core.filters.tokens import Malformed
from trackside.core.http.codec import missing
from trackside.experiments import store as experiments
from trackside.logged_models import model as m
from trackside.logged_models import search_sql, store
from trackside.logged_models.search_sql import ModelOrder, Search

MAX_DATASETS = 100

_STATUS = Field(Entity.ATTRIBUTE, "status")
_OPTIONAL = (Field(Entity.ATTRIBUTE, "model_type"), Field(Entity.ATTRIBUTE, "source_run_id"))
# The parts of a search in a page token, and their names in MLflow.
_TOKEN_PARTS = (
    ("experiment_ids", "Experiment IDs in the page token do", "experiment IDs"),
    ("filter", "Filter string in the page token does", "filter string"),
    ("order_by", "Order by in the page token does", "order by"),
    ("datasets", "Datasets in the page token do", "datasets"),
)


def search(tx: Tx, call: m.SearchModels) -> m.Found:
    """Search active models, including models of deleted experiments, from which versions can be registered."""
    if not call.experiment_ids:
        raise missing("experiment_ids")
    most = call.max_results or m.DEFAULT_RESULTS
    if most < 1:
        raise Invalid(f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive integer")
    most = min(most, m.MAX_RESULTS)
    says = _says(call)
    _check_token(call.page_token, says)
    tree = _tree(call.filter)
    seqs = sorted(set(experiments.seqs_of(tx, call.experiment_ids)))
    orders = _orders(tx, seqs, call.order_by or [])
    datasets = _datasets(tx, seqs, call.datasets) if call.datasets else None
    if not seqs:
        return m.Found()
    wanted = Search(tree, orders, tuple(seqs), datasets, json.dumps(says))
    query = search_sql.query(wanted, most, call.page_token, tx.dialect)
    page, token = keyset.cut(tx.all(query.sql, **query.params), most, wanted.says)
    return m.Found(models=store.load(tx, page), next_page_token=token)


def _tree(text: str | None) -> Filter | None:
    try:
        tree = parse_filter(text, LOGGED_MODELS)
    except Malformed as fault:
        raise Invalid(f"Invalid filter string: {(text or '')[:500]!r}. {fault.message}") from None
    if isinstance(tree, Or) and not (text or "").lstrip().startswith("("):
        # MLflow's clients and tests rely on that refusal; an OR in parentheses is an extension.
        raise Invalid(
            f"Invalid filter string: {(text or '')[:500]!r}. Expected a list of comparisons separated by 'AND' "
            "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01'); put an OR in parentheses."
        )
    return None if tree is None else _stored(tree)


def _stored(tree: Filter) -> Filter:
    """Return the filter with stored values: a status has three names, and a missing value is empty."""
    match tree:
        case And(parts):
            return And(tuple(map(_stored, parts)))
        case Or(parts):
            return Or(tuple(map(_stored, parts)))
        case Not(part):
            return Not(_stored(part))
        case Comparison(field, Operator.IS_NULL) if field in _OPTIONAL:
            return Comparison(field, Operator.EQ, ("",))
        case Comparison(field, Operator.IS_NOT_NULL) if field in _OPTIONAL:
            return Comparison(field, Operator.NE, ("",))
        case Comparison(field, operator, values) if field == _STATUS:
            return Comparison(field, operator, tuple(m.find_status(str(value)) or value for value in values))
        case _:
            return tree


def _orders(tx: Tx, experiments: Sequence[int], given: Sequence[m.GivenOrder]) -> tuple[ModelOrder, ...]:
    if len(given) > MAX_ORDERS:
        raise Invalid(f"`order_by` has {len(given)} fields; at most {MAX_ORDERS} are allowed")
    orders: dict[Any, ModelOrder] = {}
    for order in given:
        name = order.field_name or ""
        prefix, dot, _ = name.partition(".")
        if dot and prefix not in ("metrics", "attributes"):
            raise Invalid(f"Invalid order by field name: {name[:500]}. Only metrics are supported.")
        field = resolve(name, None, LOGGED_MODELS, ordering=True)
        name, digest = order.dataset_name or "", order.dataset_digest or ""
        keys = None
        if (name or digest) and field.entity is Entity.METRIC:
            keys = tuple(store.dataset_keys(tx, experiments, name, digest))
        orders.setdefault((field, keys), ModelOrder(field, order.ascending is not False, keys))
    return tuple(orders.values())


def _datasets(tx: Tx, experiments: Sequence[int], given: Sequence[m.GivenDataset]) -> tuple[int, ...]:
    if len(given) > MAX_DATASETS:
        raise Invalid(f"`datasets` has {len(given)} entries; at most {MAX_DATASETS} are allowed")
    if not all(dataset.dataset_name for dataset in given):
        raise Invalid("`dataset_name` in the `datasets` clause must be specified.")
    keys: set[int] = set()
    for dataset in given:
        keys.update(store.dataset_keys(tx, experiments, dataset.dataset_name or "", dataset.dataset_digest or ""))
    return tuple(sorted(keys))


def _says(call: m.SearchModels) -> dict[str, Any]:
    """Return the parameters of a search that its page tokens contain, to detect a token of another search."""
    return {
        "experiment_ids": call.experiment_ids,
        "filter": call.filter or None,
        "order_by": [msgspec.to_builtins(order) for order in call.order_by or []] or None,
        "datasets": [msgspec.to_builtins(dataset) for dataset in call.datasets or []] or None,
    }


def _check_token(page_token: str | None, says: dict[str, Any]) -> None:
    """The mismatches in MLflow's words; what is wrong with the token itself, `keyset` says."""
    try:
        held = json.loads(json.loads(base64.urlsafe_b64decode(page_token or ""))["search"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    if not isinstance(held, dict):
        return
    for part, what, requested in _TOKEN_PARTS:
        if held.get(part) != says[part]:
            found = str(held.get(part))[:500]
            raise Invalid(f"{what} not match the requested {requested}. Expected: {says[part]}. Found: {found}")
