"""The position of a link at another Trackside: an entry of its change log, or an item in the list of everything.  Pure."""

from typing import Annotated

from msgspec import Meta, Struct

from trackside.sync.entities import FIRST, Entity

StoreId = Annotated[str, Meta(pattern=r"\A[^\s/]*\Z")]  # spaces and slashes separate the parts of a cursor


class LogCursor(Struct, frozen=True):
    """The last read entry.  `at` is its time, because a restored log may reuse its number."""

    store_id: StoreId = ""  # of the workspace that the log belongs to
    seq: int = 0
    at: int = 0

    def encode(self) -> str:
        return f"{self.store_id}/{self.seq}/{self.at}"

    @staticmethod
    def decode(text: str) -> "LogCursor":
        store_id, seq, at = text.split("/")
        return LogCursor(store_id, int(seq), int(at))


class ListCursor(Struct, frozen=True):
    """The last listed item, and the entry of the change log from which the link continues after the list."""

    log: LogCursor
    entity: Entity
    after: str = ""

    def encode(self) -> str:
        return f"{FIRST}{self.log.encode()} {self.entity} {self.after}"

    @staticmethod
    def decode(text: str) -> "ListCursor":
        log, entity, after = text.removeprefix(FIRST).split(" ", 2)
        return ListCursor(LogCursor.decode(log), Entity(entity), after)


def is_of_list(text: str) -> bool:
    return text.startswith(FIRST)
