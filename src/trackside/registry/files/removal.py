"""Removes the files of deleted versions that nothing else uses.  Other users of the files are found by the locations of their
files.

Most versions have no separate files: MLflow registers the files of a run or a logged model.  By default such files are removed
only after the run or logged model was deleted, and if no other version uses them.  Files that an import or a link copied are in
the version's own folder, and are removed with the last version that uses them.  Other files are kept, because their owner is
unknown.

One transaction deletes the rows and records the files to remove.  Then the files are removed, and then the record.  After a crash
the record remains, and the next deletion in the workspace completes the removal.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

from msgspec import UNSET, Struct, UnsetType, field

from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Root
from trackside.core.db.tx import Row, Tx
from trackside.core.errors import BadState, Fault, Unavailable
from trackside.core.http.codec import Answer
from trackside.registry import models, versions
from trackside.registry.files import sources
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace


class Kept(Answer, frozen=True):
    """Files that are kept, and the reason."""

    reason: str
    version: str | UnsetType = UNSET
    uri: str | UnsetType = UNSET


class Deletion(Answer, frozen=True):
    """The freed files of a deletion.  Files in `pending` were not accessible; the next deletion tries again."""

    deleted_versions: list[str]
    deleted_files: int
    freed_bytes: int
    kept: list[Kept] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)


class FilesToDelete(Struct, frozen=True):
    """A location whose files are to be removed."""

    deletion_seq: int
    files_uri: str


class Plan(Struct, frozen=True):
    deleted_versions: list[str]
    kept: list[Kept]
    to_delete: list[FilesToDelete]
    workspace_root: str | None


Work = Callable[[Tx], Plan]


class Freed(Struct, frozen=True):
    files: int
    size_bytes: int


def delete_model(tx: Tx, name: str, *, with_files: bool, shared_too: bool) -> Plan:
    """Delete the rows of a model and its versions.  `shared_too`: also remove files that a run, a logged model or another version
    has."""
    if with_files:
        workspaces.hold_alone(tx)
    key = models.lock(tx, name)
    rows = tx.all(
        """
        SELECT version, files_uri, is_prompt, has_own_folder FROM model_versions
        WHERE workspace_id = :ws AND model_seq = :model ORDER BY version
        """,
        model=key.model_seq,
    )
    models.delete(tx, name)
    return _plan(tx, rows, with_files=with_files, shared_too=shared_too)


def delete_version(tx: Tx, name: str, version: str, *, with_files: bool, shared_too: bool) -> Plan:
    if with_files:
        workspaces.hold_alone(tx)
    key = versions.locked(tx, name, version)
    rows = tx.all(
        """
        SELECT version, files_uri, is_prompt, has_own_folder FROM model_versions
        WHERE workspace_id = :ws AND version_seq = :version
        """,
        version=key.version_seq,
    )
    versions.delete(tx, name, version)
    return _plan(tx, rows, with_files=with_files, shared_too=shared_too)


def planned(tx: Tx, model_seq: int, version: int | None) -> tuple[list[Kept], list[str]]:
    """Return the files of a version, or of all versions of a model, that would be kept, with the reasons, and those that would be
    removed."""
    rows = tx.all(
        """
        SELECT version, files_uri, is_prompt, has_own_folder FROM model_versions
        WHERE workspace_id = :ws AND model_seq = :model AND (:version = 0 OR version = :version) ORDER BY version
        """,
        model=model_seq,
        version=version or 0,
    )
    own = [f"{name}/{number}" for name, number in tx.all(
        """
        SELECT name, version FROM model_versions
        WHERE workspace_id = :ws AND model_seq = :model AND (:version = 0 OR version = :version)
        """,
        model=model_seq,
        version=version or 0,
    )]  # fmt: skip
    kept, wanted = _sorted_out(tx, rows, shared_too=False, going=own)
    return kept, wanted


def versions_at(tx: Tx, files_uri: str) -> list[str]:
    """Return the versions with files at a location, inside it or in a folder that contains it, as name/version."""
    return [str(found) for found in _overlapping(tx, "model_versions", "name || '/' || version", files_uri)]


def versions_at_any(tx: Tx, uris: Sequence[str]) -> list[str]:
    """Return the result of `versions_at` for several locations, by one statement."""
    rows = tx.all(
        """
        SELECT name, version, files_uri FROM model_versions WHERE workspace_id = :ws AND files_uri IS NOT NULL
        ORDER BY name, version
        """
    )
    if not rows:
        return []
    places = sorted(place for place in map(sources.place, uris) if place is not None)
    return [f"{name}/{version}" for name, version, files_uri in rows if _meets(places, files_uri)]


def check_not_being_removed(tx: Tx, files_uri: str | None) -> None:
    """Raise BadState if files at the location are being removed.  The caller has locked the workspace, so that no other server
    can begin a removal."""
    if files_uri is not None and _overlapping(tx, "file_deletions", "deletion_seq", files_uri):
        raise BadState(f"The files at '{files_uri}' are being deleted: a model version cannot be made of them")


def note(tx: Tx, uris: Sequence[str]) -> None:
    """Record that the files of runs or logged models are being removed, which prevents versions from being registered from them.
    Raise BadState if a version uses them already.  The number of statements does not depend on the number of locations."""
    places = sorted({place for place in map(sources.place, uris) if place is not None})
    if not places:
        return
    workspaces.hold_alone(tx)
    found = versions_at(tx, places[0]) if len(places) == 1 else versions_at_any(tx, uris)
    if found:
        raise BadState(f"Model versions are made of its files: {', '.join(found[:10])}. Delete them first.")
    forget_places(tx, uris)
    tx.many(
        "INSERT INTO file_deletions (workspace_id, files_uri, requested_at) VALUES (:ws, :uri, :now)",
        [{"uri": place} for place in places],
    )


def forget_places(tx: Tx, uris: Sequence[str]) -> None:
    """Delete the records that `note` made."""
    tx.run(
        "DELETE FROM file_deletions WHERE workspace_id = :ws AND files_uri IN :uris",
        uris=[sources.place(uri) or "" for uri in uris],
    )


def spot_of(roots: Roots, place: FilesToDelete, workspace_root: str | None, workspace: Workspace) -> Spot:
    """Return the location of files.  Raise a Fault, such as Denied, if the server does not open the location."""
    return roots.of(Root(place.files_uri, workspace_root), "", workspace)


def free(spot: Spot) -> Freed:
    """Remove the files at a location, if there are any."""
    sizes = [entry.size_bytes for entry in spot.blobs.walk(spot.key)] or file_size(spot)
    spot.blobs.delete(spot.key)
    return Freed(len(sizes), sum(sizes))


def free_next(spots: Sequence[Spot]) -> tuple[int, Freed]:
    """Remove the files at the first location that has some.  Return the number of empty locations, and the freed bytes."""
    for count, spot in enumerate(spots, 1):
        freed = free(spot)
        if freed.files:
            return count, freed
    return len(spots), Freed(0, 0)


def forget(tx: Tx, places: Iterable[FilesToDelete]) -> set[int]:
    """Delete records of locations, and return the numbers of the deleted ones, so that files are counted once."""
    gone = tx.all(
        "DELETE FROM file_deletions WHERE workspace_id = :ws AND deletion_seq IN :seqs RETURNING deletion_seq",
        seqs=[place.deletion_seq for place in places],
    )
    return {seq for (seq,) in gone}


def _plan(tx: Tx, rows: Sequence[Row], *, with_files: bool, shared_too: bool) -> Plan:
    """Return the plan for the files of versions whose rows were deleted."""
    kept, places = _sorted_out(tx, rows if with_files else [], shared_too=shared_too)
    for uri in places:
        tx.run("INSERT INTO file_deletions (workspace_id, files_uri, requested_at) VALUES (:ws, :uri, :now)", uri=uri)
    to_delete = tx.all(
        "SELECT deletion_seq, files_uri FROM file_deletions WHERE workspace_id = :ws ORDER BY deletion_seq"
    )
    workspace = tx.one("SELECT default_artifact_root FROM workspaces WHERE workspace_id = :ws")
    return Plan(
        deleted_versions=[str(row[0]) for row in rows],
        kept=kept,
        to_delete=[FilesToDelete(*row) for row in to_delete],
        workspace_root=None if workspace is None else workspace[0],
    )


def _sorted_out(
    tx: Tx, rows: Sequence[Row], *, shared_too: bool, going: Sequence[str] = ()
) -> tuple[list[Kept], list[str]]:
    """Return the files to keep and the locations to remove.  `going`: versions that are about to be deleted."""
    kept: list[Kept] = []
    wanted: list[str] = []
    for version, files_uri, is_prompt, has_own_folder in rows:
        if is_prompt:
            continue
        reason = _reason_to_keep(tx, files_uri, is_own=bool(has_own_folder), shared_too=shared_too, going=going)
        if reason is None:
            wanted.append(files_uri)
        else:
            kept.append(Kept(version=str(version), uri=files_uri or UNSET, reason=reason))
    return kept, [uri for uri in dict.fromkeys(wanted) if not any(_is_inside(uri, other) for other in wanted)]


def _reason_to_keep(
    tx: Tx, files_uri: str | None, *, is_own: bool, shared_too: bool, going: Sequence[str] = ()
) -> str | None:
    if files_uri is None:
        return "The server does not know where they are"
    owners = _owners(tx, files_uri)
    if not owners and not is_own:
        return "They do not lie with a run or logged model of this workspace"
    used = [] if going else _users(tx, files_uri)  # the users of versions that are also deleted are handled separately
    if used:
        return f"In use through another version of the same files: {', '.join(used)}"
    if shared_too:
        return None
    others = [each for each in versions_at(tx, files_uri) if each not in going]
    if others:
        return f"Other versions are made of them: {', '.join(others[:10])}"
    active = [what for what, is_active in owners if is_active]
    return f"They belong to {', '.join(active)}" if active else None


def _owners(tx: Tx, files_uri: str) -> list[tuple[str, bool]]:
    """Return the runs and logged models that own these files, as text, and whether each still exists."""
    segments = files_uri.split("/")
    runs = tx.all(
        "SELECT run_id, artifact_uri, lifecycle_stage FROM runs WHERE workspace_id = :ws AND run_id IN :ids",
        ids=segments,
    )
    logged = tx.all(
        """
        SELECT model_id, artifact_uri, lifecycle_stage FROM logged_models WHERE workspace_id = :ws AND model_id IN :ids
        """,
        ids=segments,
    )
    found = []
    for what, rows in (("run", runs), ("logged model", logged)):
        for owner, root, stage in rows:
            place = sources.place(root)
            if place is not None and (files_uri == place or _is_inside(files_uri, place)):
                found.append((f"{what} {owner}", stage == "active"))
    return found


def _users(tx: Tx, files_uri: str) -> list[str]:
    """Return the users of versions with these files, such as endpoints."""
    found = []
    for seq in _overlapping(tx, "model_versions", "version_seq", files_uri):
        for name, version, kind, user in tx.all(
            """
            SELECT v.name, v.version, u.kind, u.user_name FROM model_versions v
            JOIN model_uses u ON u.model_seq = v.model_seq AND u.version = v.version
            WHERE v.workspace_id = :ws AND v.version_seq = :version ORDER BY u.kind, u.user_name
            """,
            version=seq,
        ):
            found.append(f"{name}/{version} by {kind} '{user}'")
    return found


def _overlapping(tx: Tx, table: str, column: str, files_uri: str) -> list[object]:
    """Return the objects with files at this location, inside it, or in a folder that contains it."""
    rows = tx.all(
        f"""
        SELECT {column} FROM {table} WHERE workspace_id = :ws AND files_uri IN :above
        UNION ALL
        SELECT {column} FROM {table} WHERE workspace_id = :ws AND files_uri >= :low AND files_uri < :high
        """,
        above=[files_uri, *sources.above(files_uri)],
        low=f"{files_uri}/",
        high=f"{files_uri}0",  # the character after the slash
    )
    return [value for (value,) in rows]


def _is_inside(files_uri: str, other: str) -> bool:
    return files_uri.startswith(f"{other.rstrip('/')}/")


def _meets(places: Sequence[str], files_uri: str) -> bool:
    """Return whether one of the sorted locations equals this one, contains it or is inside it."""
    for each in (files_uri, *sources.above(files_uri)):
        at = bisect_left(places, each)
        if at < len(places) and places[at] == each:
            return True
    at = bisect_left(places, f"{files_uri}/")
    return at < len(places) and _is_inside(places[at], files_uri)


def file_size(spot: Spot) -> list[int]:
    """Return the size of the file at a location: a version may be one file instead of a folder."""
    try:
        return [spot.blobs.stat(spot.key).size_bytes]
    except Unavailable:
        raise
    except Fault:
        return []
