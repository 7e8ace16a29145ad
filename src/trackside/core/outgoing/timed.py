"""A socket for `http.client` with one deadline for the whole exchange."""

import io
import socket
from typing import Any

from trackside.core.outgoing.guard import left


class TimedSocket:
    """A socket for http.client whose every operation ends at the deadline."""

    def __init__(self, tcp: socket.socket, deadline: float) -> None:
        self._tcp = tcp
        self._deadline = deadline

    def sendall(self, sent: bytes) -> None:
        self._tcp.settimeout(left(self._deadline))
        self._tcp.sendall(sent)

    def makefile(self, mode: str, *_: object) -> io.BufferedReader:
        assert mode == "rb"
        return io.BufferedReader(_TimedReader(self._tcp, self._deadline))

    def close(self) -> None:
        """Do nothing: the caller that opened the socket closes it."""


class _TimedReader(io.RawIOBase):
    def __init__(self, tcp: socket.socket, deadline: float) -> None:
        super().__init__()
        self._tcp = tcp
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._tcp.settimeout(left(self._deadline))
        return self._tcp.recv_into(buffer)
