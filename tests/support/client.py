"""A client that sends given bytes: to a server's socket, or to an application in this process."""

import asyncio
import http.client
import json
import select
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

TIMEOUT_S = 120.0
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]  # in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Unanswered(ConnectionError):
    """Raised if the server ended before it answered."""


class Transport(Protocol):
    def send(self, method: str, path: str, headers: Headers, body: bytes) -> Reply: ...


@dataclass(frozen=True)
class Api:
    """Calls by the last part of their path, such as `runs/create`; with a leading slash by the whole path."""

    transport: Transport
    workspace: str = ""

    def within(self, workspace: str) -> "Api":
        return Api(self.transport, workspace)

    def post(self, path: str, /, _body: Any = None, *, version: str = "2.0", **fields: Any) -> Any:
        """Return the answer of a successful call.  The body is given as a whole or by field."""
        return _succeeded(self.ask("POST", path, _body if _body is not None else fields, version=version))

    def get(self, path: str, /, *, version: str = "2.0", **arguments: Any) -> Any:
        return _succeeded(self.ask("GET", path, version=version, arguments=arguments))

    def fault(
        self, path: str, /, _body: Any = None, *, method: str = "POST", version: str = "2.0", **fields: Any
    ) -> tuple[int, str, str]:
        """Return status, error_code and message of a failed call."""
        if method == "GET":
            reply = self.ask("GET", path, version=version, arguments=fields)
        else:
            reply = self.ask(method, path, _body if _body is not None else fields, version=version)
        assert reply.status >= 400, reply
        return reply.status, reply.json["error_code"], reply.json["message"]

    def ask(
        self,
        method: str,
        path: str,
        /,
        body: Any = None,
        *,
        version: str = "2.0",
        arguments: Mapping[str, Any] | None = None,
        headers: Headers | None = None,
    ) -> Reply:
        """Bytes go out as they are, anything else as JSON."""
        whole = path if path.startswith("/") else f"/api/{version}/mlflow/{path}"
        if arguments:
            whole += "?" + urlencode(arguments, doseq=True)
        sent = {"content-type": "application/json", **(headers or {})}
        if self.workspace:
            sent["x-mlflow-workspace"] = self.workspace
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.transport.send(method, whole, sent, raw)

    def new_run(self, experiment_id: str = "0", **fields: Any) -> str:
        run_id: str = self.post("runs/create", experiment_id=experiment_id, **fields)["run"]["info"]["run_id"]
        return run_id

    def new_experiment(self, name: str, **fields: Any) -> str:
        experiment_id: str = self.post("experiments/create", name=name, **fields)["experiment_id"]
        return experiment_id

    def new_workspace(self, name: str, **fields: Any) -> "Api":
        self.post("workspaces", {"name": name, **fields}, version="3.0")
        return self.within(name)

    def run(self, run_id: str) -> Any:
        return self.get("runs/get", run_id=run_id)["run"]

    def params(self, run_id: str) -> dict[str, str]:
        return {each["key"]: each["value"] for each in self.run(run_id)["data"].get("params", [])}

    def tags(self, run_id: str) -> dict[str, str]:
        return {each["key"]: each["value"] for each in self.run(run_id)["data"].get("tags", [])}

    def latest(self, run_id: str) -> dict[str, tuple[int, int, float | str]]:
        """(step, timestamp, value) of each metric."""
        metrics = self.run(run_id)["data"].get("metrics", [])
        return {each["key"]: (each["step"], each["timestamp"], each["value"]) for each in metrics}

    def history(self, run_id: str, key: str) -> list[tuple[int, int, float | str]]:
        """(step, timestamp, value) of every point, as they come."""
        found = self.get("metrics/get-history", run_id=run_id, metric_key=key).get("metrics", [])
        return [(each["step"], each["timestamp"], each["value"]) for each in found]


def _succeeded(reply: Reply) -> Any:
    assert reply.status < 300, f"{reply.status}: {reply.body.decode(errors='replace')[:2000]}"
    return reply.json if reply.body else None


class Socket:
    """A server at a port.  Each thread has a connection of its own, until `close`."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._address = (host, port)
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []

    def send(self, method: str, path: str, headers: Headers, body: bytes) -> Reply:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(*self._address, timeout=TIMEOUT_S)
            self._connections.append(connection)
        if connection.sock is not None and _has_news(connection.sock):
            connection.close()  # the server ended it while nobody asked; `request` makes another one
        try:
            connection.request(method, quote(path, safe="/%?&=:+~"), body, dict(headers))
            answer = connection.getresponse()
            read = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unanswered(str(error)) from None
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, read)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def _has_news(connection: socket.socket) -> bool:
    waiting = select.poll()  # takes descriptors above 1023 too, which long tests come to
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(0))


class Inside:
    """An ASGI application, called without a socket on an event loop of its own."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self._application = application
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="application", daemon=True)
        self._thread.start()

    def send(self, method: str, path: str, headers: Headers, body: bytes) -> Reply:
        return self.begin(method, path, headers, body).result(TIMEOUT_S)

    def begin(self, method: str, path: str, headers: Headers, body: bytes) -> "Future[Reply]":
        """Send a request without waiting for the answer."""
        return asyncio.run_coroutine_threadsafe(self._answer(method, path, headers, body), self._loop)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _answer(self, method: str, path: str, headers: Headers, body: bytes) -> Reply:
        raw, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": raw,
            "raw_path": quote(raw).encode(),
            "query_string": query.encode(),
            "headers": [
                (b"host", b"localhost"),
                *((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 5000),
        }
        status = 0
        answered: dict[str, str] = {}
        pieces: list[bytes] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await asyncio.Event().wait()  # nobody hangs up
            raise AssertionError

        async def send(message: Mapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answered.update({name.decode().lower(): value.decode() for name, value in message["headers"]})
            else:
                pieces.append(message.get("body", b""))

        await self._application(scope, receive, send)
        return Reply(status, answered, b"".join(pieces))
