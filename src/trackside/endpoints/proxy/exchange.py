"""A request to a replica, and the callback for its answer."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

PASSED = (
    b"content-type",
    b"retry-after",
    b"ms-azureml-model-error-statuscode",
    b"ms-azureml-model-error-reason",
    b"allow",
)
JSON = [(b"content-type", b"application/json")]


class Reply(Struct, frozen=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Broken(Exception):
    """The replica ended before it answered, or the answer was invalid."""

    def __init__(self) -> None:
        super().__init__("the replica ended before it answered")


# Called once, with the replica's answer, or with Broken or TimeoutError.
Done = Callable[[Reply | None, Exception | None], None]


class Closable(Protocol):
    def close(self) -> None: ...


class Exchange:
    """A request and its callback, with the loop's time `until` as its deadline.  It is in `under_way` until it is answered.

    `connection` serves this request alone, if set: it is closed at the deadline."""

    __slots__ = ("body", "connection", "content_type", "done", "is_over", "method", "path", "under_way", "until")

    def __init__(
        self,
        under_way: "set[Exchange]",
        method: str,
        path: str,
        content_type: bytes | None,
        body: bytes,
        until: float,
        done: Done,
    ) -> None:
        self.under_way = under_way
        self.method = method
        self.path = path
        self.content_type = content_type
        self.body = body
        self.until = until
        self.done = done
        self.is_over = False
        self.connection: Closable | None = None
        under_way.add(self)

    def finish(self, reply: Reply) -> None:
        if not self.is_over:
            self.is_over = True
            self.under_way.discard(self)
            self.done(reply, None)

    def fail(self, error: Exception) -> None:
        if not self.is_over:
            self.is_over = True
            self.under_way.discard(self)
            if self.connection is not None:
                self.connection.close()
            self.done(None, error)


def passed(head: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of a scorer's answer that are passed to the caller."""
    lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n") if b": " in line)
    return [(name, lines[name]) for name in PASSED if name in lines]
