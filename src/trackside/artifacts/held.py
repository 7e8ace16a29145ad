"""Checks whether a legal hold prevents the deletion of a file or a folder of the artifact store."""

from trackside.artifacts import keys
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.holds import store as holds
from trackside.holds.model import Kind
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace

# The locations of objects on hold, and the objects.
_PLACES = """
    SELECT 'run', r.run_id, r.artifact_uri FROM holds h
    JOIN experiments e ON e.workspace_id = h.workspace_id
    JOIN runs r ON r.experiment_seq = e.experiment_seq
    WHERE h.workspace_id = :ws AND e.workspace_id = :ws AND r.workspace_id = :ws
        AND ((h.kind = 'run' AND h.object_id = r.run_id)
            OR (h.kind = 'experiment' AND h.object_id = CAST(e.experiment_id AS TEXT)))
    UNION
    SELECT 'logged_model', m.model_id, m.artifact_uri FROM holds h
    JOIN experiments e ON e.workspace_id = h.workspace_id
    JOIN logged_models m ON m.experiment_seq = e.experiment_seq
    WHERE h.workspace_id = :ws AND e.workspace_id = :ws AND m.workspace_id = :ws
        AND ((h.kind = 'logged_model' AND h.object_id = m.model_id) OR (h.kind = 'run' AND h.object_id = m.source_run_id)
            OR (h.kind = 'experiment' AND h.object_id = CAST(e.experiment_id AS TEXT)))
    UNION
    SELECT 'model_version', v.name || '/' || CAST(v.version AS TEXT), v.files_uri FROM holds h
    JOIN model_versions v ON v.workspace_id = h.workspace_id
    WHERE h.workspace_id = :ws AND v.workspace_id = :ws AND v.files_uri IS NOT NULL
        AND ((h.kind = 'model_version' AND h.object_id = v.name || '/' || CAST(v.version AS TEXT))
            OR (h.kind = 'registered_model' AND h.object_id = v.name))
    """


def check(tx: Tx, key: str, workspace: Workspace) -> None:
    """Raise BadState if a hold covers the key, a folder above it, or a file below it."""
    if not holds.has_any(tx):
        return
    holds.check_not_whole(tx)
    for kind, object_id, uri in tx.all(_PLACES):
        place = _key(uri, workspace)
        if place is not None and (_is_in(key, place) or _is_in(place, key)):
            found = holds.covering(tx, Kind(kind), object_id)
            if found:
                raise found[0].refusal


def check_item(tx: Tx, entity: str, item_id: str, key: str) -> None:
    """Raise BadState if a hold covers a run or a logged model, or (for a model version) the key of its file."""
    if entity in (Kind.RUN, Kind.LOGGED_MODEL):
        found = holds.covering(tx, Kind(entity), item_id)
        if found:
            raise found[0].refusal
    else:
        check(tx, key, workspaces.current(tx))


def _key(uri: str, workspace: Workspace) -> str | None:
    """Return the key of a proxied location; None for other locations, which the proxy does not access."""
    try:
        found = keys.of_proxied(uri)
        return None if found is None else keys.in_workspace(found, workspace)
    except Invalid:
        return None


def _is_in(key: str, place: str) -> bool:
    return key == place or key.startswith(f"{place}/")
