"""Runs calls and encodes their answers.  Depends on routes and the database, and on neither ASGI nor sockets.

A handler is a synchronous function.  Reads by key run on the event loop if the database allows it, other reads in a thread, and
writes in the writer's thread, which answers after its commit.
"""

import asyncio
import errno
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, Protocol
from urllib.parse import parse_qs

from trackside.core.access import OPEN, Visit
from trackside.core.db.commit import Batch
from trackside.core.db.group import GroupWriter
from trackside.core.db.limits import Limit
from trackside.core.db.tx import Tx
from trackside.core.errors import BadRequest, Fault, Invalid, Unavailable
from trackside.core.http import codec
from trackside.core.http.admission import Admission
from trackside.core.http.routes import Route
from trackside.core.http.streams import Headers

log = logging.getLogger("trackside.http")

# Shortages of the machine: disk space, open files, memory.
_LACKS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
JSON_TYPE = (b"content-type", b"application/json")
_EMPTY = b"{}"

# Called with the body of an answer, or with the error.
Done = Callable[[bytes, BaseException | None], None]


class Database(Protocol):
    reads_inline: bool
    writer: GroupWriter

    def read(self, ws: int, limit: Limit | None = None) -> Any: ...

    def write(self, ws: int) -> Any: ...

    def close(self) -> None: ...


class Calls:
    """Runs the handlers of routes.

    `searches` are the threads of reads that may take long, `quick` those of reads by key.  A read is interrupted after `read_s`.
    `forget` is called after each command that may have changed the rights of callers."""

    def __init__(
        self,
        database: Database,
        searches: Executor,
        quick: Executor,
        read_s: float,
        admission: Admission,
        forget: Callable[[], None],
    ) -> None:
        self._database = database
        self._searches = searches
        self._quick = quick
        self._read_s = read_s
        self._admission = admission
        self._forget = forget

    def limit(self, is_gone: Callable[[], bool]) -> Limit:
        """Return the time limit of a read that begins now."""
        return Limit(self._read_s, is_gone)

    def start(
        self,
        route: Route,
        call: Any,
        ws: int,
        visit: Visit,
        loop: asyncio.AbstractEventLoop,
        done: Done,
        is_gone: Callable[[], bool],
        workspace: Any = None,
    ) -> None:
        """Start a call.  `done` is called on the event loop with its answer; an error found before the call starts is raised.

        `workspace` is passed to the `finish` function of the route."""
        database = self._database
        if route.kind == "batch":
            if visit.must_look and not self._admission.recalls(ws, route, visit.rights, call):
                look = loop.run_in_executor(self._quick, self._look, route, call, ws, visit)
                log_it = partial(self._batch, route, call, ws, visit, loop, done)
                look.add_done_callback(partial(_continue, lambda _: log_it(), done))
                return
            self._batch(route, call, ws, visit, loop, done)
        elif route.kind == "command":
            done = self._forgetting(route, visit, done)
            if route.prepare is None:
                work = self._command(route, call, visit)
                database.writer.submit_then(ws, work, None, loop, _rendering(done), is_quick=route.quick)
                return

            def go_on(prepared: Any) -> None:
                database.writer.submit_then(ws, self._command(route, prepared, visit), None, loop, _rendering(done))

            job = loop.run_in_executor(self._quick, route.prepare, call)
            job.add_done_callback(partial(_continue, go_on, done))
        elif route.finish is not None:
            self._read_and_finish(route, route.finish, call, ws, visit, loop, done, is_gone, workspace)
        elif route.quick and database.reads_inline:
            done(self._query(route, call, ws, visit, None), None)
        else:
            threads = self._quick if route.quick else self._searches
            job = loop.run_in_executor(threads, self._query, route, call, ws, visit, self.limit(is_gone))
            job.add_done_callback(partial(_hand_over, done))

    def _read_and_finish(
        self,
        route: Route,
        finish: Callable[[Any, Any, Any, Done], None],
        call: Any,
        ws: int,
        visit: Visit,
        loop: asyncio.AbstractEventLoop,
        done: Done,
        is_gone: Callable[[], bool],
        workspace: Any,
    ) -> None:
        if self._database.reads_inline:
            finish(self._read(route, call, ws, visit, None), call, workspace, done)
            return
        job = loop.run_in_executor(self._quick, self._read, route, call, ws, visit, self.limit(is_gone))
        job.add_done_callback(partial(_continue, lambda answer: finish(answer, call, workspace, done), done))

    def _batch(
        self, route: Route, call: Any, ws: int, visit: Visit, loop: asyncio.AbstractEventLoop, done: Done
    ) -> None:
        prepared = route.prepare(call) if route.prepare is not None else call
        user = visit.user if route.is_signed else ""
        self._database.writer.submit_then(ws, prepared, route.handler, loop, _rendering(done), user)

    def write_together(
        self,
        batch: Batch,
        call: Any,
        ws: int,
        loop: asyncio.AbstractEventLoop,
        done: Callable[[Any, BaseException | None], None],
    ) -> None:
        """Queue a call for the writer, which runs all queued calls of the batch in one transaction.

        `done` gets the result on the loop."""
        self._database.writer.submit_then(ws, call, batch, loop, done)

    def _look(self, route: Route, call: Any, ws: int, visit: Visit) -> None:
        with self._database.read(ws) as tx:
            self._admission.check(tx, route, visit.rights, call)

    def _command(self, route: Route, call: Any, visit: Visit) -> Callable[[Tx], Any]:
        handler = route.handler
        if visit.caller is OPEN:
            return lambda tx: handler(tx.in_visit(visit), call)

        def work(tx: Tx) -> Any:
            if visit.must_look:
                self._admission.check(tx, route, visit.rights, call)
            return handler(tx.in_visit(visit), call)

        return work

    def _forgetting(self, route: Route, visit: Visit, done: Done) -> Done:
        if visit.caller is OPEN and not route.needs.startswith("Microsoft.Authorization/"):
            return done

        def after(body: bytes, error: BaseException | None) -> None:
            self._forget()
            done(body, error)

        return after

    async def run(
        self, route: Route, call: Any, ws: int, visit: Visit, is_gone: Callable[[], bool], workspace: Any = None
    ) -> bytes:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bytes] = loop.create_future()

        def done(body: bytes, error: BaseException | None) -> None:
            if future.done():  # the caller was cancelled
                return
            if error is None:
                future.set_result(body)
            else:
                future.set_exception(error)

        self.start(route, call, ws, visit, loop, done, is_gone, workspace)
        return await future

    def _query(self, route: Route, call: Any, ws: int, visit: Visit, limit: Limit | None) -> bytes:
        return _rendered(self._read(route, call, ws, visit, limit))

    def _read(self, route: Route, call: Any, ws: int, visit: Visit, limit: Limit | None) -> Any:
        if limit is not None:
            limit.check()  # the wait for a thread may have used up the time
        with self._database.read(ws, limit) as tx:
            if visit.must_look:
                self._admission.check(tx, route, visit.rights, call)
            if visit.caller is not OPEN:
                tx = tx.for_caller(visit.caller, visit.rights)
            return route.handler(tx, call)


def call_of(route: Route, method: str, query: bytes, params: dict[str, str], body: bytes) -> Any:
    """Return the call in the query string or the body.  Raise Invalid or BadRequest."""
    if query and method in ("GET", "HEAD", "DELETE") and not (method == "DELETE" and body):
        return codec.decode_query(route.call, query_of(query), params)
    return codec.decode_body(route.call, body, params)


def query_of(raw: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(
            raw.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace", max_num_fields=10_000
        )
    except ValueError as error:
        raise BadRequest(f"The query string cannot be read: {error}") from None


def check_content_type(given: bytes | None) -> None:
    if given is None or given.partition(b";")[0].strip().lower() != b"application/json":
        raise Invalid("Bad Request. Content-Type must be one of ['application/json'].")


def failed(error: BaseException, method: str, path: str) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of the answer to a call that raised `error`."""
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "start new thread" in str(error)):
        log.error("%s %s failed: %r", method, path[:500], error)
        error = Unavailable("The server has no memory or no thread for this call now; try again.")
    if isinstance(error, OSError) and error.errno in _LACKS:
        log.error("%s %s failed: %r", method, path[:500], error)
        error = Unavailable(f"The server cannot answer this call now: {error.strerror}. Try again later.")
    if isinstance(error, Fault):
        return error.status, [JSON_TYPE, *error.headers], codec.fault_body(error)
    log.error("%s %s failed", method, path[:500], exc_info=error)
    body = codec.encode(
        {"error_code": "INTERNAL_ERROR", "message": "The server failed to process this call; its log has the reason."}
    )
    return 500, [JSON_TYPE], body


def _continue(work: Callable[[Any], None], done: Done, job: asyncio.Future[Any]) -> None:
    """Call `work` with the result of a thread, on the event loop; pass an error to `done`."""
    if job.cancelled():
        return
    error = job.exception()
    if error is None:
        try:
            work(job.result())
        except Exception as fault:  # noqa: BLE001  # it is answered and logged
            error = fault
    if error is not None:
        done(b"", error)


def _hand_over(done: Done, job: asyncio.Future[bytes]) -> None:
    if not job.cancelled():
        error = job.exception()
        done(b"", error) if error is not None else done(job.result(), None)


def _rendering(done: Done) -> Callable[[Any, BaseException | None], None]:
    def finish(answer: Any, error: BaseException | None) -> None:
        body = b""
        if error is None:
            try:
                body = _rendered(answer)
            except Exception as unexpected:  # noqa: BLE001  # it is answered and logged
                error = unexpected
        done(body, error)

    return finish


def _rendered(answer: Any) -> bytes:
    if answer is None:
        return _EMPTY
    return answer if isinstance(answer, bytes) else codec.encode(answer)
