"""The jobs that move orphans to the quarantine, restore them, and purge them.

Each entry has a row with its state, which is written before a file moves, so a job that was killed resumes from that state.
"""

import uuid
from collections.abc import Callable

from trackside.artifacts import keys
from trackside.artifacts.roots import Roots
from trackside.cleanup.orphans import model as m
from trackside.cleanup.orphans import search, store
from trackside.cleanup.orphans.model import Group, Kind, Moved, Purge, Quarantine, Restore, State
from trackside.cleanup.orphans.search import Area
from trackside.cleanup.orphans.store import Entry, Orphan
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Fault, Invalid, NotFound
from trackside.core.work import backup_lease
from trackside.holds import store as holds
from trackside.identity.service import record
from trackside.jobs.running import Running
from trackside.registry.files import removal
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace

BATCH = 500


class _Sum:
    """The files that a job has moved so far."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self.items = self.file_count = self.file_bytes = 0
        self.kept: list[str] = []

    def add(self, files: int, size: int) -> None:
        self.items += 1
        self.file_count += files
        self.file_bytes += size

    def keep(self, title: str, why: str) -> None:
        self.kept.append(f"{title}: {why}")
        self._running.log(f"{title} stays. {why}")

    def result(self) -> Moved:
        return Moved(self.items, self.file_count, self.file_bytes, self.kept[:50])


def quarantine(running: Running, roots: Roots, params: Quarantine) -> Moved:
    workspace, oldest = _begin(running, params.grace_hours)
    total = _Sum(running)
    # Entries of interrupted jobs.
    for entry in running.store.read(lambda tx: store.entries(tx, state=State.MOVING)):
        _move(running, roots, workspace, entry, oldest, total)
    found = running.store.read(store.all_files)
    wanted = [
        each
        for each in found
        if (each.key in params.keys if params.keys else params.with_other or each.kind != Kind.OTHER)
    ]
    for key in sorted(set(params.keys) - {each.key for each in found}):
        total.keep(key, "The last search did not find it as an orphan.")
    for number, orphan in enumerate(wanted, 1):
        entry_id = uuid.uuid4().hex
        try:
            running.store.write(_claim(_area(roots, workspace, orphan), entry_id, orphan))
        except BadState as fault:
            total.keep(orphan.key, fault.message)
            continue
        entry = running.store.read(lambda tx, entry_id=entry_id: store.entry(tx, entry_id))  # type: ignore[misc]  # mypy knows no defaults of lambdas
        _move(running, roots, workspace, entry, oldest, total)
        running.progress(number, len(wanted), unit="orphans")
    return total.result()


def restore(running: Running, roots: Roots, params: Restore) -> Moved:
    """Move files back to their original locations, unless other files exist there now."""
    workspace = running.store.read(workspaces.current)
    total = _Sum(running)
    for entry in running.store.read(lambda tx: store.entries(tx, ids=params.entries)):
        if entry.state == State.PURGING:
            total.keep(entry.key, "Its purge has begun.")
            continue
        running.store.write(lambda tx, entry=entry: store.set_state(tx, entry.entry_id, State.RESTORING))  # type: ignore[misc]  # as above
        area = _area(roots, workspace, entry)
        moved = size = left = 0
        for path, size_bytes in _inside(area, entry):
            running.check()
            try:
                area.blobs.move(f"{_folder(area, entry)}/{path}", path)
                moved, size = moved + 1, size + size_bytes
            except Invalid:
                left += 1
                total.keep(path, "Another file has this path.")
            except NotFound:
                """An earlier attempt has moved it."""
        if left:
            running.store.write(
                lambda tx, entry=entry, left=left, size=size: store.settle(  # type: ignore[misc]  # as above
                    tx, entry.entry_id, left, entry.file_bytes - size
                )
            )
        else:
            running.store.write(lambda tx, entry=entry: _end(tx, "quarantine.restore", entry))  # type: ignore[misc]  # as above
        total.add(moved, size)
    return total.result()


def purge(running: Running, roots: Roots, params: Purge) -> Moved:
    """Delete permanently."""
    workspace = running.store.read(workspaces.current)
    total = _Sum(running)
    before = running.store.read(lambda tx: tx.now) - params.older_than_days * m.DAY_MS
    found = running.store.read(
        lambda tx: store.entries(tx, ids=params.entries, before_ms=None if params.entries else before)
    )
    for number, entry in enumerate(found, 1):
        if entry.state in (State.MOVING, State.RESTORING):
            total.keep(entry.key, "It is being moved.")
            continue
        running.store.write(lambda tx, entry=entry: _mark(tx, entry))  # type: ignore[misc]  # as above
        running.store.read(backup_lease.check_none)
        area = _area(roots, workspace, entry)
        # An interrupted purge may have deleted some files; the entry has the original number of files.
        files = [] if entry.state is State.PURGING else _inside(area, entry)
        area.blobs.delete(_folder(area, entry))
        running.store.write(lambda tx, entry=entry: _end(tx, "quarantine.purge", entry))  # type: ignore[misc]  # as above
        total.add(len(files) or entry.file_count, sum(size for _, size in files) or entry.file_bytes)
        running.progress(number, len(found), unit="entries")
        running.check()
    return total.result()


def check_free(tx: Tx) -> None:
    """Raise BadState if the workspace is on legal hold, which forbids to move or purge files."""
    holds.check_not_whole(tx)


def _begin(running: Running, grace_hours: int) -> tuple[Workspace, int]:
    workspace = running.store.read(workspaces.current)
    running.store.read(check_free)
    return workspace, running.store.read(lambda tx: tx.now) - grace_hours * m.HOUR_MS


def _claim(area: Area, entry_id: str, orphan: Orphan) -> Callable[[Tx], None]:
    """Mark the files as moving, so that no new version can use them.  Raise BadState if a version uses them already."""

    def work(tx: Tx) -> None:
        check_free(tx)
        removal.note(tx, [area.uri(orphan.key)])
        store.begin(tx, entry_id, orphan)

    return work


def _move(running: Running, roots: Roots, workspace: Workspace, entry: Entry, oldest: int, total: _Sum) -> None:
    """Move a file that is still an orphan: no row refers to it, and it is older than the grace period."""
    area = _area(roots, workspace, entry)
    group = Group(Kind(entry.kind), entry.key, entry.item_id)
    try:
        found = [(key, size) for key, size in _below(area, entry.key) if group.has(key)]
        for first in range(0, len(found), BATCH):
            some = dict(found[first : first + BATCH])
            running.check()
            running.store.read(backup_lease.check_none)
            loose = running.store.read(_without_rows(area, entry, list(some)))
            for key in sorted(loose):
                modified = search.modified_ms(area.blobs, key)
                if modified is not None and modified <= oldest:
                    area.blobs.move(key, f"{_folder(area, entry)}/{key}")
        inside = _inside(area, entry)
    except Fault:
        running.log(f"The move of {entry.key} is not complete; the next job goes on with it.")
        raise
    running.store.write(lambda tx: _settle(tx, area, entry, len(inside), sum(size for _, size in inside)))
    if inside:
        total.add(len(inside), sum(size for _, size in inside))
    else:
        total.keep(entry.key, "A row names its files by now, or they changed, or they are gone.")


def _without_rows(area: Area, entry: Entry, found: list[str]) -> Callable[[Tx], set[str]]:
    def work(tx: Tx) -> set[str]:
        return search.without_rows(tx, area, found, but=area.uri(entry.key))[0]

    return work


def _settle(tx: Tx, area: Area, entry: Entry, files: int, size: int) -> None:
    removal.forget_places(tx, [area.uri(entry.key)])
    store.forget(tx, Orphan(entry.kind, entry.key, entry.root, entry.item_id, 0, 0, 0))
    if files:
        store.settle(tx, entry.entry_id, files, size)
        record(tx, "quarantine.move", entry.kind, entry.item_id, key=entry.key, files=files, file_bytes=size)
    else:
        store.drop(tx, entry.entry_id)


def _mark(tx: Tx, entry: Entry) -> None:
    check_free(tx)
    store.set_state(tx, entry.entry_id, State.PURGING)


def _end(tx: Tx, action: str, entry: Entry) -> None:
    store.drop(tx, entry.entry_id)
    record(tx, action, entry.kind, entry.item_id, key=entry.key, files=entry.file_count, file_bytes=entry.file_bytes)


def _area(roots: Roots, workspace: Workspace, entry: Entry | Orphan) -> Area:
    found = search.area_of(roots, workspace, entry.root, entry.key)
    if found is None:
        raise BadState(f"The workspace has no files at {entry.root or 'the artifact store'}/{entry.key} any more.")
    return found


def _folder(area: Area, entry: Entry) -> str:
    """Return the folder of an entry in the quarantine."""
    if not area.root:
        return f"{m.QUARANTINE}/{entry.entry_id}"
    return keys.join(area.prefix, m.OWN_QUARANTINE, entry.entry_id)


def _inside(area: Area, entry: Entry) -> list[tuple[str, int]]:
    """Return the files of an entry in the quarantine: their original keys and their sizes."""
    return [(each.path, each.size_bytes) for each in area.blobs.walk(_folder(area, entry))]


def _below(area: Area, key: str) -> list[tuple[str, int]]:
    return [(keys.join(key, each.path), each.size_bytes) for each in area.blobs.walk(key)]
