"""Hides a workspace immediately, and deletes its rows and files in a job that may be interrupted at any time."""

import time
from collections.abc import Callable

from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts.blobs import Blobs
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Root
from trackside.cleanup.orphans import model as orphans
from trackside.cleanup.orphans import store as quarantine
from trackside.cleanup.workspaces import store
from trackside.cleanup.workspaces.store import Record
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Invalid, NotFound, Unsupported
from trackside.core.work import backup_lease
from trackside.identity.service import record
from trackside.jobs.kinds import Kind
from trackside.jobs.running import Running
from trackside.registry.files import removal
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace
from trackside.workspaces.service import REMEMBER_S

KIND = "workspace-deletion"


class EndWorkspaces(Struct, frozen=True):
    """The parameters of the job."""

    workspace_ids: list[int]
    names: list[str]


class Freed(Struct, frozen=True):
    workspaces: int
    file_count: int
    file_bytes: int
    row_count: int


Sweep = Callable[[Tx], int]  # deletes a batch of rows of the transaction's workspace, and returns their number


def kind(roots: Roots, sweep: Sweep) -> Kind[EndWorkspaces]:
    def run(running: Running, params: EndWorkspaces) -> Freed:
        return _run(running, roots, sweep, params)

    return Kind(
        name=KIND,
        title="Remove rows and files of deleted workspaces",
        params=EndWorkspaces,
        run=run,
        describe=lambda params: f"Delete workspaces {', '.join(params.names)}"[:500],
        is_open=False,
    )


def _run(running: Running, roots: Roots, sweep: Sweep, params: EndWorkspaces) -> Freed:
    total = [0, 0, 0]
    for found in running.store.read(lambda tx: store.unfinished(tx, params.workspace_ids)):
        _wait(running, found)
        _elsewhere(running, roots, found)
        _entries(running, roots, found)
        while True:
            running.check()
            count = running.store.write(lambda tx, found=found: _sweep(tx, sweep, found.workspace_id))  # type: ignore[misc]  # mypy knows no defaults of lambdas
            if not count:
                break
            total[2] += count
            running.progress(total[2], unit="rows")
        if found.folder:
            _free_below(running, roots.store, keys.join(keys.WORKSPACES, found.folder), found)
        running.store.write(lambda tx, found=found: _finish(tx, found))  # type: ignore[misc]  # as above
    done = running.store.read(lambda tx: store.of_job(tx, running.job.job_id))
    return Freed(
        workspaces=len(done),
        file_count=sum(each.file_count for each in done),
        file_bytes=sum(each.file_bytes for each in done),
        row_count=sum(each.row_count for each in done),
    )


def _wait(running: Running, found: Record) -> None:
    """Wait until no server has the workspace in its cache (REMEMBER_S) and may still add rows."""
    while running.store.read(lambda tx: tx.now) < found.requested_at + 2000 * REMEMBER_S:
        running.check()
        time.sleep(0.1)


def _elsewhere(running: Running, roots: Roots, found: Record) -> None:
    """Delete files outside of the artifact store by run: their parent folders may contain other files."""
    workspace: Workspace = running.store.read(lambda tx: workspaces.current(tx.within(found.workspace_id)))
    for read in (store.runs_elsewhere, store.models_elsewhere, store.spans_elsewhere):
        after = -1
        while places := running.store.read(_batch(read, found.workspace_id, after)):
            for after, uri in places:  # noqa: B007  # the last one begins the next batch
                running.check()
                running.store.read(backup_lease.check_none)
                try:
                    spot = roots.of(Root(uri, workspace.default_artifact_root), "", workspace)
                except (Denied, Invalid, NotFound, Unsupported) as fault:
                    running.log(f"{uri} stays. {fault.message}")
                    continue
                _free(running, spot, found)


def _batch(
    read: Callable[[Tx, int], list[tuple[int, str]]], workspace_id: int, after: int
) -> Callable[[Tx], list[tuple[int, str]]]:
    return lambda tx: read(tx.within(workspace_id), after)


def _entries(running: Running, roots: Roots, found: Record) -> None:
    """Delete the workspace's entries in the quarantine."""
    entries = running.store.read(lambda tx: quarantine.entries(tx.within(found.workspace_id)))
    for entry in entries:
        if entry.root:
            running.log(f"{entry.key} stays in the quarantine of {entry.root}.")
            continue
        _free(running, Spot(roots.store, f"{orphans.QUARANTINE}/{entry.entry_id}"), found)
        running.store.write(lambda tx, entry=entry: quarantine.drop(tx.within(found.workspace_id), entry.entry_id))  # type: ignore[misc]  # as above


def _free_below(running: Running, blobs: Blobs, folder: str, found: Record) -> None:
    for entry in blobs.entries(folder):
        running.check()
        running.store.read(backup_lease.check_none)
        _free(running, Spot(blobs, f"{folder}/{entry.path}"), found)


def _free(running: Running, spot: Spot, found: Record) -> None:
    freed = removal.free(spot)
    if freed.files:
        running.store.write(
            lambda tx: store.add(tx, found.workspace_id, files=freed.files, file_bytes=freed.size_bytes)
        )


def _sweep(tx: Tx, sweep: Sweep, workspace_id: int) -> int:
    count = sweep(tx.within(workspace_id))
    store.add(tx, workspace_id, rows=count)
    return count


def _finish(tx: Tx, found: Record) -> None:
    workspaces.remove_ended(tx, found.workspace_id)
    store.finish(tx, found.workspace_id)
    (done,) = [each for each in store.of_job(tx, found.job_id) if each.workspace_id == found.workspace_id]
    record(tx, "workspace.removed", "workspace", found.name, files=done.file_count, file_bytes=done.file_bytes,
           rows=done.row_count)  # fmt: skip
