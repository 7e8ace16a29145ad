"""Bytes of answers that clients have not taken yet, of all connections of a process together.  Used on the event loop only.

What a socket does not take stays in memory.  An answer stays there while its client does not read.  If a large answer does not
fit, the connections of slow readers are closed first; if it still does not fit, it is refused.
"""

import time
from collections.abc import Callable, Hashable

from msgspec import Struct

from trackside.core.errors import Busy

ROOM_BYTES = 64 << 20
LARGE_BYTES = 64 << 10  # smaller answers need no room
PATIENCE_S = 10.0  # a client that has not taken its answer after so long is cut when another answer needs the room


class _Unsent(Struct):
    size_bytes: int
    since: float
    cut: Callable[[], None]


class Outbox:
    def __init__(self, room_bytes: int = ROOM_BYTES, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._room_bytes = room_bytes
        self._clock = clock
        self._unsent: dict[Hashable, _Unsent] = {}  # the longest waiting first
        self.total_bytes = 0

    def note(self, connection: Hashable, unsent_bytes: int, cut: Callable[[], None]) -> None:
        """Record how many bytes the connection has not sent yet; `cut` closes the connection."""
        known = self._unsent.get(connection)
        self.total_bytes += unsent_bytes - (known.size_bytes if known else 0)
        if not unsent_bytes:
            self._unsent.pop(connection, None)
        elif known is None:
            self._unsent[connection] = _Unsent(unsent_bytes, self._clock(), cut)
        else:
            known.size_bytes = unsent_bytes

    def check(self, size_bytes: int) -> None:
        """Raise Busy if an answer of this size finds no room.  A single answer is always accepted."""
        if size_bytes <= LARGE_BYTES or self._has_capacity(size_bytes):
            return
        now = self._clock()
        for connection, unsent in list(self._unsent.items()):
            if now - unsent.since < PATIENCE_S:
                break
            self.note(connection, 0, unsent.cut)
            unsent.cut()
            if self._has_capacity(size_bytes):
                return
        raise Busy(
            "The server holds too many large answers that clients have not read yet; try again in a moment.",
            headers=[(b"retry-after", b"1")],
        )

    def _has_capacity(self, size_bytes: int) -> bool:
        return not self.total_bytes or self.total_bytes + size_bytes <= self._room_bytes
