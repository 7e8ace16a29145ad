"""The stages of a workspace, and whether each needs approval.

MLflow's four stages always exist and have MLflow's meaning.  A workspace may add others.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import encode
from trackside.registry import history
from trackside.registry.model import ARCHIVED, LATEST, NO_STAGE
from trackside.workspaces import store as workspaces

MAX_STAGES = 30
_NAME = re.compile(r"\w(?:[\w .-]{0,48}[\w])?")


class Stage(Struct, frozen=True):
    name: str
    needs_approval: bool = False

    @property
    def is_active(self) -> bool:
        """Return whether the stage is active, so that its earlier versions can be archived."""
        return self.name not in (NO_STAGE, ARCHIVED)


MLFLOW = (Stage(NO_STAGE), Stage("Staging"), Stage("Production"), Stage(ARCHIVED))


def of(tx: Tx) -> tuple[Stage, ...]:
    """Return the stages, in their order."""
    rows = tx.all("SELECT name, needs_approval FROM registry_stages WHERE workspace_id = :ws ORDER BY position")
    return tuple(Stage(name, bool(needs)) for name, needs in rows) or MLFLOW


def find(stages: Sequence[Stage], name: str) -> Stage:
    """Return the stage with the name, ignoring case."""
    for stage in stages:
        if stage.name.lower() == name.lower():
            return stage
    raise Invalid(
        f"Invalid Model Version stage: {name[:100]}. Value must be one of {', '.join(stage.name for stage in stages)}."
    )


def spelled(stages: Sequence[Stage], name: str) -> str:
    """Return the name in the workspace's spelling; unchanged if the workspace has no such stage."""
    return next((stage.name for stage in stages if stage.name.lower() == name.lower()), name)


def checked(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Return the checked stages.  Raise Invalid if one of MLflow's four is missing, or if a name could be a version in a URI."""
    if len(stages) > MAX_STAGES:
        raise Invalid(f"There are {len(stages)} stages; at most {MAX_STAGES} are allowed")
    names = [stage.name for stage in stages]
    absent = [stage.name for stage in MLFLOW if stage.name not in names]
    if absent:
        raise Invalid(
            f"The stages {', '.join(absent)} are missing; "
            "MLflow's clients rely on None, Staging, Production and Archived"
        )
    if len({name.lower() for name in names}) != len(names):
        raise Invalid(f"Two of the stages {', '.join(names)} differ in case only, or not at all")
    for stage in stages:
        if not _NAME.fullmatch(stage.name) or stage.name.isdigit() or stage.name.lower() == LATEST:
            raise Invalid(
                f"'{stage.name[:100]}' cannot be a stage: up to 50 letters, digits, spaces and any of _ . - make one, "
                "but not digits alone, nor 'latest'"
            )
        if stage.needs_approval and not stage.is_active:
            raise Invalid(f"The stage {stage.name} cannot need approval: versions come to it by themselves")
    return tuple(stages)


def replace(tx: Tx, stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Replace the stages.  Raise Invalid if a removed stage has a version or a pending request."""
    wanted = checked(stages)
    workspaces.hold_alone(tx)  # no version can be moved, and no move requested, until the commit
    before = of(tx)
    gone = [stage.name for stage in before if stage.name not in {stage.name for stage in wanted}]
    if gone:
        held = tx.one(
            """
            SELECT current_stage, COUNT(*) FROM model_versions WHERE workspace_id = :ws AND current_stage IN :gone
            GROUP BY current_stage ORDER BY current_stage
            """,
            gone=gone,
        )
        if held is not None:
            raise Invalid(f"The stage {held[0]} cannot go: {held[1]} model versions are in it")
        asked = tx.one(
            """
            SELECT stage FROM stage_requests
            WHERE workspace_id = :ws AND status = 'PENDING' AND stage IN :gone ORDER BY stage
            """,
            gone=gone,
        )
        if asked is not None:
            raise Invalid(f"The stage {asked[0]} cannot go: a pending request asks for it")
    tx.run("DELETE FROM registry_stages WHERE workspace_id = :ws")
    tx.many(
        """
        INSERT INTO registry_stages (workspace_id, position, name, needs_approval)
        VALUES (:ws, :position, :name, :needs)
        """,
        [
            {"position": position, "name": stage.name, "needs": int(stage.needs_approval)}
            for position, stage in enumerate(wanted)
        ],
    )
    if wanted != before:
        history.add_stages(tx, _text(before), _text(wanted))
    detail = encode({"before": _text(before), "after": _text(wanted)}).decode()
    tx.record(Change("registry", "stages", "update", detail))
    return wanted


def _text(stages: Sequence[Stage]) -> str:
    """Return the stages as text, for readers of the history: `None, Staging, Production (approval), Archived`."""
    return ", ".join(f"{stage.name} (approval)" if stage.needs_approval else stage.name for stage in stages)
