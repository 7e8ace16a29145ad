"""Searches of models and of versions: which, in which order, from which page on.  Knows their tables and indexes.

Prompts are models too, and hidden unless the filter speaks of them: the tag that makes a prompt is asked as a flag,
with the value 'true' or 'false', so that every comparison with it means what it says.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.core.filters.fields import MODEL_VERSIONS, REGISTERED_MODELS, Fields
from trackside.core.filters.keyset import Term
from trackside.core.filters.nodes import And, Comparison, Entity, Field, Filter, Not, Operator, Or, Order
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_sql import Binder, Dialect, Place, Query, where
from trackside.core.http.codec import invalid_value
from trackside.registry import models, versions
from trackside.registry.model import IS_PROMPT_TAG, FoundModels, FoundVersions, Search

DEFAULT_MODELS, MAX_MODELS = 100, 1_000
DEFAULT_VERSIONS, MAX_VERSIONS = 200_000, 200_000
TAG_HEAD = 100  # so much of a tag's value is in an index


class Subject(Struct, frozen=True):
    """One of the two searches: its tables, columns and natural order."""

    what: str
    fields: Fields
    key: str
    table: str
    tags: str
    columns: dict[str, str]
    natural: tuple[Order, ...]
    ties: tuple[Order, ...]


def _by(key: str, *, ascending: bool = True) -> Order:
    return Order(Field(Entity.ATTRIBUTE, key), ascending)


_NAME = _by("name")
_NEWEST = _by("version_number", ascending=False)

MODELS = Subject(
    what="registered_models",
    fields=REGISTERED_MODELS,
    key="model_seq",
    table="registered_models",
    tags="registered_model_tags",
    columns={"name": "s.name", "last_updated_timestamp": "s.last_updated_time"},
    natural=(_NAME,),
    ties=(_NAME,),
)

VERSIONS = Subject(
    what="model_versions",
    fields=MODEL_VERSIONS,
    key="version_seq",
    table="model_versions",
    tags="model_version_tags",
    columns={
        "name": "s.name",
        "run_id": "s.run_id",
        "source_path": "s.source",
        "version_number": "s.version",
        "creation_timestamp": "s.creation_time",
        "last_updated_timestamp": "s.last_updated_time",
    },
    natural=(_by("last_updated_timestamp", ascending=False), _NAME, _NEWEST),
    ties=(_NAME, _NEWEST),
)


def search_models(tx: Tx, call: Search) -> FoundModels:
    limit = DEFAULT_MODELS if call.max_results is None else call.max_results
    if limit > MAX_MODELS:
        raise invalid_value("max_results", str(limit))
    seqs, token = _page(tx, MODELS, call, _positive(limit))
    return FoundModels(registered_models=models.load(tx, seqs), next_page_token=token)


def search_versions(tx: Tx, call: Search) -> FoundVersions:
    """Without aliases, as on stock."""
    limit = DEFAULT_VERSIONS if call.max_results is None else call.max_results
    if limit > MAX_VERSIONS:
        raise invalid_value("max_results", str(limit))
    seqs, token = _page(tx, VERSIONS, call, _positive(limit))
    return FoundVersions(model_versions=versions.load(tx, seqs), next_page_token=token)


def query(subject: Subject, call: Search, limit: int, dialect: Dialect) -> tuple[Query, str]:
    """Finds `limit` rows, and one more if there is one; and the fingerprint that goes with its tokens."""
    tree = parse_filter(call.filter, subject.fields)
    orders = _orders(call.order_by or [], subject)
    fingerprint = keyset.fingerprint(subject.what, call.filter or "", call.order_by or [])
    bind = Binder()
    conditions = []
    if tree is None or not _mentions_prompts(tree):
        conditions.append("s.is_prompt = 0")
    for part in tree.parts if isinstance(tree, And) else [tree] if tree is not None else []:
        narrow = _by_index(subject, part, bind)
        conditions.append(narrow or f"({where(part, _places(subject, bind), bind, dialect)})")
    terms = [_term(subject, order) for order in orders]
    start = keyset.start(call.page_token, fingerprint, [term.kind for term in terms])
    if further := keyset.beyond(terms, start.after, bind):
        conditions.append(further)
    sql = (
        f"SELECT s.{subject.key}, {keyset.columns(terms)} FROM {subject.table} AS s "
        f"WHERE s.workspace_id = :ws {''.join(f'AND {condition} ' for condition in conditions)}"
        f"ORDER BY {keyset.order_by(terms)} LIMIT {bind(limit + 1)}"
    )
    if start.offset:
        sql = f"{sql} OFFSET {bind(start.offset)}"
    return Query(sql, bind.params), fingerprint


def _page(tx: Tx, subject: Subject, call: Search, limit: int) -> tuple[list[int], str | None]:
    wanted, fingerprint = query(subject, call, limit, tx.dialect)
    return keyset.cut(tx.all(wanted.sql, **wanted.params), limit, fingerprint)


def _orders(texts: Sequence[str], subject: Subject) -> tuple[Order, ...]:
    given = parse_order_by(texts, subject.fields)
    if not given:
        return subject.natural
    fields = [order.field for order in given]
    return given + tuple(order for order in subject.ties if order.field not in fields)


def _mentions_prompts(tree: Filter) -> bool:
    match tree:
        case And(parts) | Or(parts):
            return any(_mentions_prompts(part) for part in parts)
        case Not(part):
            return _mentions_prompts(part)
        case Comparison(field):
            return _is_prompt_tag(field)


def _is_prompt_tag(field: Field) -> bool:
    return field.entity is Entity.TAG and field.key == IS_PROMPT_TAG


def _by_index(subject: Subject, part: Filter, bind: Binder) -> str | None:
    """A test that a tag has one value, as the few rows that an index names."""
    if not isinstance(part, Comparison) or part.operator is not Operator.EQ or part.field.entity is not Entity.TAG:
        return None
    if _is_prompt_tag(part.field):
        return None
    value = str(part.values[0])
    rest = f" AND value = {bind(value)}" if len(value) >= TAG_HEAD else ""
    return (
        f"s.{subject.key} IN (SELECT {subject.key} FROM {subject.tags} WHERE workspace_id = :ws "
        f"AND key = {bind(part.field.key)} AND substr(value, 1, {TAG_HEAD}) = {bind(value[:TAG_HEAD])}{rest})"
    )


def _places(subject: Subject, bind: Binder) -> Callable[[Field], Place]:
    def place(field: Field) -> Place:
        if field.entity is Entity.ATTRIBUTE:
            return Place(subject.columns[field.key])
        if _is_prompt_tag(field):
            return Place("CASE WHEN s.is_prompt = 1 THEN 'true' ELSE 'false' END")
        rows = f"FROM {subject.tags} AS t WHERE t.{subject.key} = s.{subject.key} AND t.key = {bind(field.key)}"
        return Place("t.value", rows)

    return place


def _term(subject: Subject, order: Order) -> Term:
    key = order.field.key
    return Term(subject.columns[key], order.ascending, kind="text" if key == "name" else "whole number")


def _positive(limit: int) -> int:
    if limit < 1:
        raise Invalid(f"Invalid value for max_results. It must be a positive integer, but got {limit}")
    return limit
