"""Connects to hosts that callers and remotes name.

A name is resolved once, every address is checked, and the connection is made to a checked address, so that a later change of the
name (DNS rebinding) has no effect.
"""

import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from trackside.core.outgoing.addresses import OPEN, Rules

STOPPING = "the server is stopping"

_Resolved = list[Any] | Exception  # results of the name service


class Forbidden(Exception):
    """The rules do not let the server call this host."""


class Found(Struct, frozen=True):
    """An address that was checked."""

    family: int
    where: Any  # of socket.connect


class Guard:
    """Resolves and checks by `rules`; `close` ends look-ups that are under way."""

    def __init__(self, rules: Rules = OPEN, *, resolve: Callable[..., list[Any]] = socket.getaddrinfo) -> None:
        self.rules = rules
        self._resolve = resolve
        self._asking: set[queue.SimpleQueue[_Resolved]] = set()  # threads that wait for the name service
        self._lock = threading.Lock()
        self._is_closed = False

    def addresses(self, host: str, port: int, deadline: float) -> list[Found]:
        """Return the addresses of the host, all of them checked.

        Raises Forbidden if one of them may not be called, OSError if there is none, and TimeoutError at the deadline (of
        `time.monotonic`)."""
        found = []
        for family, _, _, _, where in self._resolved(host, port, deadline):
            why = self.rules.refusal(host, str(where[0]))
            if why is not None:
                raise Forbidden(why if host == where[0] else f"{host}: {why}")
            found.append(Found(int(family), where))
        return found

    def connect(
        self, host: str, port: int, deadline: float, opened: Callable[[socket.socket], None] | None = None
    ) -> socket.socket:
        """Return a connection to the first address that answers.  `opened` gets each socket before it connects.

        Raises as `addresses` does."""
        where = self.addresses(host, port, deadline)
        last: OSError | None = None
        for number, each in enumerate(where):
            made = socket.socket(each.family, socket.SOCK_STREAM)
            try:
                if opened is not None:
                    opened(made)
                made.settimeout(left(deadline) / (len(where) - number))
                made.connect(each.where)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as fault:
                last = fault
                made.close()
            else:
                return made
        raise last or OSError("the name has no address")

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for waiting in self._asking:
                waiting.put(OSError(STOPPING))

    def _resolved(self, host: str, port: int, deadline: float) -> list[Any]:
        """Resolve a name in a thread: a lookup cannot be aborted, so neither the deadline nor the end of the server waits for
        it."""
        answers: queue.SimpleQueue[_Resolved] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port, type=socket.SOCK_STREAM))
            except (OSError, ValueError) as fault:
                answers.put(fault)

        with self._lock:
            if self._is_closed:
                raise OSError(STOPPING)
            self._asking.add(answers)
        try:
            threading.Thread(target=ask, name="trackside-names", daemon=True).start()
            found = answers.get(timeout=left(deadline))
        except queue.Empty:
            raise TimeoutError("the name service does not answer") from None
        except RuntimeError as error:  # the system refuses another thread
            raise OSError(str(error)) from None
        finally:
            with self._lock:
                self._asking.discard(answers)
        if isinstance(found, ValueError):
            raise OSError(f"{host[:100]!r} is not a host name") from None
        if isinstance(found, Exception):
            raise found
        return found


def left(deadline: float) -> float:
    """Return the seconds until the deadline.  Raises TimeoutError if there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


ANYWHERE = Guard()  # for a command that an operator runs
