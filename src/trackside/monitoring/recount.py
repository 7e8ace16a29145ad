"""The job that counts the usage of workspaces with quotas, files included."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts.roots import Roots
from trackside.artifacts.store import Root
from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.jobs import queue
from trackside.jobs.kinds import Kind
from trackside.jobs.running import Running
from trackside.quotas import usage
from trackside.quotas.usage import Owned
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace

KIND = "quota-recount"
CHECK_EVERY = 500  # files


class Recount(Struct, frozen=True):
    """The parameters of the job: none."""


class Recounted(Struct, frozen=True):
    files: int
    size_bytes: int


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


def kind(roots: Roots) -> Kind[Recount]:
    def run(running: Running, params: Recount) -> Recounted:
        del params
        return _run(running, roots)

    return Kind(name=KIND, title="Recount quotas", params=Recount, run=run, is_open=False)


def step(db: Database, made: Kind[Recount]) -> bool:
    """Queue the due jobs.  Return False: the next step runs at the next interval."""
    with db.read(0) as tx:
        due, uncounted = usage.due(tx), usage.uncounted(tx)
    for ws in uncounted:
        db.writer.submit(ws, usage.begin).result()
    for ws in due:
        db.writer.submit(ws, lambda tx: queue.submit(tx, made, Recount(), key=KIND)).result()
    return False


def _run(running: Running, roots: Roots) -> Recounted:
    before, sizes = running.store.read(lambda tx: (usage.bytes_by_owner(tx), usage.bytes_of_traces(tx)))
    workspace = running.store.read(workspaces.current)
    known: dict[tuple[str, str], Owned] = {}
    count = 0
    for key, size in files_of(roots, workspace):
        item = keys.owner(key)
        if item is None:
            owned: Owned = (0, "")
        else:
            if item[:2] not in known:
                known[item[:2]] = running.store.read(lambda tx, item=item: usage.owner_of(tx, item[0], item[1]))  # type: ignore[misc]
            owned = known[item[:2]]
        sizes[owned] = sizes.get(owned, 0) + size
        count += 1
        if count % CHECK_EVERY == 0:
            running.check()
            running.progress(count, unit="files")

    def save(tx: Tx) -> None:
        came = {owned: size - before.get(owned, 0) for owned, size in usage.bytes_by_owner(tx).items()}  # meanwhile
        usage.recount(tx, {owned: sizes.get(owned, 0) + came.get(owned, 0) for owned in sizes.keys() | came.keys()})
        usage.counted(tx)

    running.store.write(save)
    return Recounted(count, sum(sizes.values()))


def files_of(roots: Roots, workspace: Workspace) -> Iterator[tuple[str, int]]:
    """Yield the files of the workspace in the server's store and in its own root.  Spans are skipped: their bytes are counted
    with their traces."""
    top = keys.join(keys.WORKSPACES, workspace.folder) if workspace.folder else ""
    for entry in roots.store.walk(top):
        if (top or not keys.is_reserved(entry.path)) and not keys.is_span_file(entry.path):
            yield entry.path, entry.size_bytes
    own = workspace.default_artifact_root
    if own and keys.of_proxied(own) is None:
        spot = roots.of(Root(own, own), "", workspace)
        for entry in spot.blobs.walk(spot.key):
            if not keys.is_span_file(entry.path):
                yield entry.path, entry.size_bytes
