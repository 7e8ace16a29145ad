"""Translates requests and answers of clients that encode some values differently.  Depends on ASGI, and on no client.

A `Dialect` rewrites the JSON body of a request before the call is decoded, and that of the answer before it leaves.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from trackside.core.http.streams import Headers, Message, Receive, Scope, Send

MOST_BYTES = 64 << 20  # of a request's body; a longer one is passed unchanged to its route, which refuses it

Rewrite = Callable[[bytes], bytes]


class Dialect(Struct, frozen=True):
    """The form of values of one kind of client: `request` and `answer` rewrite bodies, `fault` returns headers and body of an
    error."""

    request: Rewrite | None
    answer: Rewrite
    fault: Callable[[int, bytes], tuple[Headers, bytes]] | None = None


def reading(dialect: Dialect, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """Return a scope without the body's length, and a `receive` whose body is rewritten."""
    rewrite = dialect.request
    if rewrite is None:
        return scope, receive
    scope["headers"] = [header for header in scope["headers"] if header[0] != b"content-length"]
    is_done = False

    async def rewritten() -> Message:
        nonlocal is_done
        if is_done:
            return await receive()
        pieces, size, more = [], 0, True
        while more and size <= MOST_BYTES:
            message = await receive()
            if message["type"] != "http.request":
                return message
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            more = message.get("more_body", False)
        is_done = True
        body = b"".join(pieces)
        if not more:
            body = rewrite(body)
        return {"type": "http.request", "body": body, "more_body": more}

    return scope, rewritten


def answering(dialect: Dialect, send: Send) -> Send:
    """Return a `send` whose body is rewritten.  A body that is sent in pieces loses its content-length."""
    head: Message | None = None
    held = b""

    async def rewritten(message: Message) -> None:
        nonlocal head, held
        if message["type"] == "http.response.start":
            head = message
            return
        assert head is not None or message["type"] != "http.response.body"
        body, more = held + message.get("body", b""), message.get("more_body", False)
        held = b""
        if more:
            body, held = _cut(body)
        if head is not None and head["status"] >= 400 and dialect.fault is not None and not more:
            extra, body = dialect.fault(head["status"], body)
            head = {**head, "headers": [*head["headers"], *extra]}
        else:
            body = dialect.answer(body)
        if head is not None:
            await send({**head, "headers": _sized(head["headers"], None if more else len(body))})
            head = None
        await send({"type": "http.response.body", "body": body, "more_body": more})

    return rewritten


def fault_of(body: bytes) -> tuple[str, str]:
    """Return the code and the message of an error in Trackside's form."""
    try:
        error: Any = json.loads(body)
        return str(error["error_code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return "INTERNAL_ERROR", body.decode("utf-8", "replace")


def _cut(body: bytes) -> tuple[bytes, bytes]:
    """Split a body behind the last complete string, so that no value is cut in two."""
    at = len(body)
    while (at := body.rfind(b'",', 0, at)) > 0:
        if body[at - 1 : at] != b"\\":  # a quote inside a string, or after a backslash: look further back
            return body[: at + 2], body[at + 2 :]
    return b"", body


def _sized(headers: Headers, size: int | None) -> Headers:
    kept = [(name, value) for name, value in headers if name != b"content-length"]
    return kept if size is None else [*kept, (b"content-length", b"%d" % size)]


class Dialects(Protocol):
    def is_foreign(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        """Return, cheaply, whether a request may come from such a client."""
        ...

    async def of(self, scope: Scope) -> Dialect | None: ...


class NoDialects:
    def is_foreign(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        del path, headers
        return False

    async def of(self, scope: Scope) -> Dialect | None:
        del scope
        return None
