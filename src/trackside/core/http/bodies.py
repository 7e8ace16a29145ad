"""Request bodies that are read whole, in bounded memory.  Depends on ASGI, and on no call."""

import asyncio

from trackside.core.errors import Busy, SlowClient, TooLarge
from trackside.core.http.streams import Disconnected, Receive, Scope

ROOM_BYTES = 96 << 20  # for all bodies that arrive in several pieces, until their calls are answered
PACE_BYTES = 64 << 10  # a body of which less than this arrives in PATIENCE_S ...
PATIENCE_S = 10.0  # ... is dropped when another one has no room

_HELD = "trackside.held"


class _Held:
    """A body that is being received, and the bytes that it holds."""

    __slots__ = ("is_coming", "moved_at", "patience", "since_moved", "size_bytes")

    def __init__(self, patience: asyncio.Timeout, now: float) -> None:
        self.size_bytes = 0
        self.moved_at = now  # when the last PACE_BYTES were complete
        self.since_moved = 0
        self.is_coming = True
        self.patience = patience


class BodyMemory:
    """The memory that large request bodies share.  Used on the event loop only."""

    def __init__(self, size_bytes: int = ROOM_BYTES, *, patience_s: float = PATIENCE_S) -> None:
        self._free = size_bytes
        self._patience_s = patience_s
        self._all: dict[int, _Held] = {}

    async def read(self, scope: Scope, receive: Receive, most_bytes: int) -> bytes:
        """Return the body.  Its bytes count until `leave` is called.

        Raise Disconnected if the client closes the connection, TooLarge, Busy, or SlowClient."""
        announced = _announced(scope)
        if announced is not None and announced > most_bytes:
            raise _too_large(most_bytes)  # before any of it is read
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        first: bytes = message.get("body", b"")
        if not message.get("more_body", False) and len(first) <= most_bytes:
            return first
        patience = asyncio.timeout(None)
        held = scope[_HELD] = self._all[id(scope)] = _Held(patience, asyncio.get_running_loop().time())
        pieces, size = [], 0
        try:
            async with patience:
                while True:
                    piece: bytes = message.get("body", b"")
                    size += len(piece)
                    if size > most_bytes:
                        raise _too_large(most_bytes)
                    self._take(held, len(piece))
                    pieces.append(piece)
                    if not message.get("more_body", False):
                        return b"".join(pieces)
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Disconnected
        except TimeoutError:
            raise SlowClient("The body arrived too slowly while other requests needed the memory; try again.") from None
        finally:
            held.is_coming = False

    def leave(self, scope: Scope) -> None:
        held: _Held | None = scope.pop(_HELD, None)
        if held is not None:
            del self._all[id(scope)]
            self._free_room(held)

    def _take(self, held: _Held, size_bytes: int) -> None:
        now = asyncio.get_running_loop().time()
        held.since_moved += size_bytes
        if held.since_moved >= PACE_BYTES:
            held.moved_at, held.since_moved = now, 0
        if size_bytes > self._free:
            self._drop_slow_bodies(held, size_bytes, now)
        if size_bytes > self._free:
            raise Busy("The server is busy with large calls; try again in a moment.", headers=[(b"retry-after", b"1")])
        self._free -= size_bytes
        held.size_bytes += size_bytes

    def _drop_slow_bodies(self, wants: _Held, size_bytes: int, now: float) -> None:
        """Drop bodies that arrive too slowly, the slowest first, until there is room.

        A client cannot hold memory by sending bytes one by one."""
        for held in sorted(self._all.values(), key=lambda held: held.moved_at):
            if now - held.moved_at < self._patience_s or size_bytes <= self._free:
                return
            if held is not wants and held.is_coming:
                held.is_coming = False
                held.patience.reschedule(now)
                self._free_room(held)

    def _free_room(self, held: _Held) -> None:
        self._free += held.size_bytes
        held.size_bytes = 0


def _announced(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else None
    return None  # in chunks


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"The body is larger than {most_bytes} bytes; split the call.")
