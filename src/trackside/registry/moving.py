"""Moves the registry of a workspace into the registry of another one."""

from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Invalid
from trackside.registry import stages
from trackside.registry.replica import derived_uid


def prepare(tx: Tx, other: Tx) -> None:
    """Prepare the move of a registry; the caller moves the rows.  `tx` is in the source workspace, `other` in the target.

    Raise AlreadyExists for shared names and Invalid for stages that the target does not have."""
    taken = tx.all(
        """
        SELECT name FROM registered_models WHERE workspace_id = :ws
            AND name IN (SELECT name FROM registered_models WHERE workspace_id = :other) ORDER BY name LIMIT 20
        """,
        other=other.ws,
    )
    if taken:
        names = ", ".join(name for (name,) in taken)
        raise AlreadyExists(f"Both workspaces have registered models of the same names: {names}. Rename them first.")
    known = [stage.name for stage in stages.of(other)]
    held = tx.all("SELECT DISTINCT current_stage FROM model_versions WHERE workspace_id = :ws ORDER BY current_stage")
    foreign = [stage for (stage,) in held if stage not in known]
    if foreign:
        raise Invalid(
            f"Model versions are in the stages {', '.join(foreign)}, which the other workspace does not have. Add them."
        )
    asked = tx.all(
        "SELECT DISTINCT stage FROM stage_requests WHERE workspace_id = :ws AND status = 'PENDING' ORDER BY stage"
    )
    foreign = [stage for (stage,) in asked if stage not in known]
    if foreign:
        raise Invalid(
            f"Pending requests ask for the stages {', '.join(foreign)}, which the other workspace does not have. "
            "Decide on them, or add the stages."
        )
    _rename_shared(tx, other)
    tx.run("DELETE FROM registry_stages WHERE workspace_id = :ws")
    # Stages, and requests about them, are deleted with the workspace: they do not apply to the target workspace.
    tx.run("DELETE FROM model_history WHERE workspace_id = :ws AND model_seq = 0")


def _rename_shared(tx: Tx, other: Tx) -> None:
    """Give new uids to objects that the target also has, as original or as copy, so that both are independent."""
    for table in ("registered_models", "model_versions"):
        rows = tx.all(
            f"""
            SELECT uid FROM {table} WHERE workspace_id = :ws AND uid <> ''
                AND uid IN (SELECT uid FROM {table} WHERE workspace_id = :other)
            """,
            other=other.ws,
        )
        for (uid,) in rows:
            tx.run(
                f"UPDATE {table} SET uid = :new WHERE workspace_id = :ws AND uid = :uid AND uid <> ''",
                uid=uid,
                new=derived_uid(uid, tx.ws),
            )
