"""A server that accepts traces of MLflow's client and stores nothing, to measure the client's highest rate."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PLACE = "mlflow-artifacts:/1"
EXPERIMENT = {"experiment_id": "1", "name": "client", "artifact_location": PLACE, "lifecycle_stage": "active"}
KEPT = {"mlflow.trace.spansLocation": "TRACKING_STORE", "mlflow.artifactLocation": PLACE}


@contextmanager
def running() -> Iterator[int]:
    """Yield the port of the server, which runs in a thread."""
    loop, ready, ports = asyncio.new_event_loop(), threading.Event(), list[int]()

    async def listen() -> None:
        server = await loop.create_server(_Connection, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()

    def serve() -> None:
        loop.run_until_complete(listen())
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


class _Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        while True:
            head, end, rest = self._read.partition(b"\r\n\r\n")
            line, _, headers = head.partition(b"\r\n")
            fields = dict(each.lower().split(b": ", 1) for each in headers.split(b"\r\n") if b": " in each)
            length = int(fields.get(b"content-length", 0))
            if not end or len(rest) < length:
                return
            self._read = rest[length:]
            body = _answer(line.split(b" ")[1].decode(), rest[:length])
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
            )


def _answer(path: str, body: bytes) -> bytes:
    if path == "/version":
        return b"3.17.2"
    if path == "/v1/traces":
        return b""
    if path.endswith("/traces"):
        started = json.loads(body)
        info = started["trace"]["trace_info"]
        info["tags"] = {**info.get("tags", {}), **KEPT}
        return json.dumps(started).encode()
    return json.dumps({"experiment": EXPERIMENT, "experiment_id": "1"}).encode()
