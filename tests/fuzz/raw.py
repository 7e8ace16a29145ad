"""Requests as bytes, good or bad: to an application in this process, or to a server's socket.  Knows ASGI and HTTP/1.1."""

import asyncio
import json
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

TIMEOUT_S = 20.0
JSON = (b"content-type", b"application/json")

_BAD_NAME = re.compile(rb"[\x00-\x1f\x7f()<>@,;:\[\]={} \t\\\"A-Z]")
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class Ask:
    """A request.  `target` is the path as it stands on the request's first line, `query` what follows its `?`."""

    method: str
    target: bytes
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = (JSON,)
    pieces: Sequence[bytes] = (b"",)
    is_cut: bool = False  # the client goes away instead of ending the body

    def __repr__(self) -> str:
        shown = [piece[:300] + b"..." if len(piece) > 300 else piece for piece in self.pieces[:5]]
        headers = [(name, value[:200]) for name, value in self.headers[:8]]
        return f"Ask({self.method} {self.target[:300]!r} ?{self.query[:300]!r} {headers} {shown}{' cut' * self.is_cut})"


@dataclass(frozen=True)
class Told:
    """An answer.  Status 0: none was given."""

    status: int
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Direct:
    """An ASGI application, called on an event loop of the calling thread.

    It is held to what uvicorn wants of it: one start, legal headers, a body of the length that was said."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self._application = application
        self._loop = asyncio.new_event_loop()
        self.credential = b""  # of each request that shows none

    def close(self) -> None:
        self._loop.close()

    def ask(self, ask: Ask, timeout_s: float = TIMEOUT_S) -> Told:
        return self._loop.run_until_complete(asyncio.wait_for(self._ask(ask), timeout_s))

    def ask_all(self, asks: Sequence[Ask], timeout_s: float = TIMEOUT_S) -> list[Told]:
        """Send requests concurrently."""

        async def together() -> list[Told]:
            return await asyncio.gather(*map(self._ask, asks))

        return self._loop.run_until_complete(asyncio.wait_for(together(), timeout_s))

    async def _ask(self, ask: Ask) -> Told:
        headers = list(ask.headers)
        if not any(name == b"host" for name, _ in headers):
            headers.append((b"host", b"localhost"))
        if self.credential and not any(name == b"authorization" for name, _ in headers):
            headers.append((b"authorization", self.credential))
        path = unquote(ask.target.decode("ascii"))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": ask.method,
            "scheme": "http",
            "path": path,
            "raw_path": ask.target,
            "query_string": ask.query,
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 5000),
            "state": {},
        }
        started: list[Any] = []
        pieces: list[bytes] = []
        is_done = asyncio.Event()
        waiting = [
            {"type": "http.request", "body": piece, "more_body": ask.is_cut or i + 1 < len(ask.pieces)}
            for i, piece in enumerate(ask.pieces)
        ]

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop(0)
            if not ask.is_cut:
                await is_done.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            assert not is_done.is_set(), f"{ask} was answered twice"
            if message["type"] == "http.response.start":
                assert not started, f"{ask} was answered twice"
                started.append(message)
                for name, value in message["headers"]:
                    assert not _BAD_NAME.search(name), (ask, name)
                    assert not _BAD_VALUE.search(value), (ask, name, value)
            else:
                assert started, f"{ask} got a body without a status"
                pieces.append(message.get("body", b""))
                if not message.get("more_body", False):
                    is_done.set()

        await self._application(scope, receive, send)
        if not started:
            assert ask.is_cut, f"{ask} was never answered"
            return Told(0)
        assert is_done.is_set(), f"{ask} was answered in part"
        told = Told(started[0]["status"], dict(started[0]["headers"]), b"".join(pieces))
        length = told.headers.get(b"content-length")
        if length is not None and ask.method != "HEAD" and told.status != 304:
            assert int(length) == len(told.body), (ask, told)
        return told


class Line:
    """A connection to a server, byte for byte."""

    def __init__(self, port: int, timeout_s: float = TIMEOUT_S, *, receive_bytes: int = 0) -> None:
        """With `receive_bytes` the system takes about so much ahead of the reader, and not megabytes."""
        self.socket = socket.socket()
        self.socket.settimeout(timeout_s)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(("127.0.0.1", port))
        self._read = b""

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, *, to_head: bool = False) -> Told:
        """The next answer; status 0 where the server closed the connection instead."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            return Told(0)
        first, *lines = head.split(b"\r\n")
        status = int(first.split(b" ")[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        if status == 100:
            return self.answer(to_head=to_head)
        if to_head or status in (204, 304):
            return Told(status, headers)
        if headers.get(b"transfer-encoding") == b"chunked":
            return Told(status, headers, self._chunks())
        length = int(headers.get(b"content-length", b"0"))
        while len(self._read) < length:
            if not self._receive():
                break
        body, self._read = self._read[:length], self._read[length:]
        return Told(status, headers, body)

    def put_back(self, data: bytes) -> None:
        """What was taken from the socket, before anything else is read of it."""
        self._read = data + self._read

    def is_closed(self) -> bool:
        """Waits for the server to close; what it still says is passed over."""
        while self._receive():
            pass
        return True

    def _chunks(self) -> bytes:
        pieces = []
        while True:
            size = int(self._until(b"\r\n") or b"0", 16)
            while len(self._read) < size + 2 and self._receive():
                pass
            pieces.append(self._read[:size])
            self._read = self._read[size + 2 :]
            if not size:
                return b"".join(pieces)

    def _until(self, mark: bytes) -> bytes | None:
        while mark not in self._read:
            if not self._receive():
                return None
        found, _, self._read = self._read.partition(mark)
        return found

    def _receive(self) -> bool:
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError:
            return False
        self._read += data
        return bool(data)
