"""Whole bodies, in bounded memory.  Knows ASGI's messages and sizes; knows no call."""

from trackside.core.errors import Busy, TooLarge
from trackside.core.http.streams import Disconnected, Receive, Scope

ROOM_BYTES = 96 << 20  # for all bodies that come in several pieces, until their calls are answered

_HELD = "trackside.held_bytes"


class Room:
    """What large bodies may take together.  Used on the event loop only."""

    def __init__(self, size_bytes: int = ROOM_BYTES) -> None:
        self._free = size_bytes

    async def read(self, scope: Scope, receive: Receive, most_bytes: int) -> bytes:
        """The body; it counts until `leave`.  Raises Disconnected when the client stops half-way."""
        announced = _announced(scope)
        if announced is not None and announced > most_bytes:
            raise _too_large(most_bytes)  # before anything of it is waited for
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        first: bytes = message.get("body", b"")
        if not message.get("more_body", False) and len(first) <= most_bytes:
            return first
        pieces, size = [], 0
        while True:
            piece: bytes = message.get("body", b"")
            size += len(piece)
            if size > most_bytes:
                raise _too_large(most_bytes)
            if len(piece) > self._free:
                raise Busy(
                    "The server is busy with large calls; try again in a moment.", headers=[(b"retry-after", b"1")]
                )
            self._free -= len(piece)
            scope[_HELD] = scope.get(_HELD, 0) + len(piece)
            pieces.append(piece)
            if not message.get("more_body", False):
                return b"".join(pieces)
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected

    def leave(self, scope: Scope) -> None:
        held: int = scope.pop(_HELD, 0)
        self._free += held


def _announced(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else None
    return None  # in chunks


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"The body is larger than {most_bytes} bytes; split the call.")
