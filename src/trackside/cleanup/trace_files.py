"""Deletes the files of deleted traces: spans and attachments."""

from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Root
from trackside.core.errors import Denied, Invalid, NotFound, Unavailable, Unsupported
from trackside.registry.files.removal import Freed, free
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.trash import Purged
from trackside.workspaces.model import Workspace


def remove(
    body_files: BodyFiles, roots: Roots, workspace: Workspace, location: str, purged: Purged
) -> tuple[Freed, list[str]]:
    """Delete the files of traces.  `location` is the artifact location of the experiment.  Return the freed data except spans,
    which `purged` counts, and the files that could not be deleted, with the reasons; the search for orphans finds these later."""
    kept = body_files.remove(workspace, purged.uris)
    gone = frozenset(purged.gone if location else ())
    files = size_bytes = 0
    folder = f"{location.rstrip('/')}/traces"
    if not gone:
        return Freed(0, 0), kept
    try:
        spot = roots.of(Root(folder, workspace.default_artifact_root), "", workspace)
        # One listing of the traces with attachments costs less than a check of each trace.
        there = [entry.path for entry in spot.blobs.entries(spot.key) if entry.path in gone]
        for trace_id in there:
            freed = free(Spot(spot.blobs, f"{spot.key}/{trace_id}", spot.store_name))
            files, size_bytes = files + freed.files, size_bytes + freed.size_bytes
    except (Denied, Invalid, NotFound, Unavailable, Unsupported) as fault:
        kept.append(f"{folder}: {fault.message}")
    return Freed(files, size_bytes), kept
