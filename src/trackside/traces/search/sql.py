"""The SQL of a search of traces; it runs no statement."""

import json
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Condition
from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.core.filters.keyset import Term
from trackside.core.filters.nodes import Comparison, Entity, Field, Operator, Order
from trackside.core.filters.parse import parse_clauses
from trackside.core.filters.to_sql import Binder, Dialect, Place, Query, among, holds
from trackside.traces import model as m
from trackside.traces.search import tree as t
from trackside.traces.search.fields import PROMPT, order_of, read
from trackside.traces.search.tree import Node

FEW = 2_000  # a name with at most this many spans is rare: all of them are read at once
MAX_ORDERS = 20

_ATTRIBUTES = {
    "experiment_id": "e.experiment_id",
    "timestamp_ms": "t.timestamp_ms",
    "execution_time_ms": "t.duration_ms",
    "end_time_ms": "(t.timestamp_ms + COALESCE(t.duration_ms, 0))",
    "status": "t.state",
    "request_id": "t.trace_id",
    "client_request_id": "t.client_request_id",
}
_NULLABLE = (
    "t.duration_ms",
    "t.client_request_id",
    "t.name",
    "t.session_id",
    "t.user_id",
    "t.source_run",
    "t.model_id",
)
_METADATA = {
    m.SESSION: "t.session_id",
    m.USER: "t.user_id",
    m.SOURCE_RUN: "t.source_run",
    m.MODEL_ID: "t.model_id",
}
_NUMBERS = {m.TOKEN_USAGE: (*m.TOKEN_KEYS, *m.CACHE_KEYS), m.COST: m.COST_KEYS}
_TIME = Field(Entity.ATTRIBUTE, "timestamp_ms")
_ID = Field(Entity.ATTRIBUTE, "request_id")
_TIES = (Order(_TIME, ascending=False), Order(_ID))


class Search(Struct, frozen=True):
    """A parsed and checked search.  `node` None: no filter."""

    experiment_seqs: tuple[int, ...]
    node: Node | None
    orders: tuple[Order, ...]
    fingerprint: str


class Page(Struct, frozen=True):
    """A statement whose rows are: the key, the results of `parts` in order, and the columns of the token."""

    query: Query
    parts: tuple[Node, ...]


def parse(filter_text: str | None, order_by: Sequence[str], experiment_seqs: Sequence[int]) -> Search:
    """Return the search.  Raise Invalid with MLflow's message."""
    if len(order_by) > MAX_ORDERS:
        raise Invalid(f"`order_by` has {len(order_by)} fields; at most {MAX_ORDERS} are allowed")
    tree = parse_clauses(filter_text, read)
    orders = tuple(order_of(text) for text in order_by)
    orders = tuple({order.field: order for order in reversed(orders)}[field] for field in {o.field: 0 for o in orders})
    orders += tuple(tie for tie in _TIES if all(order.field != tie.field for order in orders))
    fingerprint = keyset.fingerprint("traces", filter_text or "", list(order_by), sorted(experiment_seqs))
    return Search(tuple(experiment_seqs), None if tree is None else t.cut(tree), orders, fingerprint)


def names(node: Node | None) -> list[str]:
    """Return the span names that a filter compares by `=`: their numbers decide the plan."""
    match node:
        case t.SpanGroup(columns):
            return [str(each.values[0]) for each in columns if _is_name(each)]
        case t.AllOf(parts) | t.AnyOf(parts):
            return [name for part in parts for name in names(part)]
        case t.Negated(part):
            return names(part)
        case _:
            return []


def page(
    search: Search,
    limit: int,
    token: str | None,
    dialect: Dialect,
    readable: Condition,
    *,
    rare: frozenset[str] = frozenset(),
) -> Page:
    """Return the statement for `limit` traces.  `rare`: span names with few spans."""
    bind = Binder()
    sql = _Sql(bind, dialect, search.experiment_seqs, rare)
    terms = [sql.term(order) for order in search.orders]
    conditions = [among("t.experiment_seq", search.experiment_seqs, bind)]
    parts: tuple[Node, ...] = ()
    if search.node is not None:
        conditions.append(f"({sql.bound(search.node)})")
        parts = () if t.is_exact(search.node) else tuple(dict.fromkeys(t.asked(search.node)))
    start = keyset.start(token, search.fingerprint, [term.kind for term in terms])
    if further := keyset.beyond(terms, start.after, bind):
        conditions.append(further)
    chosen = ["t.trace_seq", *(sql.answer(part) for part in parts), keyset.columns(terms)]
    # The `+` keeps SQLite on the index of the experiment and the time.
    text = (
        f"SELECT {', '.join(chosen)} FROM traces AS t JOIN experiments AS e ON e.experiment_seq = t.experiment_seq "
        f"WHERE +t.workspace_id = :ws AND {' AND '.join(conditions)}{readable.sql} "
        f"ORDER BY {keyset.order_by(terms)} LIMIT {bind(limit)} OFFSET {bind(start.offset)}"
    )
    return Page(Query(text, {**bind.params, **readable.params}), parts)


class _Sql:
    """Conditions that are true or false for each row, never NULL."""

    def __init__(self, bind: Binder, dialect: Dialect, experiment_seqs: Sequence[int], rare: frozenset[str]) -> None:
        self._bind = bind
        self._dialect: Dialect = dialect
        self._seqs = experiment_seqs
        self._rare = rare

    def bound(self, node: Node) -> str:
        """Return a condition that holds wherever `node` does and, if SQL can evaluate `node`, nowhere else."""
        match node:
            case t.Clause(comparison):
                return self._clause(comparison)
            case t.Expression(comparison):
                return f"{self._value(comparison.field)} IS NOT NULL"
            case t.SpanGroup():
                return self._group(node)
            case t.AllOf(parts):
                return " AND ".join(f"({self.bound(part)})" for part in parts) or "1 = 1"
            case t.AnyOf(parts):
                return " OR ".join(f"({self.bound(part)})" for part in parts)
            case t.Negated(part):
                return f"NOT ({self.bound(part)})" if t.is_exact(part) else "1 = 1"

    def answer(self, part: Node) -> str:
        if isinstance(part, t.Expression):
            return self._value(part.comparison.field)
        return f"CASE WHEN {self.bound(part)} THEN 1 ELSE 0 END"

    def term(self, order: Order) -> Term:
        value = self._value(order.field)
        is_number = order.field.entity is Entity.ATTRIBUTE and order.field.key in (
            *("experiment_id", "timestamp_ms", "execution_time_ms", "end_time_ms"),
        )
        is_nullable = value in _NULLABLE or order.field.entity is not Entity.ATTRIBUTE
        rank = f"CASE WHEN {value} IS NULL THEN {keyset.MISSING} ELSE 0 END" if is_nullable else None
        return Term(value, order.ascending, rank, "whole number" if is_number else "text")

    def _value(self, field: Field) -> str:
        """Return the expression of a value of the trace itself."""
        match field.entity:
            case Entity.ATTRIBUTE:
                return _ATTRIBUTES[field.key]
            case Entity.TAG:
                return "t.name" if field.key == m.NAME else self._member("t.tags", field.key)
            case _:
                return _METADATA.get(field.key) or self._member("t.metadata", field.key)

    def _member(self, column: str, key: str) -> str:
        if self._dialect == "postgresql":
            return f"(CAST({column} AS JSON) ->> CAST({self._bind(key)} AS TEXT))"
        if '"' in key or "\\" in key:
            return f"(SELECT j.value FROM json_each({column}) AS j WHERE j.key = {self._bind(key)})"
        path = f'$."{key}"'
        return f"json_extract({column}, {self._bind(path)})"

    def _clause(self, comparison: Comparison) -> str:
        field = comparison.field
        match field.entity:
            case Entity.FEEDBACK | Entity.EXPECTATION:
                return self._assessed(comparison)
            case Entity.ISSUE:
                name = self._bind(comparison.values[0])
                return (
                    "EXISTS (SELECT 1 FROM trace_assessments AS a WHERE a.workspace_id = :ws AND a.trace_seq = t.trace_seq "
                    f"AND a.kind = 'issue' AND a.name = {name})"
                )
            case Entity.ATTRIBUTE if field.key == PROMPT:
                return self._linked("prompt", str(comparison.values[0]))
            case Entity.METADATA if field.key in _NUMBERS and comparison.operator in (Operator.EQ, Operator.NE):
                return self._numbers(comparison)
        condition = self._tested(self._value(field), comparison)
        if field == Field(Entity.METADATA, m.SOURCE_RUN) and comparison.operator is Operator.EQ:
            return f"({condition} OR {self._linked('run', str(comparison.values[0]))})"
        return condition

    def _tested(self, value: str, comparison: Comparison) -> str:
        if comparison.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
            return f"{value} {comparison.operator}"
        condition = holds(comparison, Place(value), self._bind, self._dialect)
        return (
            condition
            if value in _ATTRIBUTES.values() and value not in _NULLABLE
            else f"({value} IS NOT NULL AND {condition})"
        )

    def _linked(self, kind: str, target: str) -> str:
        return (
            f"t.trace_seq IN (SELECT l.trace_seq FROM trace_links AS l WHERE l.workspace_id = :ws AND l.kind = '{kind}' "
            f"AND l.target = {self._bind(target)})"
        )

    def _numbers(self, comparison: Comparison) -> str:
        """Compare the JSON of tokens or costs by its numbers, independent of the order of keys."""
        keys = _NUMBERS[comparison.field.key]
        given = m.json_object(str(comparison.values[0]))
        same = ["1 = 0"] if not given or set(given) - set(keys) else []
        for key in keys:
            number = m.finite(given.get(key))
            same.append(f"t.{key} IS NULL" if number is None else f"COALESCE(t.{key}, -1) = {self._bind(number)}")
        condition = " AND ".join(same)
        if comparison.operator is Operator.EQ:
            return f"({condition})"
        present = " OR ".join(f"t.{key} IS NOT NULL" for key in keys)
        return f"(({present}) AND NOT ({condition}))"

    def _assessed(self, comparison: Comparison) -> str:
        """Return the condition on assessments.  Only valid ones count; one of a session counts for all of its traces."""
        condition = (
            f"a.kind = '{comparison.field.entity}' AND a.name = {self._bind(comparison.field.key)} AND a.is_valid = 1"
        )
        match comparison.operator:
            case Operator.IS_NULL | Operator.IS_NOT_NULL:
                pass
            case Operator.EQ | Operator.NE:
                texts = [str(comparison.values[0]), json.dumps(comparison.values[0], ensure_ascii=False)]
                verb = "IN" if comparison.operator is Operator.EQ else "NOT IN"
                condition += f" AND a.value {verb} {self._bind(texts)}"
            case Operator.LT | Operator.LE | Operator.GT | Operator.GE:
                number = self._bind(float(comparison.values[0]))
                condition += f" AND a.is_number = 1 AND a.number {comparison.operator} {number}"
            case Operator.RLIKE:
                raise Invalid("RLIKE is not supported for values of assessments; use LIKE or ILIKE")
            case Operator.CONTAINS | Operator.NOT_CONTAINS:
                text = json.dumps(comparison.values[0], ensure_ascii=False)[1:-1]  # values are stored as JSON
                asked = msgspec.structs.replace(comparison, values=(text,))
                condition += f" AND {holds(asked, Place('a.value'), self._bind, self._dialect)}"
            case _:
                condition += f" AND {holds(comparison, Place('a.value'), self._bind, self._dialect)}"
        seqs = self._bind(list(self._seqs))
        found = (
            "(EXISTS (SELECT 1 FROM trace_assessments AS a WHERE a.workspace_id = :ws AND a.trace_seq = t.trace_seq "
            f"AND {condition}) OR (t.session_id IS NOT NULL AND t.session_id IN (SELECT a.session_id "
            f"FROM trace_assessments AS a WHERE a.workspace_id = :ws AND a.experiment_seq IN {seqs} "
            f"AND a.session_id IS NOT NULL AND {condition})))"
        )
        return f"NOT {found}" if comparison.operator is Operator.IS_NULL else found

    def _group(self, group: t.SpanGroup) -> str:
        if not group.columns:
            return "t.has_spans = 1"
        tests = [holds(each, Place(f"s.{each.field.key}"), self._bind, self._dialect) for each in group.columns]
        condition = " AND ".join(tests)
        rare = next((each.values[0] for each in group.columns if _is_name(each) and each.values[0] in self._rare), None)
        if rare is not None:
            seqs = self._bind(list(self._seqs))
            among = (
                "SELECT s.trace_seq FROM trace_spans AS s WHERE s.workspace_id = :ws "
                f"AND s.experiment_seq IN {seqs} AND {condition}"
            )
            if self._dialect == "postgresql":
                return f"t.trace_seq IN ({among})"
            filed = (
                "SELECT n.trace_seq FROM trace_span_names AS n WHERE n.workspace_id = :ws "
                f"AND n.experiment_seq IN {seqs} AND n.name = {self._bind(str(rare))}"
            )
            newest = "s.trace_seq > (SELECT COALESCE(MAX(trace_seq), 0) FROM trace_span_names_upto)"
            return f"t.trace_seq IN ({among} AND s.trace_seq IN ({filed}) UNION ALL {among} AND {newest})"
        return (
            "EXISTS (SELECT 1 FROM trace_spans AS s WHERE s.workspace_id = :ws AND s.trace_seq = t.trace_seq "
            f"AND {condition})"
        )


def _is_name(comparison: Comparison) -> bool:
    return comparison.field.key == "name" and comparison.operator is Operator.EQ
