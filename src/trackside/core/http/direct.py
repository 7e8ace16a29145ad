"""Answers small calls without ASGI: from the head and body of a request to its answer.

It applies the same rules as the ASGI application, and leaves to it all other requests: those with an Origin header, compressed
bodies, paths with parameters, streams (except routes that have `small`), and malformed heads.

A task, a scope and a dozen messages for each request cost more than logging a point does (docs/decisions/0017).
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from trackside.core.access import ALL_RIGHTS, OPEN, Action, Visit
from trackside.core.db.commit import Batch
from trackside.core.errors import Denied, Fault
from trackside.core.http.admission import Admission, Gate
from trackside.core.http.calls import JSON_TYPE, Calls, call_of, check_content_type, failed
from trackside.core.http.foreign import Dialects
from trackside.core.http.meter import Meter
from trackside.core.http.request_log import HEADER as ID_HEADER
from trackside.core.http.request_log import SILENT, Requests
from trackside.core.http.routes import Route, Table, matches_path, needs_user
from trackside.core.http.streams import Headers, user_of

MOST_BYTES = 64 << 10  # of a body that needs no reserved memory; the limit of each route is `Route.small_bytes`
ROOM_BYTES = 32 << 20  # for all bodies above MOST_BYTES
_PLAIN_KINDS = ("query", "command", "batch")
_NOT_PLAIN = frozenset({b"origin", b"transfer-encoding", b"content-encoding", b"expect", b"upgrade"})

# Status, headers but for the length, body.
Answer = Callable[[int, Headers, bytes], None]
JSON: Headers = [JSON_TYPE]
_NO_PARAMS: dict[str, str] = {}
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_LENGTH_DIGITS = 8  # more than any body of a small call has
_PLAIN_QUERY = re.compile(rb"[A-Za-z0-9_.~&=%+:,-]{0,4096}")  # characters that every parser reads unchanged


class Guard(Protocol):
    def is_known(self, host: bytes) -> bool: ...


class Plain(Struct, frozen=True):
    """A request that is answered here once its body has arrived."""

    route: Route
    method: str
    path: str
    query: bytes
    workspace: Any
    headers: dict[bytes, bytes]
    visit: Visit
    params: dict[str, str] = {}

    @property
    def workspace_id(self) -> int:
        return 0 if self.workspace is None else int(self.workspace.workspace_id)


class Head(Struct, frozen=True):
    """The parsed head of a request, and what was looked up for it.  A client repeats the same head on a connection."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]]
    most_bytes: int  # of a body
    length_at: int  # the place of Content-Length, which may differ the next time; -1: there is none
    named: Any  # the result of `parse_workspace`
    age: int  # of the gate, before the caller was looked up
    plain: Plain


class Repeat(Struct, frozen=True):
    """The bytes of a request's head before and after the digits of its Content-Length.

    A request with the same bytes around other digits has the same method, target and headers, so it is not parsed again."""

    head: Head
    before: bytes
    after: bytes  # empty: there is no Content-Length, and `before` is the whole head

    def body_in(self, data: bytes) -> bytes | None:
        """Return the body of the request in `data`; None if `data` is not one whole request with this head."""
        if not data.startswith(self.before):
            return None
        begin = len(self.before)
        if not self.after:
            return b"" if len(data) == begin else None
        end = data.find(b"\r", begin, begin + _LENGTH_DIGITS)
        if end < 0 or not data.startswith(self.after, end):
            return None
        digits, body = data[begin:end], data[end + len(self.after) :]
        if not digits.isdigit() or int(digits) != len(body) or len(body) > min(MOST_BYTES, self.head.most_bytes):
            return None
        return body

    def request_in(self, data: bytes) -> tuple[Plain, bytes] | None:
        """Return the request in `data` and its body; None as for `body_in`."""
        body = self.body_in(data)
        return None if body is None else (self.head.plain, body)


class QueryRepeat(Struct, frozen=True):
    """The bytes of the head of a request without a body, before and after its query string.

    A request with the same bytes around another query of plain characters differs in its query alone and is not parsed again."""

    head: Head
    before: bytes  # up to the `?`
    after: bytes  # from the space behind the target

    def request_in(self, data: bytes) -> tuple[Plain, bytes] | None:
        if not data.startswith(self.before) or not data.endswith(self.after):
            return None
        query = data[len(self.before) : -len(self.after)]
        if not _PLAIN_QUERY.fullmatch(query) or len(self.before) + len(query) + len(self.after) != len(data):
            return None
        return replace(self.head.plain, query=query), b""


def repeat_of(head: Head, data: bytes) -> Repeat | QueryRepeat | None:
    """Return what a later request with the head of `data`, one whole request, repeats; None if that cannot be decided."""
    if not data.startswith(head.method + b" "):  # empty lines come first
        return None
    raw = data[: data.find(b"\r\n\r\n") + 4]
    if head.length_at < 0:
        path, mark, _ = head.target.partition(b"?")
        line = b"%s %s" % (head.method, head.target)
        if mark and raw.startswith(line + b" "):
            return QueryRepeat(head, b"%s %s?" % (head.method, path), raw[len(line) :])
        return Repeat(head, raw, b"")
    found = _LENGTH.findall(raw)
    if len(found) != 1:
        return None
    length = _LENGTH.search(raw)
    assert length is not None
    return Repeat(head, raw[: length.start(1)], raw[length.end(1) :])


class Small(Struct, frozen=True):
    """A small call of a stream's route, with its body, for handlers that answer by a callback.

    `write_together(batch, call, then)` queues the call for the writer.  `then` gets the result on the loop after the commit; an
    error of the write, or of `then`, becomes the answer."""

    workspace: Any
    params: dict[str, str]
    headers: dict[bytes, bytes]
    body: bytes
    visit: Visit
    write_together: Callable[[Batch, Any, Callable[[Any], None]], None]


class Direct:
    """Finds and performs small calls.

    `recall` returns the workspace for the result of `parse_workspace`; None if the ASGI application must read it from the
    store."""

    def __init__(
        self,
        table: Table,
        calls: Calls,
        admission: Admission,
        gate: Gate,
        parse_workspace: Callable[[str, list[tuple[bytes, bytes]]], tuple[Any, str]],
        recall: Callable[[Any], Any],
        guard: Guard,
        meter: Meter,
        requests: Requests = SILENT,
        *,
        static_prefix: str = "",
        dialects: Dialects,
    ) -> None:
        self._is_foreign = dialects.is_foreign
        self._meter = meter
        self._requests = requests
        self._admission = admission
        self._gate = gate
        self._table = table
        self._index(table.routes)
        self._calls = calls
        self._parse_workspace = parse_workspace
        self._recall = recall
        self._guard = guard
        self._prefix = static_prefix
        self.free_bytes = ROOM_BYTES  # for bodies above MOST_BYTES

    def reserve(self, size_bytes: int) -> bool:
        """Reserve memory for a body of this size until `release`.  Return False if there is none.

        Then the ASGI application takes the body: it can drop bodies that arrive slowly."""
        if size_bytes > self.free_bytes:
            return False
        self.free_bytes -= size_bytes
        return True

    def release(self, size_bytes: int) -> None:
        self.free_bytes += size_bytes

    def _index(self, routes: Sequence[Route]) -> None:
        """Find the routes of small calls in the table, a part of which is added after the server has started."""
        self._indexed = routes
        self._routes = {
            (route.method.encode(), path): route
            for route in routes
            if route.kind in _PLAIN_KINDS or route.small is not None
            for path in route.paths
            if "{" not in path
        }
        self._small = [
            (route.method.encode(), matches_path(path), route)
            for route in routes
            if route.small is not None
            for path in route.paths
            if "{" in path
        ]

    def retake(self, last: Head, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> bool:
        """Return whether the request repeats an earlier head of its connection and what was looked up for that head still
        holds."""
        if target != last.target or method != last.method:
            return False
        if headers != last.headers:
            at = last.length_at
            if (
                at < 0
                or len(headers) != len(last.headers)
                or headers[at][0] != b"content-length"
                or int(headers[at][1]) > last.most_bytes
                or headers[:at] != last.headers[:at]
                or headers[at + 1 :] != last.headers[at + 1 :]
            ):
                return False
        return self.still_holds(last)

    def still_holds(self, last: Head) -> bool:
        """Return whether a new look-up for a head would give the same result."""
        plain = last.plain
        if not self._guard.is_known(plain.headers.get(b"host", b"")):
            return False
        try:
            if plain.route.has_workspace and self._recall(last.named) is not plain.workspace:
                return False
        except Fault:
            return False
        return plain.route.needs is Action.ANYONE or self._gate.still_knows(plain.visit.caller, last.age)

    def take(
        self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], client: tuple[str, int] | None
    ) -> Head | None:
        """Return the head of a request if the request is small, has no header twice, and names a host that was allowed before;
        else None."""
        if self._indexed is not self._table.routes:
            self._index(self._table.routes)
        age = self._gate.age
        raw, _, query = target.partition(b"?")
        if b"%" in raw or not raw.isascii():
            return None
        path = raw.decode("ascii")
        if not path.startswith(f"{self._prefix}/"):
            return None
        try:
            named, rest = self._parse_workspace(path[len(self._prefix) :], headers)
            route, params = self._routes.get((method, rest)), _NO_PARAMS
            if route is None:
                route, params = self._find_small(method, rest)
            if route is None:
                return None
            workspace = self._recall(named) if route.has_workspace else None
        except Fault:
            return None
        if workspace is None and route.has_workspace:
            return None
        by_name = dict(headers)
        most_bytes = route.small_bytes
        if (
            len(by_name) != len(headers)
            or not _NOT_PLAIN.isdisjoint(by_name)
            or int(by_name.get(b"content-length", 0)) > most_bytes
            or not self._guard.is_known(by_name.get(b"host", b""))
            or self._is_foreign(path, by_name)
        ):
            return None
        source = None
        if route.kind == "command":  # for the audit log
            source = partial(self._gate.source, f"{route.method} {rest}", {"headers": headers, "client": client})
        visit = self._visit(route, by_name, workspace, source)
        if visit is None:
            return None
        plain = Plain(route, route.method, path, query, workspace, by_name, visit, params)
        length_at = next((at for at, (name, _) in enumerate(headers) if name == b"content-length"), -1)
        return Head(method, target, headers, most_bytes, length_at, named, age, plain)

    def _find_small(self, method: bytes, path: str) -> tuple[Route | None, dict[str, str]]:
        for wanted, match, route in self._small:
            if wanted == method:
                found = match(path)
                if found is not None:
                    return route, found
        return None, _NO_PARAMS

    def _visit(
        self, route: Route, headers: dict[bytes, bytes], workspace: Any, source: Callable[[], Any] | None
    ) -> Visit | None:
        """Return the caller and their rights; None if the caller is not in memory or must be refused, which the ASGI
        application does."""
        if route.needs is Action.ANYONE:
            return Visit(OPEN, ALL_RIGHTS, False, "")
        caller = self._gate.recall(headers, route.method)
        if caller is OPEN:
            return Visit(OPEN, ALL_RIGHTS, False, user_of(headers.items()) if needs_user(route) else "", source)
        if caller is None:
            return None
        rights = caller.rights(workspace)
        try:
            must_look = not self._admission.may_pass(route, caller, rights)
            return Visit(caller, rights, must_look, caller.name, source)
        except Fault:
            return None

    def perform(
        self, plain: Plain, body: bytes, loop: asyncio.AbstractEventLoop, answer: Answer, is_gone: Callable[[], bool]
    ) -> None:
        """Perform a call and answer it on the loop, now or later; raise nothing.  `is_gone` returns whether the client has
        disconnected."""
        route, begun = plain.route, perf_counter()
        where = route.method, route.paths[0]
        self._meter.begin(where)
        given = plain.headers.get(ID_HEADER)
        request_id = None if given is None and not self._requests.is_on else self._requests.id_of(given)
        if request_id is not None:
            answer = self._recorded(plain, request_id, begun, answer)
        if route.small is not None:
            self._perform_small(plain, body, begun, loop, answer)
            return

        def done(body: bytes, error: BaseException | None) -> None:
            status = route.status
            if error is None:
                answer(status, JSON, body) if status != 204 else answer(204, [], b"")
            else:
                status, headers, body = self._failed(plain, error)
                answer(status, headers, body)
            self._meter.end(where)
            self._meter.note((*where, status // 100), perf_counter() - begun, len(body))

        try:
            if plain.method in ("POST", "PUT") and route.parses_body:
                check_content_type(plain.headers.get(b"content-type"))
            call = call_of(route, plain.method, plain.query, {}, body)
            self._calls.start(route, call, plain.workspace_id, plain.visit, loop, done, is_gone, plain.workspace)
        except Exception as error:  # noqa: BLE001  # it is answered and logged
            done(b"", error)

    def _recorded(self, plain: Plain, request_id: bytes, begun: float, answer: Answer) -> Answer:
        """Return a function that adds the request's id to an answer and logs the request."""

        def answer_with_id(status: int, headers: Headers, body: bytes) -> None:
            answer(status, [*headers, (ID_HEADER, request_id)], body)
            route, took_s = plain.route, perf_counter() - begun
            self._requests.note(
                request_id,
                plain.headers,
                route.method,
                route.paths[0],
                status,
                took_s,
                len(body),
                plain.workspace,
                plain.visit.user,
            )

        return answer_with_id

    def _perform_small(
        self, plain: Plain, body: bytes, begun: float, loop: asyncio.AbstractEventLoop, answer: Answer
    ) -> None:
        route = plain.route
        where = route.method, route.paths[0]

        def counted(status: int, headers: Headers, answered: bytes) -> None:
            answer(status, headers, answered)
            self._meter.end(where)
            self._meter.note((*where, status // 100), perf_counter() - begun, len(answered))

        def write_together(batch: Batch, call: Any, then: Callable[[Any], None]) -> None:
            def done(result: Any, error: BaseException | None) -> None:
                if error is None:
                    try:
                        then(result)
                    except Exception as fault:  # noqa: BLE001  # it is answered and logged
                        error = fault
                if error is not None:
                    counted(*self._failed(plain, error))

            self._calls.write_together(batch, call, plain.workspace_id, loop, done)

        try:
            small = Small(plain.workspace, plain.params, plain.headers, body, plain.visit, write_together)
            route.small(small, counted)
        except Exception as error:  # noqa: BLE001  # it is answered and logged
            counted(*self._failed(plain, error))

    def _failed(self, plain: Plain, error: BaseException) -> tuple[int, Headers, bytes]:
        """Return the answer to a call that failed.  A refusal is written to the audit log."""
        if isinstance(error, Denied) and plain.visit.caller is not OPEN:
            source = plain.visit.source
            refused_at = self._gate.source_of(plain.method, plain.path) if source is None else source()
            self._gate.refused(plain.visit.caller, plain.route, None, refused_at)
        return failed(error, plain.method, plain.path)
