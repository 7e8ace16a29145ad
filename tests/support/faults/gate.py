"""A proxy of bytes in front of a server: it counts, holds or cuts the traffic on request."""

import socket
import threading
from contextlib import suppress
from typing import Literal

Way = Literal["up", "down"]  # to the server; from it


class Gate:
    """`passed` counts bytes, both ways, over all connections.

    After `stop_at(way, size)` the connection that would bring more than `size` bytes that way is held there, and `reached`
    is set; `open` cuts it and lets all pass."""

    def __init__(self, port: int) -> None:
        self.passed: dict[Way, int] = {"up": 0, "down": 0}
        self.reached = threading.Event()
        self._target = port
        self._limit: tuple[Way, int] | None = None
        self._free = threading.Event()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def stop_at(self, way: Way, size: int) -> None:
        self._free.clear()
        self._limit = (way, size)

    def open(self) -> None:
        self._limit = None
        self._free.set()

    def close(self) -> None:
        self.open()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in list(self._open):
            _end(each)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), 10)
            except OSError:
                _end(client)
                continue
            self._open += [client, server]
            ways: tuple[tuple[Way, socket.socket, socket.socket], ...]
            ways = (("up", client, server), ("down", server, client))
            for way, source, target in ways:
                thread = threading.Thread(target=self._pump, args=(way, source, target), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _pump(self, way: Way, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                limit = self._limit
                if limit is not None and limit[0] == way and self.passed[way] + len(data) > limit[1]:
                    self.reached.set()
                    self._free.wait(60)
                    break
                with self._lock:
                    self.passed[way] += len(data)
                target.sendall(data)
        _end(source)
        _end(target)


def _end(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
