"""A row of the change log, which a server needs from its start on."""

from msgspec import Struct


class Entry(Struct, frozen=True):
    """A row of the change log."""

    seq: int
    ws: int
    entity: str
    entity_id: str
    action: str
    at: int  # ms
    user: str
    detail: str | None  # JSON
