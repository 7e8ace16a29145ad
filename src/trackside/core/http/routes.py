"""The table of routes.  Holds methods, paths and the action that each route needs; depends on no handler."""

import functools
import re
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum
from typing import Any, Literal

from msgspec import Struct

from trackside.core.access import Action
from trackside.core.db.commit import Batch
from trackside.core.http.codec import MAX_BODY_BYTES, Call
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import On

Kind = Literal["query", "command", "batch", "stream", "flow"]
StreamHandler = Callable[[Request], Awaitable[Response]]


class Listed(Enum):
    LISTED = "listed"
    HANDLED = "handled"


LISTED = Listed.LISTED  # the SQL of the call filters by the caller's rights (`tx.rights`)
HANDLED = Listed.HANDLED  # the handler asks for the action at the place that the call names


class Route(Struct, frozen=True, kw_only=True):
    """One route.  `paths` are absolute; the signature of `handler` depends on `kind`."""

    method: str
    paths: tuple[str, ...]
    kind: Kind
    needs: Action
    on: On | Listed | None = None  # what a call names; None: callers with rights on single objects alone are refused
    also: tuple[Action, ...] = ()  # further actions that it needs on some of what it names
    call: type[Call] = Call
    handler: Any = None
    prepare: Callable[[Any], Any] | None = None  # see `batch`; of a command it runs in a thread, before the writer
    # query: `finish(answer, call, workspace, done)` makes the answer's bytes of what the handler read, after its transaction.  It
    # is called on the loop and returns at once; `done` gets the bytes or the error, on the loop.
    finish: Callable[[Any, Any, Any, Callable[[bytes, BaseException | None], None]], None] | None = None
    is_signed: bool = (
        False  # batch: the transaction carries the caller's name, and callers of other names have their own
    )
    quick: bool = False  # a read by key, or a write of a few rows: may run on the event loop if the database allows
    small: Any = None  # stream: `small(Small, answer)` answers a small call on the loop, past ASGI (core/http/direct)
    small_bytes: int = 64 << 10  # of a body that goes past ASGI
    status: int = 200
    answer: Any = None  # the answer's type, for the OpenAPI document
    arguments: type[Call] = Call  # what a stream reads from the query string, for the OpenAPI document
    media: str = "application/json"  # of the answer, for the same; empty where it has no body
    summary: str = ""
    has_workspace: bool = True  # False: answers for the server as a whole
    parses_body: bool = True
    max_body_bytes: int = MAX_BODY_BYTES


def query(
    where: str,
    call: type[Call],
    handler: Callable[..., Any],
    *,
    needs: Action,
    quick: bool = False,
    **more: Any,
) -> Route:
    """Return the route of a read: `handler(tx, call)` returns a struct, bytes or None."""
    return _route(where, "query", needs, call=call, handler=handler, quick=quick, **more)


def command(where: str, call: type[Call], handler: Callable[..., Any], *, needs: Action, **more: Any) -> Route:
    """Return the route of a write: `handler(tx, call)` runs in the writer, and its answer is sent after the commit."""
    return _route(where, "command", needs, call=call, handler=handler, **more)


def batch(
    where: str, call: type[Call], prepare: Callable[[Any], Any], handler: Batch, *, needs: Action, **more: Any
) -> Route:
    """Return the route of a frequent write: `prepare(call)` checks each call on arrival, and `handler(tx, calls)` writes all
    queued calls in one transaction."""
    return _route(where, "batch", needs, call=call, prepare=prepare, handler=handler, **more)


def stream(where: str, handler: StreamHandler, *, needs: Action, **more: Any) -> Route:
    """Return the route of a call whose body is streamed: `await handler(request)` returns a Response."""
    return _route(where, "stream", needs, handler=handler, **more)


def flow(where: str, call: type[Call], handler: Callable[..., Any], *, needs: Action, **more: Any) -> Route:
    """Return the route of a read with a large answer: `handler(read, call)` yields pieces of JSON.

    Each piece is made in a thread after the client has taken the one before.  `read()` opens a transaction for one piece; none is
    open while a piece is sent."""
    return _route(where, "flow", needs, call=call, handler=handler, **more)


def _route(
    where: str,
    kind: Kind,
    needs: Action,
    *,
    version: str = "2.0",
    ajax_only: bool = False,
    api_only: bool = False,
    **more: Any,
) -> Route:
    method, paths = _method_and_paths(where, version)
    if len(paths) > 1 and (ajax_only or api_only):
        paths = paths[1:] if ajax_only else paths[:1]
    return Route(method=method, paths=paths, kind=kind, needs=needs, **more)


@functools.cache  # the same few hundred for each table of the process
def _method_and_paths(where: str, version: str) -> tuple[str, tuple[str, ...]]:
    method, path = where.split(" ", 1)
    paths = (path,) if path.startswith("/") else (f"/api/{version}/mlflow/{path}", f"/ajax-api/{version}/mlflow/{path}")
    return method, tuple(each.rstrip("/") or "/" for each in paths)


def needs_user(route: Route) -> bool:
    """Return whether the change log names the caller of the route."""
    return route.kind == "command" or route.is_signed


class Match(Struct, frozen=True):
    route: Route
    params: dict[str, str]


class Table:
    """Finds the route of a method and path: fixed paths in a dictionary, paths with parameters by their prefix.

    `rest` makes further routes, whose import takes long, when `complete` is called."""

    def __init__(self, routes: Iterable[Route], rest: Callable[[], Sequence[Route]] | None = None) -> None:
        self.routes: Sequence[Route] = []
        self._rest = rest
        self._completing = threading.Lock()
        self._whole: dict[tuple[str, str], Match] = {}
        self._patterns: list[tuple[str, str, Route]] = []  # prefix, path, route
        self._methods: set[str] = set()  # that some path answers to
        self._add(list(routes))

    @property
    def is_complete(self) -> bool:
        return self._rest is None

    def complete(self) -> None:
        """Add the rest of the routes, or wait until another thread has done so."""
        with self._completing:
            if self._rest is not None:
                self._add(self._rest())
                self._rest = None

    def end(self) -> None:
        """Wait for a `complete` that is running; later ones do nothing."""
        with self._completing:
            self._rest = None

    def _add(self, routes: Sequence[Route]) -> None:
        self.routes = [*self.routes, *routes]
        patterns = list(self._patterns)
        whole = self._whole
        for route in routes:
            if not isinstance(route.needs, Action):  # no role could give or refuse a right without a name
                raise TypeError(f"{route.method} {route.paths[0]} needs {route.needs!r}, which is not an action")
            method = route.method
            self._methods.add(method)
            match = Match(route, {})
            for path in route.paths:
                if "{" in path:
                    patterns.append((path[: path.index("{")], path, route))
                elif whole.setdefault((method, path), match) is not match:
                    raise ValueError(f"two routes answer {method} {path}")
        self._patterns = sorted(patterns, key=_prefix_length, reverse=True)  # at once: other threads read it

    def find(self, method: str, path: str) -> Match | None:
        found = self._whole.get((method, path))
        if found is not None:
            return found
        for prefix, pattern, route in self._patterns:
            if route.method == method and path.startswith(prefix):
                match = _pattern(pattern).fullmatch(path)
                if match:
                    return Match(route, match.groupdict())
        if method == "HEAD":
            return self.find("GET", path)
        return None

    def methods(self, path: str) -> set[str]:
        """Return the methods of a path; none if the path is unknown."""
        known = {method for method in self._methods if (method, path) in self._whole}
        for prefix, pattern, route in self._patterns:
            if path.startswith(prefix) and _pattern(pattern).fullmatch(path):
                known.add(route.method)
        if known:
            known.add("OPTIONS")
            if "GET" in known:
                known.add("HEAD")
        return known


def _prefix_length(pattern: tuple[str, str, Route]) -> int:
    return len(pattern[0])


def matches_path(path: str) -> Callable[[str], dict[str, str] | None]:
    """Return a function that gives the parameters of a path of this pattern, or None for another path."""
    prefix, pattern = path[: path.index("{")], _pattern(path)

    def match(given: str) -> dict[str, str] | None:
        found = pattern.fullmatch(given) if given.startswith(prefix) else None
        return None if found is None else found.groupdict()

    return match


@functools.cache
def _pattern(path: str) -> re.Pattern[str]:
    """Return the expression of a route's path: `{name}` is one segment, `{name:path}` the rest (with its slashes)."""
    parts = re.split(r"(\{\w+(?::path)?\})", path)
    text = ""
    for part in parts:
        match = re.fullmatch(r"\{(\w+)(:path)?\}", part)
        if match is None:
            text += re.escape(part)
        else:
            text += f"(?P<{match[1]}>.*)" if match[2] else f"(?P<{match[1]}>[^/]+)"
    return re.compile(text, re.DOTALL)
