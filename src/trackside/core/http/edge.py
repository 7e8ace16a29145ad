"""The ASGI application: authenticates, authorizes and dispatches each request to the handler of its route."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import Any, Protocol

from trackside.core.access import ALL_RIGHTS, OPEN, Action, Caller, MissingWorkspace, Visit
from trackside.core.errors import Denied, NoEndpoint, NotAllowedMethod, NotFound, Unauthenticated
from trackside.core.http.admission import REFUSED, Admission, Gate, Locate
from trackside.core.http.bodies import BodyMemory
from trackside.core.http.calls import JSON_TYPE, Calls, Database, call_of, check_content_type, failed, query_of
from trackside.core.http.direct import Direct
from trackside.core.http.foreign import Dialects, NoDialects, answering, reading
from trackside.core.http.meter import Meter
from trackside.core.http.outbox import Outbox
from trackside.core.http.request_log import HEADER as ID_HEADER
from trackside.core.http.request_log import SILENT, Requests
from trackside.core.http.routes import Match, Route, Table
from trackside.core.http.streams import (
    Disconnected,
    Headers,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    gone,
    send_response,
    send_whole,
    user_of,
)
from trackside.core.work.threads import Threads

READ_S = 30.0
READ_THREADS = 4  # for searches, and the same number for reads by key
ADMIT_THREADS = 4
ROUTE = "trackside.route"  # a key of the scope
WHO = "trackside.who"  # keys of the scope: the workspace, and the user's name
_NOBODY = (None, "")
_NOTHING = ("", "")  # the method and path in metrics if no route was found
FLOW_THREADS = 4  # all pools together have at most as many threads as there are read connections (core/db/postgres)


class Guard(Protocol):
    """Refuses requests by their Host and Origin headers."""

    def is_known(self, host: bytes) -> bool: ...

    def check(self, scope: Scope) -> Any: ...

    def cors_headers(self, scope: Scope) -> Headers: ...


# Returns the workspace that a path or a header names, and the path without its prefix.
ParseWorkspace = Callable[[str, list[tuple[bytes, bytes]]], tuple[Any, str]]


class Edge:
    """The ASGI application.

    `resolve` returns the workspace for the result of `parse_workspace`, or raises NotFound.  `recall` returns it only if that
    needs no read of the store."""

    def __init__(
        self,
        table: Table,
        database: Database,
        parse_workspace: ParseWorkspace,
        resolve: Callable[[Any], Any],
        guard: Guard,
        gate: Gate,
        *,
        locate: Mapping[str, Locate],
        recall: Callable[[Any], Any] = lambda _: None,
        meter: Meter | None = None,
        requests: Requests = SILENT,
        static_prefix: str = "",
        read_s: float = READ_S,
        dialects: Dialects | None = None,
    ) -> None:
        self._dialects = NoDialects() if dialects is None else dialects
        self._meter = Meter() if meter is None else meter
        self._requests = requests
        self._table = table
        self._database = database
        self._parse_workspace = parse_workspace
        self._resolve = resolve
        self._recall = recall
        self._guard = guard
        self._prefix = static_prefix
        self._body_memory = BodyMemory()
        self.outbox = Outbox()  # for a server that reports the unsent bytes of its connections
        self._searches = Threads(READ_THREADS, "trackside-search")
        self._threads = Threads(READ_THREADS, "trackside-read")
        self._flows = Threads(FLOW_THREADS, "trackside-flow")
        self._admits = Threads(ADMIT_THREADS, "trackside-admit")
        self._gate = gate
        self._admission = Admission(locate, lambda: gate.age)
        self._calls = Calls(database, self._searches, self._threads, read_s, self._admission, gate.forget)
        # The same for small calls, for a server that passes them whole.
        self.direct = Direct(
            table,
            self._calls,
            self._admission,
            gate,
            parse_workspace,
            resolve if database.reads_inline else recall,
            guard,
            self._meter,
            requests,
            static_prefix=static_prefix,
            dialects=self._dialects,
        )

    def close(self) -> None:
        self._searches.shutdown()
        self._threads.shutdown()
        self._flows.shutdown()
        self._admits.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        given = next((value for name, value in scope["headers"] if name == ID_HEADER), None)
        request_id = self._requests.id_of(given)
        counted = _Counted(send, request_id)
        begun = perf_counter()
        passed: Send = counted
        self._meter.begin(_NOTHING)  # until its route is known
        try:
            if self._dialects.is_foreign(scope["path"], dict(scope["headers"])):
                dialect = await self._dialects.of(scope)
                if dialect is not None:
                    scope, receive = reading(dialect, scope, receive)
                    passed = answering(dialect, counted)
            await self._answer(scope, receive, passed)
        finally:
            route: Route | None = scope.get(ROUTE)
            where = _NOTHING if route is None else (route.method, route.paths[0])
            took_s = perf_counter() - begun
            self._meter.end(where)
            self._meter.note((*where, counted.status // 100), took_s, counted.size)
            if request_id is not None:
                workspace, user = scope.get(WHO, _NOBODY)
                self._requests.note(
                    request_id, dict(scope["headers"]), *where, counted.status, took_s, counted.size, workspace, user
                )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._guard.check(scope)
        if refusal is not None:
            await send_whole(send, refusal.status, _sized(refusal.headers, refusal.body), refusal.body)
            return
        cors = self._guard.cors_headers(scope)
        try:
            await self._serve(scope, receive, send, cors)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001  # it is answered and logged
            if isinstance(error, Unauthenticated) and error.late_s:
                await asyncio.sleep(error.late_s)
            # The protocol reads and drops the rest of a body, so that a client that is still sending gets the answer.
            status, headers, body = failed(error, scope["method"], scope["path"])
            await send_whole(send, status, [*headers, *cors, _length(body)], body)
        finally:
            self._body_memory.leave(scope)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, cors: Headers) -> None:
        path: str = scope["path"]
        if self._prefix:
            if path != self._prefix and not path.startswith(f"{self._prefix}/"):
                raise NoEndpoint(f"Nothing is served at {path}; this server serves below {self._prefix}.")
            path = path[len(self._prefix) :] or "/"
        name, rest = self._parse_workspace(path, scope["headers"])
        method: str = scope["method"]
        match = self._find(method, rest)
        if match is None and not self._table.is_complete:
            await asyncio.get_running_loop().run_in_executor(self._admits, self._table.complete)
            match = self._find(method, rest)
        if match is None:
            if method != "OPTIONS":
                await self._caller(scope, rest)
            allow = self._allow(method, rest)
            await send_whole(send, 204, [(b"allow", allow), *cors], b"")
            return
        route = scope[ROUTE] = match.route
        self._meter.end(_NOTHING)
        self._meter.begin((route.method, route.paths[0]))
        workspace, visit = await self._admit(route, name, scope)
        scope[WHO] = (workspace, visit.user)
        if route.kind == "stream":
            await self._stream(match, workspace, visit, scope, receive, send, rest, cors)
            return
        call = await self._call(match, scope, receive)
        if route.kind == "flow":
            await self._flow(route, call, workspace, visit, scope, receive, send, cors)
            return
        ws = workspace.workspace_id if workspace is not None else 0
        try:
            body = await self._calls.run(route, call, ws, visit, gone(scope), workspace)
        except Denied:
            self._note_refusal(route, visit.caller, workspace, scope)
            raise
        self.outbox.check(len(body))
        if route.status == 204:
            await send_whole(send, 204, cors, b"")
        else:
            await send_whole(send, route.status, [JSON_TYPE, *cors, _length(body)], body)

    def _find(self, method: str, path: str) -> Match | None:
        return self._table.find(method, path) or self._table.find(method, _slashed_once(path))

    def _allow(self, method: str, path: str) -> bytes:
        """Return the methods of a path for OPTIONS; for other methods raise the fault that the path is unknown or lacks the
        method."""
        methods = self._table.methods(path) or self._table.methods(_slashed_once(path))
        if not methods:
            raise NoEndpoint(f"Nothing is served at {method} {path}. GET /openapi.json lists all paths.")
        allow = ", ".join(sorted(methods))
        if method != "OPTIONS":
            raise NotAllowedMethod(
                f"{method} is not served at {path}; allowed: {allow}.", headers=[(b"allow", allow.encode())]
            )
        return allow.encode()

    async def _caller(self, scope: Scope, where: str) -> Caller:
        """Return the caller.  Raise Unauthenticated."""
        headers = dict(scope["headers"])
        method: str = scope["method"]
        caller = self._gate.recall(headers, method)
        if caller is not None:
            return caller
        source = self._gate.source(f"{method} {where}", scope)
        return await asyncio.get_running_loop().run_in_executor(self._admits, self._gate.admit, headers, method, source)

    async def _admit(self, route: Route, name: Any, scope: Scope) -> tuple[Any, Visit]:
        """Return the workspace and the caller.  A missing workspace and one that is closed to the caller get the same error."""
        if route.needs is Action.ANYONE:
            try:
                workspace = await self._workspace(name) if route.has_workspace else None
            except NotFound as fault:
                workspace = MissingWorkspace(fault)
            return workspace, Visit(OPEN, ALL_RIGHTS, False, "", self._source(route, scope))
        caller = await self._caller(scope, route.paths[0])
        if caller is OPEN:
            workspace = await self._workspace(name) if route.has_workspace else None
            user = user_of(scope["headers"])
            return workspace, Visit(OPEN, ALL_RIGHTS, False, user, self._source(route, scope))
        workspace = None
        try:
            workspace = await self._workspace(name) if route.has_workspace else None
            rights = caller.rights(workspace)
            must_look = not self._admission.may_pass(route, caller, rights)
            return workspace, Visit(caller, rights, must_look, caller.name, self._source(route, scope))
        except NotFound:
            if Action.WORKSPACES_READ in caller.rights(None).everywhere:
                raise
            self._note_refusal(route, caller, None, scope)
            raise Denied(REFUSED) from None
        except Denied:
            self._note_refusal(route, caller, workspace, scope)
            raise

    def _source(self, route: Route, scope: Scope) -> Callable[[], Any]:
        return partial(self._gate.source, f"{route.method} {route.paths[0]}", scope)

    def _note_refusal(self, route: Route, caller: Caller, workspace: Any, scope: Scope) -> None:
        self._gate.refused(caller, route, workspace, self._source(route, scope)())

    async def _workspace(self, name: Any) -> Any:
        """Return the workspace.  The event loop never waits for a store that may be slow or down."""
        if self._database.reads_inline:
            return self._resolve(name)
        known = self._recall(name)
        if known is not None:
            return known
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._resolve, name)

    async def _call(self, match: Match, scope: Scope, receive: Receive) -> Any:
        route = match.route
        method: str = scope["method"]
        if method in ("POST", "PUT") and route.parses_body:
            check_content_type(next((value for name, value in scope["headers"] if name == b"content-type"), None))
        body = await self._body_memory.read(scope, receive, route.max_body_bytes)
        return call_of(route, method, scope["query_string"], match.params, body)

    async def _flow(
        self,
        route: Route,
        call: Any,
        workspace: Any,
        visit: Visit,
        scope: Scope,
        receive: Receive,
        send: Send,
        cors: Headers,
    ) -> None:
        """Send an answer in pieces.  The first pieces are made before the status is sent, so that an error still has its own
        status.

        While a piece is sent, no thread and no transaction waits for the client, which may take hours."""
        await self._look(route, call, workspace, visit, scope)
        is_gone = gone(scope)

        @contextmanager
        def read() -> Iterator[Any]:
            with self._database.read(workspace.workspace_id, self._calls.limit(is_gone)) as tx:
                yield tx.for_caller(visit.caller, visit.rights)

        pieces: Iterator[bytes] = route.handler(read, call)
        first, second = await asyncio.get_running_loop().run_in_executor(self._flows, _two, pieces)
        self.outbox.check(len(first) + len(second or b""))
        if second is None:
            await send_whole(send, 200, [JSON_TYPE, *cors, _length(first)], first)
            return
        body = self._in_turn(first, second, pieces)
        await send_response(scope, receive, send, Response(headers=[JSON_TYPE, *cors], body=body))

    async def _look(self, route: Route, call: Any, workspace: Any, visit: Visit, scope: Scope) -> None:
        """Raise Denied unless the caller may do the action to what the call names, where the rights differ by object."""
        if not visit.must_look:
            return

        def look() -> None:
            with self._database.read(workspace.workspace_id) as tx:
                self._admission.check(tx, route, visit.rights, call)

        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, look)
        except Denied:
            self._note_refusal(route, visit.caller, workspace, scope)
            raise

    async def _in_turn(self, first: bytes, second: bytes, pieces: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        yield first
        piece: bytes | None = second
        while piece is not None:
            yield piece
            piece = await loop.run_in_executor(self._flows, next, pieces, None)

    async def _stream(
        self,
        match: Match,
        workspace: Any,
        visit: Visit,
        scope: Scope,
        receive: Receive,
        send: Send,
        path: str,
        cors: Headers,
    ) -> None:
        raw: str = (scope.get("raw_path") or path.encode()).decode("latin-1").partition("?")[0]
        request = Request(
            scope,
            receive,
            params=match.params,
            raw_params={"path": raw} if match.params else {},
            query=query_of(scope["query_string"]) if scope["query_string"] else {},
            workspace=workspace,
            database=self._database,
            threads=self._threads,
            read_whole=self._body_memory.read,
            limit=lambda: self._calls.limit(gone(scope)),
            visit=visit,
            forget=self._gate.forget,
            room=self.outbox.check,
        )
        given = {name: values[-1] for name, values in request.query.items()} | match.params
        await self._look(match.route, given, workspace, visit, scope)
        response: Response = await match.route.handler(request)
        if isinstance(response.body, bytes):
            self.outbox.check(len(response.body))
        if cors:
            response.headers = [*response.headers, *cors]
        await send_response(scope, receive, send, response)


class _Counted:
    """A `send` that adds the request's id to the head, and records the status and the size of the body.

    Status 499 means that the client disconnected before the answer."""

    __slots__ = ("_request_id", "_send", "size", "status")

    def __init__(self, send: Send, request_id: bytes | None) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 499
        self.size = 0

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._request_id is not None:
                message["headers"] = [*message["headers"], (ID_HEADER, self._request_id)]
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


def _two(pieces: Iterator[bytes]) -> tuple[bytes, bytes | None]:
    return next(pieces, b""), next(pieces, None)


def _slashed_once(path: str) -> str:
    """Return the path without a trailing slash and with one leading slash: clients join addresses and paths with too many."""
    return f"/{path.strip('/')}"


def _length(body: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", b"%d" % len(body))


def _sized(headers: Headers, body: bytes) -> Headers:
    return [*headers, _length(body)]
