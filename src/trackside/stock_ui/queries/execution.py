"""Runs a GraphQL document: parses it, checks it against limits and schema, and resolves each requested field."""

import functools
import math
import re
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLList,
    GraphQLResolveInfo,
    GraphQLScalarType,
    Visitor,
    execute,
    parse,
    validate,
    visit,
)

from trackside.core.db.limits import Limit
from trackside.core.errors import Invalid, TooSlow
from trackside.stock_ui.queries import limits
from trackside.stock_ui.queries.fields import Fields, Json, Server
from trackside.stock_ui.queries.schema import schema

# MLflow answers what is not set with the default of its type.  Of these the pages expect to see that nothing is set.
_NULL = frozenset({"api_error", "end_time", "effective_trace_archival_retention", "deployment_job_state"})
_DEFAULTS: dict[str, Any] = {"String": "", "LongString": 0, "Boolean": False}


class Query(msgspec.Struct, frozen=True):
    query: str | None = None
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815  # GraphQL's name


class _Run:
    """An execution: its fields, and its time limit."""

    def __init__(self, fields: Fields, limit: Limit) -> None:
        self.fields = fields
        self._limit = limit
        self.late: TooSlow | None = None

    def is_late(self) -> bool:
        """An error for each of many thousand fields would take long too: they are left empty, and the answer is dropped."""
        if self.late is None and self._limit.is_over():
            self.late = self._limit.fault()
        return self.late is not None


def answer(server: Server, asked: Query, limit: Limit) -> Json:
    """Return the answer, with MLflow's shape of errors: a list of messages.  Raise Invalid for a body without a query, and Fault
    for what is not the caller's doing."""
    if not asked.query:
        raise Invalid('The body has no "query": send the text of a GraphQL query or mutation.')
    try:
        document = parse(asked.query, max_tokens=limits.MAX_TOKENS)
        limits.check(document)
        problems = validate(schema(), document)
    except GraphQLError as error:
        return _answer(None, [error])
    except RecursionError:
        return _answer(None, [GraphQLError("Query is nested too deeply to be read")])
    if problems:
        return _answer(None, problems)
    run = _Run(Fields(server, _names(document)), limit)
    result = execute(
        schema(),
        document,
        context_value=run,
        variable_values=asked.variables,
        operation_name=asked.operationName,
        field_resolver=_resolve,
        is_awaitable=lambda _: False,
    )
    assert isinstance(result, ExecutionResult)
    if run.late is not None:
        raise run.late
    errors = result.errors or []
    for each in errors:
        if each.original_error is not None and not isinstance(each.original_error, GraphQLError):
            raise each.original_error
    return _answer(result.data, errors)


def _answer(data: Any, errors: list[GraphQLError]) -> Json:
    return {"data": data, "errors": [error.message for error in errors] or None}


def _names(document: DocumentNode) -> frozenset[str]:
    """The names of all fields in the document."""
    found = set()

    class Names(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            found.add(_snake(node.name.value))

    visit(document, Names())
    return frozenset(found)


def _resolve(source: Json | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    run: _Run = info.context
    if run.is_late():
        return None
    name = _snake(info.field_name)
    if source is None:
        return run.fields.answer(name, {_snake(key): _renamed(value) for key, value in arguments.items()})
    if name not in source:
        return _default(name, source, info)
    value = source[name]
    if getattr(info.return_type, "name", "") == "Float" and (isinstance(value, str) or not math.isfinite(value)):
        return None  # JSON has no NaN
    return value


def _default(name: str, source: Json, info: GraphQLResolveInfo) -> Any:
    """The value of a field that is not set."""
    if name in _NULL or "api_error" in source or info.parent_type.name == "ApiError":
        return None
    kind = info.return_type
    if isinstance(kind, GraphQLList):
        return []
    return _DEFAULTS.get(kind.name) if isinstance(kind, GraphQLScalarType) else _EMPTY.get(name)


_EMPTY: dict[str, Json] = {"data": {}, "inputs": {}, "outputs": {}}


def _renamed(value: Any) -> Any:
    """An input with REST's names."""
    return {_snake(key): each for key, each in value.items()} if isinstance(value, dict) else value


@functools.lru_cache(maxsize=512)
def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
