"""The calls of another Trackside that read and write an item of any kind as a document."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import unless_missing
from trackside.sync import document
from trackside.sync.api.files import PREFIX
from trackside.sync.api.items import PutAnswer, Removed
from trackside.sync.api.schema import Item
from trackside.sync.document import Patch
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.decoding import read
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.trackside.cursor import StoreId

T = TypeVar("T")


class About(Struct, frozen=True):
    """The used fields of `sync.api.items.About`, also of earlier releases, which lack some."""

    workspace_uid: StoreId
    last_seq: int = 0
    last_at: int = 0
    kinds: list[str] = []


def about(http: HttpClient, *, reads_traces: bool = False) -> About:
    """Return the remote's properties.  `reads_traces`: the caller reads changes of traces from now on."""
    return read(http, About, "GET", f"{PREFIX}/about", traces="true" if reads_traces else None)


def find(http: HttpClient, entity: Entity, remote_id: str) -> Snapshot | None:
    found = unless_missing(lambda: read(http, Item, "GET", f"{PREFIX}/item", entity=str(entity), id=remote_id))
    return None if found is None else snapshot_of(found)


def find_all(
    what: str, ids: Sequence[str], most: int, ask: Callable[[list[str]], tuple[list[T], set[str]]]
) -> Iterator[list[T]]:
    """Request parts of an item by id, `most` at once, and again those that an answer left out; an empty answer means that they do
    not exist.  `ask` returns the parts and their ids."""
    for start in range(0, len(ids), most):
        wanted = list(ids[start : start + most])
        while wanted:
            found, came = ask(wanted)
            if not found:
                break
            yield found
            rest = [each for each in wanted if each not in came]
            if len(rest) == len(wanted):
                raise InvalidRemoteResponse(f"the remote answers with {what} that was not requested")
            wanted = rest


def snapshot_of(found: Item) -> Snapshot:
    return Snapshot(found.id, found.experiment_id, document.of_rows(found.fields))


def put(
    http: HttpClient, entity: Entity, item_id: str | None, patch: Patch, experiment_id: str | None = None
) -> PutAnswer:
    body = {
        "entity": str(entity),
        "id": item_id,
        "experiment_id": experiment_id,
        "put": document.rows(patch.put),
        "drop": patch.drop,
    }
    return read(http, PutAnswer, "POST", f"{PREFIX}/item", body)


def remove(http: HttpClient, entity: Entity, item_id: str) -> bool:
    return read(http, Removed, "DELETE", f"{PREFIX}/item", entity=str(entity), id=item_id).removed
