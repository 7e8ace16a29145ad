"""The ASGI application: from a request to a route's handler and back.  Knows how calls run; knows no route's meaning.

A handler is a plain function.  Reads by key run where they stand, other reads in a thread, writes in the writer, which
answers after its commit.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from urllib.parse import parse_qs

from trackside.core.db.group import GroupWriter
from trackside.core.errors import BadRequest, Fault, Invalid, NoEndpoint, NotAllowedMethod
from trackside.core.http import codec
from trackside.core.http.bodies import Room
from trackside.core.http.routes import Match, Route, Table
from trackside.core.http.streams import (
    Disconnected,
    Headers,
    Pipe,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    send_response,
    send_whole,
    user_of,
    whole_or_cut,
)

log = logging.getLogger("trackside.http")

READ_THREADS = 4
FLOW_THREADS = 8  # each may wait for its client
JSON_TYPE = (b"content-type", b"application/json")
_EMPTY = b"{}"


class Database(Protocol):
    reads_inline: bool
    writer: GroupWriter

    def read(self, ws: int) -> Any: ...

    def write(self, ws: int) -> Any: ...

    def close(self) -> None: ...


class Guard(Protocol):
    """Refuses a Host or an Origin."""

    def check(self, scope: Scope) -> Any: ...

    def cors_headers(self, scope: Scope) -> Headers: ...


# What a path or a header says of the workspace, and the path without its door.
Doors = Callable[[str, list[tuple[bytes, bytes]]], tuple[Any, str]]


class Edge:
    """`resolve` gives the workspace of what `doors` found (None: the default one) or raises NotFound; `recall` gives it
    only if it need not ask the store."""

    def __init__(
        self,
        table: Table,
        database: Database,
        doors: Doors,
        resolve: Callable[[Any], Any],
        guard: Guard,
        *,
        recall: Callable[[Any], Any] = lambda _: None,
        static_prefix: str = "",
    ) -> None:
        self._table = table
        self._database = database
        self._doors = doors
        self._resolve = resolve
        self._recall = recall
        self._guard = guard
        self._prefix = static_prefix
        self._room = Room()
        self._threads = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="trackside-read")
        self._flows = ThreadPoolExecutor(FLOW_THREADS, thread_name_prefix="trackside-flow")

    def close(self) -> None:
        self._threads.shutdown()
        self._flows.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        refusal = self._guard.check(scope)
        if refusal is not None:
            await send_whole(send, refusal.status, _sized(refusal.headers, refusal.body), refusal.body)
            return
        cors = self._guard.cors_headers(scope)
        try:
            await self._serve(scope, receive, send, cors)
        except Disconnected:
            return
        except Fault as fault:
            # What is left of a body is read and dropped by the protocol: a client that sends on hears the answer.
            body = codec.fault_body(fault)
            await send_whole(send, fault.status, [JSON_TYPE, *fault.headers, *cors, _length(body)], body)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"][:500])
            body = codec.encode(
                {"error_code": "INTERNAL_ERROR", "message": "The server failed at this call; its log says why."}
            )
            await send_whole(send, 500, [JSON_TYPE, *cors, _length(body)], body)
        finally:
            self._room.leave(scope)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, cors: Headers) -> None:
        path: str = scope["path"]
        if self._prefix:
            if not path.startswith(self._prefix):
                raise NoEndpoint(f"Nothing is served at {path}; this server serves below {self._prefix}.")
            path = path[len(self._prefix) :] or "/"
        name, rest = self._doors(path, scope["headers"])
        method: str = scope["method"]
        match = self._table.find(method, rest) or self._table.find(method, _slashed_once(rest))
        if match is None:
            allow = self._allow(method, rest)
            await send_whole(send, 204, [(b"allow", allow), *cors], b"")
            return
        route = match.route
        workspace = await self._workspace(name) if route.has_workspace else None
        if route.kind == "stream":
            await self._stream(match, workspace, scope, receive, send, rest, cors)
            return
        call = await self._call(match, scope, receive)
        if route.kind == "flow":
            await self._flow(route, call, workspace, scope, send, cors)
            return
        ws = workspace.workspace_id if workspace is not None else 0
        body = await self._run(route, call, ws, user_of(scope["headers"]) if route.kind == "command" else "")
        if route.status == 204:
            await send_whole(send, 204, cors, b"")
        else:
            await send_whole(send, route.status, [JSON_TYPE, *cors, _length(body)], body)

    def _allow(self, method: str, path: str) -> bytes:
        """What OPTIONS is told of a path; for other methods the fault that it is unknown or has no such method."""
        methods = self._table.methods(path) or self._table.methods(_slashed_once(path))
        if not methods:
            raise NoEndpoint(f"Nothing is served at {method} {path}. GET /openapi.json lists what is.")
        allow = ", ".join(sorted(methods))
        if method != "OPTIONS":
            raise NotAllowedMethod(
                f"{method} is not served at {path}; it answers to {allow}.", headers=[(b"allow", allow.encode())]
            )
        return allow.encode()

    async def _workspace(self, name: Any) -> Any:
        """A store that may be slow or gone is never waited for on the event loop."""
        if self._database.reads_inline:
            return self._resolve(name)
        known = self._recall(name)
        if known is not None:
            return known
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._resolve, name)

    async def _call(self, match: Match, scope: Scope, receive: Receive) -> Any:
        route = match.route
        method: str = scope["method"]
        given = scope["query_string"]
        if given and method in ("GET", "HEAD", "DELETE"):
            body = await self._room.read(scope, receive, route.max_body_bytes)
            if method != "DELETE" or not body:
                return codec.decode_query(route.call, _query(given), match.params)
            return codec.decode_body(route.call, body, match.params)
        if method in ("POST", "PUT") and route.parses_body:
            _check_content_type(scope["headers"])
        body = await self._room.read(scope, receive, route.max_body_bytes)
        return codec.decode_body(route.call, body, match.params)

    async def _run(self, route: Route, call: Any, ws: int, user: str) -> bytes:
        database = self._database
        if route.kind == "query":
            if route.quick and database.reads_inline:
                return self._query(route, call, ws)
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._query, route, call, ws)
        loop = asyncio.get_running_loop()
        if route.kind == "batch":
            prepared = route.prepare(call) if route.prepare is not None else call
            answer = await database.writer.submit_async(ws, prepared, route.handler, loop)
        else:
            handler = route.handler
            answer = await database.writer.submit_async(ws, lambda tx: handler(tx.by(user), call), None, loop)
        return _rendered(answer)

    def _query(self, route: Route, call: Any, ws: int) -> bytes:
        with self._database.read(ws) as tx:
            answer = route.handler(tx, call)
        return _rendered(answer)

    async def _flow(self, route: Route, call: Any, workspace: Any, scope: Scope, send: Send, cors: Headers) -> None:
        """The first piece is awaited before the status is sent, so that a fault still gets its own."""
        loop = asyncio.get_running_loop()
        pipe = Pipe(loop)

        def work() -> None:
            try:
                with self._database.read(workspace.workspace_id) as tx:
                    route.handler(tx, call, pipe.put)
            except Disconnected:
                return
            except BaseException as error:  # noqa: BLE001  # handed to the coroutine, which answers
                pipe.end(error)
            else:
                pipe.end()

        job = loop.run_in_executor(self._flows, work)
        pieces = pipe.pieces()
        try:
            first = await anext(pieces, b"")
            second = await anext(pieces, None)
            if second is None:
                await send_whole(send, 200, [JSON_TYPE, *cors, _length(first)], first)
                return
            await send({"type": "http.response.start", "status": 200, "headers": [JSON_TYPE, *cors]})
            await send({"type": "http.response.body", "body": first + second, "more_body": True})
            with whole_or_cut(scope):
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await pieces.aclose()  # type: ignore[attr-defined]  # an async generator, seen as an iterator
            await job

    async def _stream(
        self, match: Match, workspace: Any, scope: Scope, receive: Receive, send: Send, path: str, cors: Headers
    ) -> None:
        raw: str = (scope.get("raw_path") or path.encode()).decode("latin-1").partition("?")[0]
        request = Request(
            scope,
            receive,
            params=match.params,
            raw_params={"path": raw} if match.params else {},
            query=_query(scope["query_string"]) if scope["query_string"] else {},
            workspace=workspace,
            database=self._database,
            threads=self._threads,
            read_whole=self._room.read,
        )
        response: Response = await match.route.handler(request)
        if cors:
            response.headers = [*response.headers, *cors]
        await send_response(scope, receive, send, response)


def _slashed_once(path: str) -> str:
    """Without the slash that a client has put between an address that ended in one and a path, or at the end."""
    return f"/{path.strip('/')}"


def _rendered(answer: Any) -> bytes:
    if answer is None:
        return _EMPTY
    return answer if isinstance(answer, bytes) else codec.encode(answer)


def _length(body: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", b"%d" % len(body))


def _sized(headers: Headers, body: bytes) -> Headers:
    return [*headers, _length(body)]


def _query(raw: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(
            raw.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace", max_num_fields=10_000
        )
    except ValueError as error:
        raise BadRequest(f"The query string cannot be read: {error}") from None


def _check_content_type(headers: list[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        if name == b"content-type":
            if value.partition(b";")[0].strip().lower() == b"application/json":
                return
            break
    raise Invalid("Bad Request. Content-Type must be one of ['application/json'].")
