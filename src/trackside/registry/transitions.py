"""Moves of versions between stages.  `approvals` decides who approves."""

from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Invalid
from trackside.registry import history, stages, versions
from trackside.registry.history import Kind, Reason
from trackside.registry.model import ARCHIVED, ModelVersion
from trackside.registry.versions import Key
from trackside.workspaces import store as workspaces


def move(
    tx: Tx, name: str, version: str, stage: str, *, archive_existing: bool, reason: Reason | None = None
) -> ModelVersion:
    """Move a version to a stage.  A stage that needs approval accepts a version, and archives others, only for an approved
    request."""
    workspaces.hold(tx)  # lock the stages
    known = stages.of(tx)
    wanted = stages.find(known, stage)
    if archive_existing and not wanted.is_active:
        active = [one.name for one in known if one.is_active]
        raise Invalid(
            "Model version transition cannot archive existing model versions "
            f"because '{stage}' is not an Active stage. Valid stages are {active}"
        )
    key = versions.locked(tx, name, version)
    is_unasked = wanted.needs_approval and reason is None
    if is_unasked and key.stage != wanted.name:
        raise BadState(
            f"The stage {wanted.name} needs approval in this workspace. Ask for it with POST "
            f'/api/trackside/v1/model-versions/{name}/{key.version}/stage-requests {{"stage": "{wanted.name}"}}; '
            "the version moves after an approval."
        ).because("stage-needs-approval", stage=wanted.name)
    if archive_existing and _archive_others(tx, name, key, wanted.name, reason) and is_unasked:
        raise BadState(
            f"The stage {wanted.name} needs approval in this workspace, so a transition of version {key.version}, "
            f"which has this stage, cannot archive the other versions. Move each of them to Archived."
        ).because("stage-keeps-others", stage=wanted.name)
    tx.run(
        """
        UPDATE model_versions SET current_stage = :stage, last_updated_time = :now
        WHERE workspace_id = :ws AND version_seq = :version
        """,
        version=key.version_seq,
        stage=wanted.name,
    )
    versions.touch(tx, key.model_seq)
    moved(tx, name, key, wanted.name, reason)
    return versions.load(tx, [key.version_seq], with_aliases=True)[0]


def _archive_others(tx: Tx, name: str, key: Key, stage: str, reason: Reason | None) -> int:
    """Archive the other versions of the stage and return their number."""
    rows = tx.all(
        """
        UPDATE model_versions SET current_stage = :archived, last_updated_time = :now
        WHERE workspace_id = :ws AND model_seq = :model AND current_stage = :stage AND version <> :version
        RETURNING version_seq, model_seq, version, is_prompt, uid
        """,
        model=key.model_seq,
        version=key.version,
        stage=stage,
        archived=ARCHIVED,
    )
    for version_seq, model_seq, version, is_prompt, uid in sorted(rows, key=lambda row: int(row[2])):
        other = Key(version_seq, model_seq, version, stage, bool(is_prompt), uid, key.model_uid)
        moved(tx, name, other, ARCHIVED, reason)
    return len(rows)


def moved(tx: Tx, name: str, key: Key, stage: str, reason: Reason | None) -> None:
    if key.stage != stage:
        history.add(
            tx, key.model_seq, name, Kind.STAGE, before=key.stage, after=stage, version=key.version, reason=reason
        )
    versions.record(tx, name, key, "set-stage", before=key.stage, after=stage, is_prompt=key.is_prompt)
