"""Cancels calls to a remote when the server or their link stops."""

import socket
import threading
from contextlib import suppress
from weakref import WeakSet


class CancelToken:
    """When it is cancelled, `wait` returns in all threads, and the watched sockets are shut down."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._watched: WeakSet[socket.socket] = WeakSet()

    @property
    def is_cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        """Cancel all calls.  Idempotent."""
        self._event.set()
        with self._lock:
            for each in self._watched:
                _cut(each)

    def wait(self, seconds: float) -> bool:
        """Sleep.  Return True as soon as the token is cancelled."""
        return self._event.wait(seconds)

    def watch(self, connection: socket.socket) -> None:
        with self._lock:
            self._watched.add(connection)
            if self._event.is_set():
                _cut(connection)


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # the remote closed it first
        socket.socket.shutdown(
            connection, socket.SHUT_RDWR
        )  # the plain socket: TLS objects are not used from this thread
