"""Where a link is in what another Trackside tells: at an entry of its change log, or in a list of everything.  Pure."""

from typing import Annotated

from msgspec import Meta, Struct

from trackside.sync.entities import FIRST, Entity

StoreId = Annotated[str, Meta(pattern=r"\A[^\s/]*\Z")]  # a cursor is a text that spaces and slashes part


class LogCursor(Struct, frozen=True):
    """The last entry that was read.  `at`: when it was made, since a log that was put back may give its number again."""

    store_id: StoreId = ""  # of the workspace whose log it is
    seq: int = 0
    at: int = 0

    def encode(self) -> str:
        return f"{self.store_id}/{self.seq}/{self.at}"

    @staticmethod
    def decode(text: str) -> "LogCursor":
        store_id, seq, at = text.split("/")
        return LogCursor(store_id, int(seq), int(at))


class ListCursor(Struct, frozen=True):
    """The last item that was listed, and the entry of the change log from which the link reads on after the list."""

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
