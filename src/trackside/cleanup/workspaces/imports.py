"""Deletes the data of archive imports that were killed and not repeated within a day.

The hidden workspace is deleted like any other: a job in the default workspace deletes its rows and files.
"""

from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Protocol

from msgspec.structs import replace

from trackside.cleanup.workspaces import store
from trackside.cleanup.workspaces.work import EndWorkspaces
from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.identity.service import record
from trackside.jobs import queue
from trackside.jobs.kinds import Kind
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace

EVERY_S = 600.0
KEEP_MS = 24 * 3600 * 1000


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


def step(db: Database, kind: Kind[Any]) -> bool:
    """Remove abandoned imports.  Return False: the next step runs at the next interval."""
    with db.read(workspaces.DEFAULT_WORKSPACE_ID) as tx:
        found = workspaces.abandoned_imports(tx, tx.now - KEEP_MS)
    for workspace in found:
        db.writer.submit(workspaces.DEFAULT_WORKSPACE_ID, partial(_end, kind=kind, workspace=workspace)).result()
    return False


def _end(tx: Tx, kind: Kind[Any], workspace: Workspace) -> None:
    if not workspaces.end_import(tx, workspace, tx.now - KEEP_MS):  # another server deletes it, or the import continues
        return
    named = replace(workspace, name=f"{workspace.folder} (an import that did not end)")
    job = queue.submit(tx, kind, EndWorkspaces([named.workspace_id], [named.name]))
    store.begin(tx, named, job.job_id)
    record(tx, "workspace.delete", "workspace", named.name)
