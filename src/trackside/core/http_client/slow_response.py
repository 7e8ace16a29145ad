"""Limits the duration of an answer by a minimum rate of its bytes.

A timeout of a socket limits only silence: a remote that sends a byte before each timeout would be read without end.
"""

import http.client
import io
import socket
import time
from typing import Any

LEAST_RATE = 1024  # bytes per second; a slower answer times out as if the remote sent nothing
MAX_HEAD_BYTES = 1 << 20


class _Watched(io.RawIOBase):
    """Reads a socket and raises TimeoutError below the minimum rate.  The time between two reads does not count."""

    def __init__(self, raw: io.RawIOBase, idle_s: float) -> None:
        self._raw = raw
        self._idle_s = idle_s
        self._waited_s = 0.0
        self._got = 0
        self.most: int | None = MAX_HEAD_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        count = self._raw.readinto(buffer) or 0
        self._waited_s += time.monotonic() - began
        self._got += count
        if self._waited_s > self._idle_s + self._got / LEAST_RATE:
            raise TimeoutError(f"{self._got} bytes arrived in {self._waited_s:.0f} s")
        if self.most is not None and self._got > self.most:
            raise http.client.HTTPException(f"the headers have no end within {self._got} bytes")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class PatientResponse(http.client.HTTPResponse):
    """A response that may be silent, or slower than LEAST_RATE, for the timeout of its socket."""

    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        raw = sock.makefile("rb", buffering=0)
        self.fp.close()
        self._watched = _Watched(raw, sock.gettimeout() or 0.0)
        self.fp = io.BufferedReader(self._watched)

    def begin(self) -> None:
        super().begin()
        self._watched.most = None
