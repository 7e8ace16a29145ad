"""The scorer's side of a multiplexed connection: many requests at once, answered in any order (`frames`).

A system call then serves all concurrent requests and answers, each of which needs two calls on HTTP connections.
"""

import asyncio
from functools import partial
from typing import Any, Callable, Optional

from trackside.scorer import answers, frames
from trackside.scorer.answers import Answer

# Queues a request of a content type and a body; the function is called once, with the answer.
Submit = Callable[[Optional[str], bytes, Callable[[Answer], None]], None]


class Multiplexed(asyncio.Protocol):
    """`ended` is called when the connection has ended.  A frame that is larger than `most_bytes` ends it."""

    def __init__(self, submit: Submit, most_bytes: int, ended: Callable[["Multiplexed"], None]) -> None:
        self._submit = submit
        self._most_bytes = most_bytes
        self._ended = ended
        self._transport: Any = None
        self._rest = b""
        self._due = 0  # requests that are not answered
        self._is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Optional[Exception]) -> None:  # noqa: ARG002  # asyncio's signature
        self._is_over = True
        self._ended(self)

    def data_received(self, data: bytes) -> None:
        found, self._rest = frames.requests(self._rest + data if self._rest else data)
        if len(self._rest) > self._most_bytes:
            self._rest = b""
            self._transport.abort()
            return
        self._due += len(found)
        for number, content_type, body in found:
            media = None if content_type is None else content_type.decode("latin-1")
            self._submit(media, body, partial(self._answer, number))

    def end_when_idle(self) -> None:
        """Close the connection once its answers are sent."""
        if not self._due and not self._rest:
            self._transport.close()

    def _answer(self, number: int, answer: Answer) -> None:
        self._due -= 1
        if not self._is_over:
            self._transport.write(frames.answer(number, answer.status, _headers(answer), answer.body))


def _headers(answer: Answer) -> bytes:
    if answer.media == answers.JSON and not answer.headers:
        return b""
    lines = [("content-type", answer.media), *answer.headers]
    return "".join(f"{name}: {value}\r\n" for name, value in lines).encode("latin-1", "replace")
