"""Requests and answers with streamed bodies.  Depends on ASGI, and on no route or store."""

import asyncio
import base64
import logging
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import Executor
from contextlib import aclosing, contextmanager
from typing import Any, TypeVar

from msgspec import Struct

from trackside.core.access import OPEN, OPEN_VISIT, Visit
from trackside.core.db.limits import Limit
from trackside.core.errors import BadRequest, Fault
from trackside.core.http.codec import MAX_BODY_BYTES, encode

log = logging.getLogger("trackside.http")

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

CUT = "trackside.cut"  # in a scope: a function that ends the connection without the end of the answer
GONE = "trackside.gone"  # in a scope: a thread-safe function that returns whether the client has disconnected
USER_HEADER = b"x-trackside-user"
MAX_USER_CHARS = 256
PIECES_BYTES = 1 << 20  # about the memory of an answer in pieces


def gone(scope: Scope) -> Callable[[], bool]:
    """Return a thread-safe function that returns whether the client has disconnected."""
    found: Callable[[], bool] = scope.get(GONE, _never)
    return found


def _never() -> bool:
    return False


class Disconnected(Exception):
    """The client disconnected before its body was complete."""


class Response(Struct):
    status: int = 200
    headers: Headers = []
    body: bytes | AsyncGenerator[bytes, None] = b""


def json_response(answer: Any, status: int = 200) -> Response:
    return Response(status, [(b"content-type", b"application/json")], encode(answer))


def user_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the name that the caller claims: from Trackside's header, else the name of a Basic sign-in, which clients send for
    MLFLOW_TRACKING_USERNAME.

    The name is not verified: it is recorded in the history, and gives no right."""
    signed_in = b""
    for name, value in headers:
        if name == USER_HEADER:
            return _shown(value)
        if name == b"authorization" and value[:6].lower() == b"basic ":
            signed_in = value[6:].strip()
    if not signed_in:
        return ""
    try:
        user, colon, _ = base64.b64decode(signed_in, validate=True).partition(b":")
    except ValueError:
        return ""
    return _shown(user) if colon else ""


def _shown(name: bytes) -> str:
    text = name.decode("utf-8", "replace")
    return "".join(char for char in text if char.isprintable()).strip()[:MAX_USER_CHARS]


class Request:
    """A request whose body has not been read yet."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        *,
        params: dict[str, str],
        raw_params: dict[str, str],
        query: dict[str, list[str]],
        workspace: Any,
        database: Any,
        threads: Executor,
        read_whole: Callable[[Scope, Receive, int], Awaitable[bytes]],
        limit: Callable[[], Limit | None] = lambda: None,
        visit: Visit = OPEN_VISIT,
        forget: Callable[[], None] = lambda: None,
        room: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`limit` returns the time limit of a read that begins now.  `forget` is called after a write.

        `room` raises Busy if there is no memory for an answer of the given size."""
        self.visit = visit
        self._forget = forget
        self.method: str = scope["method"]
        self.params = params
        self.raw_params = raw_params
        self.query = query
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.workspace = workspace
        self.scope = scope
        self._receive = receive
        self._database = database
        self._threads = threads
        self._read_whole = read_whole
        self._limit = limit
        self.check_room = room

    def check_room_of_pieces(self) -> None:
        """Raise Busy if there is no room for an answer whose size is not known in advance."""
        self.check_room(PIECES_BYTES)

    def argument(self, name: str) -> str:
        """Return the last value of a name in the query; empty if it is missing."""
        return self.query.get(name, [""])[-1]

    @property
    def content_length(self) -> int | None:
        """Return the announced size of the body; None if it is sent in chunks."""
        given = self.headers.get(b"content-length")
        if given is None:
            return None
        if not given.isdigit():
            raise BadRequest(f"Content-Length is {given.decode('latin-1')!r}; it must be a number")
        return int(given)

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the pieces of the body as they arrive.  Raise Disconnected if the client disconnects."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            piece = message.get("body", b"")
            if piece:
                yield piece
            more = message.get("more_body", False)

    def limit(self) -> Limit:
        """Return the time limit of a read that begins now."""
        return self._limit() or Limit(math.inf)

    async def left(self) -> None:
        """Return when the client has disconnected; for a request without a body."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def whole_body(self, most_bytes: int = MAX_BODY_BYTES) -> bytes:
        """Return the body of a call, which is held in memory; not for files.  Raise TooLarge."""
        return await self._read_whole(self.scope, self._receive, most_bytes)

    async def in_thread(self, fn: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, fn, *args)

    async def read(self, fn: Callable[[Any], T], *, quick: bool = False) -> T:
        """Return the result of `fn` in a read transaction.  A `quick` read by key has no time limit where it runs on the loop."""
        ws = 0 if self.workspace is None else self.workspace.workspace_id
        limit = None if quick and self._database.reads_inline else self._limit()

        def work() -> T:
            with self._database.read(ws, limit) as tx:
                return fn(tx.for_caller(self.visit.caller, self.visit.rights))

        return work() if self._database.reads_inline else await self.in_thread(work)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Open a read transaction in which lists leave out what the caller may not read, for threads that read several times."""
        ws = 0 if self.workspace is None else self.workspace.workspace_id
        with self._database.read(ws, self._limit()) as tx:
            yield tx.for_caller(self.visit.caller, self.visit.rights)

    async def write(self, fn: Callable[[Any], T]) -> T:
        loop = asyncio.get_running_loop()
        visit, ws = self.visit, 0 if self.workspace is None else self.workspace.workspace_id

        def work(tx: Any) -> T:
            return fn(tx.in_visit(visit))

        result: T = await self._database.writer.submit_async(ws, work, None, loop)
        if visit.caller is not OPEN:
            self._forget()
        return result

    async def write_together(self, batch: Any, call: Any) -> Any:
        """Queue `call` for the writer: `batch(tx, calls)` answers all queued calls of the batch in one transaction."""
        ws = 0 if self.workspace is None else self.workspace.workspace_id
        return await self._database.writer.submit_async(ws, call, batch, asyncio.get_running_loop())


@contextmanager
def close_if_incomplete(scope: Scope) -> Iterator[None]:
    """Close the connection if an error occurs after a part of the answer was sent: the client must not mistake the part for the
    whole."""
    try:
        yield
        return
    except Disconnected:
        raise
    except (Fault, OSError) as error:
        log.error("an answer was cut: %s", error)
    except Exception:
        log.exception("an answer was cut: reading its source failed")
    cut = scope.get(CUT)
    if cut is not None:
        cut()
    raise Disconnected


async def send_whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_response(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    head_only = scope["method"] == "HEAD"
    body = response.body
    if isinstance(body, bytes):
        headers = response.headers
        # RFC 9110, 8.6: these answers have no length, or that of the whole body.
        if response.status not in (204, 304) and not any(name == b"content-length" for name, _ in headers):
            headers = [*headers, (b"content-length", str(len(body)).encode())]
        await send_whole(send, response.status, headers, b"" if head_only else body)
        return
    # `send` ignores data for a disconnected client: without this check, the rest of a file would be read in vain.
    gone = asyncio.ensure_future(_gone(receive))
    try:
        async with aclosing(body):
            await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
            if not head_only:
                with close_if_incomplete(scope):
                    async for piece in body:
                        if gone.done():
                            raise Disconnected
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
