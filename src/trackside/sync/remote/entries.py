"""Decodes the entries of a remote's lists one by one, so that an invalid entry does not affect the others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.faults import InvalidRemoteResponse

T = TypeVar("T")
MANY = 10  # if so many entries are all invalid, the remote is at fault
MAX_ID = 300


class Unread(Struct, frozen=True):
    """An invalid entry, and the reason.  `item_id` is empty if even the id cannot be read."""

    item_id: str
    why: str


ListEntry = Snapshot | Unread


def read_each(found: Sequence[Any], read: Callable[[Any], T], id_of: Callable[[Any], object]) -> list[T | Unread]:
    """Return the result of `read` for each entry.  `id_of` returns the id of an entry, or fails.

    Raise InvalidRemoteResponse if all entries are invalid, and either have no ids or are at least MANY: then the remote is at
    fault."""
    readable: list[T | Unread] = []
    unread: list[Unread] = []
    for each in found:
        try:
            readable.append(read(each))
        except InvalidRemoteResponse as error:
            unread.append(Unread(_id(each, id_of), str(error)))
    if unread and not readable and (len(unread) >= MANY or not any(each.item_id for each in unread)):
        raise InvalidRemoteResponse(unread[0].why)
    return [*readable, *unread]


def all_read(found: Iterable[ListEntry]) -> Iterator[Snapshot]:
    """Yield the entries.  Raise InvalidRemoteResponse at an invalid one, for callers that need all."""
    for each in found:
        if isinstance(each, Unread):
            raise InvalidRemoteResponse(each.why)
        yield each


def _id(entry: Any, id_of: Callable[[Any], object]) -> str:
    try:
        found = id_of(entry)
    except (LookupError, TypeError):
        return ""
    return found if isinstance(found, str) and 0 < len(found) <= MAX_ID else ""
