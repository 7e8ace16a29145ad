"""A minimal proxy in Python, as a lower bound: `python null_proxy.py PORT MODEL` starts a scorer and forwards bytes to it.

It runs on the event loop of `trackside server` (uvloop), over a Unix socket as the server's router does, and does not parse or
count requests.  `bench/serving/serving.py` measures it as the limit of any router in Python on the same machine.
"""

import asyncio
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvloop

SCORER = Path(__file__).parents[2] / "src" / "trackside" / "scorer"


class End(asyncio.Protocol):
    """One side of a pair of connections."""

    def __init__(self, path: str = "") -> None:
        self._path = path  # the scorer's side, at the caller's end
        self._early = b""
        self.other: End | None = None
        self.transport: Any = None
        self._opening: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        if self._path:
            self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        _, other = await asyncio.get_running_loop().create_unix_connection(End, self._path)
        self.other, other.other = other, self
        other.transport.write(self._early)

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self._early += data
        else:
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # asyncio's signature
        if self.other is not None:
            self.other.transport.close()


async def serve(port: int, model: str) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as bound:
        path = f"{folder}/s"
        bound.bind(path)
        number = bound.fileno()
        command = [sys.executable, str(SCORER), "--model", model, "--socket-fd", str(number)]
        scorer = subprocess.Popen(command, pass_fds=[number], stdout=subprocess.PIPE)  # noqa: ASYNC220  # before the loop serves
        assert scorer.stdout is not None
        scorer.stdout.readline()  # the scorer is ready
        server = await asyncio.get_running_loop().create_server(lambda: End(path), "127.0.0.1", port)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
