"""The SQL of the searches of models and versions: filter, order and page.  Builds statements and runs none.

Prompts are models, and hidden unless the filter refers to them.  The tag that marks a prompt is read as a flag with the value
'true' or 'false', so that every comparison with the tag is well defined.

Selective tests are evaluated first: each index is probed, and if one finds up to MOST_LISTED rows, only these are tested and
sorted.  A pattern without a fixed beginning is probed by the bits of `trigrams`.  Otherwise the statement scans the index that
has the order, and stops when the page is full.  SQLite has no statistics to choose an index by: a `+` before a column excludes
the index of the order.
"""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from trackside.core.db.tx import EVERYTHING, Condition
from trackside.core.filters import keyset, trigrams
from trackside.core.filters.fields import MODEL_VERSIONS, REGISTERED_MODELS, Fields
from trackside.core.filters.keyset import Term
from trackside.core.filters.nodes import And, Comparison, Entity, Field, Filter, Not, Operator, Or, Order
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_sql import Binder, Dialect, Place, Query, holds, where
from trackside.registry import versions
from trackside.registry.model import IS_PROMPT_TAG, TAG_HEAD, Search

MOST_LISTED = 1_000

_LIKES = (Operator.LIKE, Operator.ILIKE)
_NARROW = (Operator.EQ, Operator.IN, *_LIKES)
_INDEXED = {  # for versions: the table of the index, its key, and the column
    "name": ("registered_models", "model_seq", "x.name"),
    "run_id": ("model_versions", "version_seq", "x.run_id"),
    "source_path": ("model_versions", "version_seq", "x.source"),
}


class Subject(Struct, frozen=True):
    """One of the two searches: its tables, columns and default order."""

    what: str
    fields: Fields
    key: str
    table: str
    row: tuple[str, ...]  # the selected columns
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
    row=("model_seq",),
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
    row=versions.COLUMNS,
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


class Wanted(Struct, frozen=True):
    """A parsed and checked search.  All `parts` must be true."""

    subject: Subject
    parts: tuple[Filter, ...]
    hides_prompts: bool
    orders: tuple[Order, ...]
    fingerprint: str


class Probe(Struct, frozen=True):
    """A query of an index for the rows that may pass a test, by `key`; MOST_LISTED + 1 rows if there are too many."""

    key: str
    query: Query


class Listed(Struct, frozen=True):
    """All rows that may pass a test."""

    key: str
    values: list[int]


def read(subject: Subject, call: Search) -> Wanted:
    """Return the parsed search.  Raise Invalid, with MLflow's messages."""
    tree = parse_filter(call.filter, subject.fields)
    return Wanted(
        subject=subject,
        parts=tree.parts if isinstance(tree, And) else () if tree is None else (tree,),
        hides_prompts=tree is None or not _mentions_prompts(tree),
        orders=_orders(call.order_by or [], subject),
        fingerprint=keyset.fingerprint(subject.what, call.filter or "", call.order_by or []),
    )


def probes(wanted: Wanted, dialect: Dialect) -> list[list[Probe]]:
    """Return the queries to run before `statement`: for each indexed test, one after the other until one lists few rows."""
    return [_probes(wanted.subject, part, dialect) for part in wanted.parts]


def statement(
    wanted: Wanted,
    listed: Sequence[Listed],
    limit: int,
    page_token: str | None,
    dialect: Dialect,
    readable: Condition = EVERYTHING,
) -> Query:
    """Return the query for `limit` + 1 rows, for `keyset.cut_rows`.  `readable` excludes hidden ones."""
    subject, bind = wanted.subject, Binder()
    conditions = [f"s.{one.key} IN {bind(one.values)}" for one in listed]
    conditions += [_of_model(part, bind) for part in wanted.parts if _names_model(subject, part)]
    free = "+" if conditions else ""
    along = subject.columns[wanted.orders[0].field.key]
    places = _places(subject, along, bind, dialect)
    conditions += [f"({where(part, places, bind, dialect)})" for part in wanted.parts]
    if wanted.hides_prompts:
        conditions.append(f"{free}s.is_prompt = 0")
    terms = [_term(subject, order) for order in wanted.orders]
    start = keyset.start(page_token, wanted.fingerprint, [term.kind for term in terms])
    if further := keyset.beyond(terms, start.after, bind):
        conditions.append(further)
    sql = (
        f"SELECT {', '.join(f's.{column}' for column in subject.row)}, {keyset.columns(terms)} FROM {subject.table} AS s "
        f"WHERE {free}s.workspace_id = :ws {''.join(f'AND {condition} ' for condition in conditions)}"
        f"{readable.sql} ORDER BY {keyset.order_by(terms)} LIMIT {bind(limit + 1)}"
    )
    if start.offset:
        sql = f"{sql} OFFSET {bind(start.offset)}"
    return Query(sql, {**bind.params, **readable.params})


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


def _probes(subject: Subject, part: Filter, dialect: Dialect) -> list[Probe]:
    """Return the probes of a test; None if no index applies, or if the index would list nearly all rows.  Signatures are probed
    before texts if a pattern has no fixed beginning."""
    if not isinstance(part, Comparison) or part.operator not in _NARROW or _is_prompt_tag(part.field):
        return []
    if _names_model(subject, part) or (part.operator in _LIKES and not str(part.values[0]).strip("%_")):
        return []
    bind = Binder()
    if part.field.entity is Entity.TAG:
        table, key, bits_of = subject.tags, subject.key, "x.value_grams"
        of_key = f"x.key = {bind(part.field.key)} AND "
        text = _begins(part, bind, dialect)
    elif subject is VERSIONS and part.field.key in _INDEXED:
        table, key, column = _INDEXED[part.field.key]
        bits_of = "x.source_grams" if column == "x.source" else ""
        of_key = ""
        text = " AND ".join([*_range(part, column, bind), holds(part, Place(column), bind, dialect)])
    else:
        return []
    is_walk = part.operator in _LIKES and not _beginning(part)
    bits = trigrams.of_pattern(str(part.values[0])) if is_walk and bits_of else 0
    # In the order of the index with the bits; otherwise PostgreSQL may read the table.
    tests = [f"{bits_of} & {(mark := bind(bits))} = {mark} ORDER BY x.{key}", text] if bits else [text]
    limit = bind(MOST_LISTED + 1)
    start = f"SELECT x.{key} FROM {table} AS x WHERE x.workspace_id = :ws AND {of_key}"
    return [Probe(key, Query(f"{start}{test} LIMIT {limit}", bind.params)) for test in tests]


def _names_model(subject: Subject, part: Filter) -> bool:
    """Return whether the search is limited to the versions of one model."""
    return (
        subject is VERSIONS
        and isinstance(part, Comparison)
        and part.field == _NAME.field
        and part.operator is Operator.EQ
    )


def _of_model(part: Filter, bind: Binder) -> str:
    assert isinstance(part, Comparison)
    named = f"name = {bind(part.values[0])}"
    return f"s.model_seq IN (SELECT model_seq FROM registered_models WHERE workspace_id = :ws AND {named})"


def _begins(part: Comparison, bind: Binder, dialect: Dialect) -> str:
    """Return the condition on the stored beginnings of values; a truncated one may match."""
    values = tuple(str(value) for value in part.values)
    if part.operator not in _LIKES:
        heads = Comparison(part.field, part.operator, tuple(value[:TAG_HEAD] for value in values))
        return holds(heads, Place("x.value_head"), bind, dialect)
    # PostgreSQL reads the row for the test in any case, and computing a text's length costs more than the test.
    if dialect == "postgresql":
        return " AND ".join([*_range(part, "x.value_head", bind), holds(part, Place("x.value"), bind, dialect)])
    like = holds(part, Place("x.value_head"), bind, dialect)
    cut_off = f"length(x.value_head) = {TAG_HEAD}"
    return " AND ".join([*_range(part, "x.value_head", bind), f"(({like}) OR {cut_off})"])


def _range(part: Comparison, column: str, bind: Binder) -> list[str]:
    """Return the index range of texts that begin like a pattern."""
    low = _beginning(part)[:TAG_HEAD]
    if not low:
        return []
    high = _after(low)
    return [f"{column} >= {bind(low)}", *([f"{column} < {bind(high)}"] if high else [])]


def _places(subject: Subject, along: str, bind: Binder, dialect: Dialect) -> Callable[[Field], Place]:
    """Return the places for a scan along the column `along`."""

    def place(field: Field) -> Place:
        if field.entity is Entity.ATTRIBUTE:
            column = subject.columns[field.key]
            return Place(f"+{column}" if dialect == "sqlite" and column != along else column)
        if _is_prompt_tag(field):
            return Place("CASE WHEN s.is_prompt = 1 THEN 'true' ELSE 'false' END")
        rows = f"FROM {subject.tags} AS t WHERE t.{subject.key} = s.{subject.key} AND t.key = {bind(field.key)}"
        return Place("t.value", rows)

    return place


def _beginning(part: Comparison) -> str:
    """Return the beginning that every matching text has."""
    return "" if part.operator is not Operator.LIKE else re.split("[%_]", str(part.values[0]), maxsplit=1)[0]


def _after(beginning: str) -> str:
    """Return the least text, in byte order, above all texts with this beginning; empty if there is none."""
    shorter = beginning.rstrip("\U0010ffff")
    if not shorter:
        return ""
    last = ord(shorter[-1]) + 1
    return shorter[:-1] + chr(0xE000 if last == 0xD800 else last)  # skip the surrogates, which no text contains


def _term(subject: Subject, order: Order) -> Term:
    key = order.field.key
    return Term(subject.columns[key], order.ascending, kind="text" if key == "name" else "whole number")
