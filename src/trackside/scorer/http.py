"""HTTP/1.1 for the scorer: a protocol on httptools, one write per answer.

Requests of one connection are answered in order: reading pauses while an answer is due.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import httptools

from trackside.scorer import answers, frames
from trackside.scorer.answers import Answer
from trackside.scorer.engine import Engine
from trackside.scorer.keys import Keys
from trackside.scorer.multiplexed import Multiplexed
from trackside.scorer.payloads import read
from trackside.scorer.tables import Column

SCORE_PATHS = ("/invocations", "/score")
MAX_HEAD_BYTES = 64 << 10
OPEN_PATHS = ("/", "/ping", "/health")  # probes have no key
IDLE_S = 120.0
LINGER_S = 5.0

_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Service:
    """The state that the connections of one scorer share.  `documents` are answers to GET by path."""

    def __init__(
        self,
        engine: Engine,
        columns: Optional[Tuple[Column, ...]],
        documents: Dict[str, Answer],
        *,
        max_body_bytes: int,
        keys: Optional[Keys] = None,
    ) -> None:
        self.engine = engine
        self.columns = columns
        self.documents = documents
        self.max_body_bytes = max_body_bytes
        self.keys = keys
        self.connections: set[Union[Connection, Multiplexed]] = set()
        self.is_ending = False

    def submit(self, content_type: Optional[str], body: bytes, done: Callable[[Answer], None]) -> None:
        """Queue a request to score; `done` is called once, on the loop."""
        self.engine.submit(read(body, content_type, self.columns), done)

    def answer(
        self,
        method: str,
        path: str,
        content_type: Optional[str],
        authorization: Optional[str],
        body: bytes,
        done: Callable[[Answer], None],
    ) -> None:
        if self.keys is not None and path not in OPEN_PATHS and not self.keys.open_to(authorization):
            challenge = (("www-authenticate", 'Bearer realm="endpoint"'),)
            done(
                answers.error(
                    401, "UNAUTHENTICATED", "Send `Authorization: Bearer <key>` with a key of the endpoint.", challenge
                )
            )
            return
        if path in SCORE_PATHS:
            if method != "POST":
                done(_not_allowed(method, path, "POST"))
                return
            self.submit(content_type, body, done)
            return
        if path == "/stats":
            done(Answer(200, answers.JSON, json.dumps(self.engine.stats()).encode()))
            return
        found = self.documents.get(path)
        if found is None:
            known = ", ".join([*SCORE_PATHS, *self.documents])
            done(
                answers.error(
                    404, "ENDPOINT_NOT_FOUND", f"Nothing is served at {path[:200]}; this model serves {known}."
                )
            )
        elif method not in ("GET", "HEAD"):
            done(_not_allowed(method, path, "GET"))
        else:
            done(found)


def _not_allowed(method: str, path: str, allowed: str) -> Answer:
    return answers.error(
        405, "METHOD_NOT_ALLOWED", f"{method} is not served at {path}; use {allowed}.", (("allow", allowed),)
    )


class Connection(asyncio.Protocol):
    """A connection of a caller."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        self._service = service
        self._loop = loop
        self._transport: Any = None
        self._parser = httptools.HttpRequestParser(self)
        self._requests: List[Tuple[str, str, Optional[str], Optional[str], bytes, bool]] = []
        self._is_busy = False
        self._is_over = False
        self._idle: Optional[asyncio.TimerHandle] = None
        self._reset()

    def _reset(self) -> None:
        self._url = b""
        self._content_type: Optional[str] = None
        self._authorization: Optional[str] = None
        self._upgrade = b""
        self._body = bytearray()
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._service.connections.add(self)
        self._wait()

    def connection_lost(self, exc: Optional[Exception]) -> None:  # noqa: ARG002  # asyncio's signature
        self._is_over = True
        self._service.connections.discard(self)
        if self._idle is not None:
            self._idle.cancel()

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._change_protocol(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(answers.error(400, "BAD_REQUEST", "The scorer cannot read this as an HTTP request."))
        if self._head_bytes > MAX_HEAD_BYTES and not self._body and not self._requests:
            self._refuse(
                answers.error(431, "BAD_REQUEST", f"The head of the request is longer than {MAX_HEAD_BYTES} bytes.")
            )

    def on_message_begin(self) -> None:
        self._reset()
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower == b"content-type":
            self._content_type = value.decode("latin-1")
        elif lower == b"authorization":
            self._authorization = value.decode("latin-1")
        elif lower == b"upgrade":
            self._upgrade = value
        elif lower == b"content-length" and value.isdigit() and int(value) > self._service.max_body_bytes:
            self._refuse_body(int(value))
        elif lower == b"expect" and value.lower() == b"100-continue" and not self._is_over:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        if self._is_over:
            return
        self._body += body
        if len(self._body) > self._service.max_body_bytes:
            self._refuse_body(len(self._body))

    def on_message_complete(self) -> None:
        if self._is_over or self._parser.should_upgrade():
            return
        self._head_bytes = 0
        method = self._parser.get_method().decode("latin-1")
        path = self._url.partition(b"?")[0].decode("latin-1")
        keep_alive = self._parser.should_keep_alive()
        self._requests.append((method, path, self._content_type, self._authorization, bytes(self._body), keep_alive))
        self._reset()
        self._next()

    def end_when_idle(self) -> None:
        """Close the connection once its answers are sent."""
        if not self._is_busy and not self._requests:
            self._close()

    def _change_protocol(self, rest: bytes) -> None:
        """Go on with frames.  Where callers need a key, each request has to show it, which a frame does not."""
        asks = self._url.decode("latin-1"), self._upgrade.decode("latin-1")
        if asks != (frames.PATH, frames.PROTOCOL) or self._service.keys is not None or self._is_busy or self._requests:
            self._refuse(answers.error(400, "BAD_REQUEST", "This server does not upgrade connections."))
            return
        connections = self._service.connections
        connections.discard(self)
        self._is_over = True
        most_bytes = self._service.max_body_bytes + MAX_HEAD_BYTES
        changed = Multiplexed(self._service.submit, most_bytes, connections.discard)
        connections.add(changed)
        self._transport.write(frames.SWITCHED)
        self._transport.set_protocol(changed)
        changed.connection_made(self._transport)
        if rest:
            changed.data_received(rest)

    def _next(self) -> None:
        if self._is_busy or not self._requests or self._is_over:
            return
        self._is_busy = True
        self._transport.pause_reading()
        method, path, content_type, authorization, body, keep_alive = self._requests.pop(0)
        self._service.answer(
            method,
            path,
            content_type,
            authorization,
            body,
            lambda answer: self._send(answer, keep_alive, is_head=method == "HEAD"),
        )

    def _send(self, answer: Answer, keep_alive: bool, *, is_head: bool = False) -> None:
        self._is_busy = False
        if self._is_over:
            return
        keep_alive = keep_alive and not self._service.is_ending
        self._transport.write(encoded(answer, keep_alive=keep_alive, is_head=is_head))
        if not keep_alive:
            self._close()
            return
        self._transport.resume_reading()
        if self._requests:
            self._loop.call_soon(self._next)
        else:
            self._wait()

    def _wait(self) -> None:
        self._idle = self._loop.call_later(IDLE_S, self._close)

    def _refuse_body(self, size: int) -> None:
        limit = self._service.max_body_bytes
        self._refuse(
            answers.error(
                413,
                "REQUEST_LIMIT_EXCEEDED",
                f"The body has {size} bytes or more; this deployment takes {limit}. Send fewer rows, or score them in batch.",
            )
        )

    def _refuse(self, answer: Answer) -> None:
        """Answer at once.  The rest of the request is read and dropped, so that the answer reaches the client."""
        if not self._is_over:
            self._is_over = True
            self._transport.write(encoded(answer, keep_alive=False))
            self._idle = self._loop.call_later(LINGER_S, self._transport.close)

    def _close(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._transport.close()


def encoded(answer: Answer, *, keep_alive: bool, is_head: bool = False) -> bytes:
    """Return the bytes of an answer."""
    reason = _REASONS.get(answer.status, "Unknown")
    lines = [
        f"HTTP/1.1 {answer.status} {reason}",
        f"content-type: {answer.media}",
        f"content-length: {len(answer.body)}",
    ]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if not keep_alive:
        lines.append("connection: close")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    return head if is_head else head + answer.body
